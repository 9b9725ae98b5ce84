"""``python -m gp_segmentation STAGE``: run one stage on `params.yaml` and `data/` (DVC's door)."""

from gp_segmentation.cli import stage_main

if __name__ == "__main__":
    raise SystemExit(stage_main())
