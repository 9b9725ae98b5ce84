"""Modules that moved: what recorded runs call them, and what they are called now."""

from __future__ import annotations

#: Module or package in models and configurations of runs recorded before it moved -> where it is now.
MOVED = {
    "gp_segmentation.imputers": "gp_segmentation.matrix.transformers",
    "gp_segmentation.model": "gp_segmentation.segments.model",
    "gp_segmentation.preprocessing": "gp_segmentation.matrix.transformers",
}


def present_name(name: str) -> str:
    """Return a dotted name, its module called what it is called now.

    >>> present_name("gp_segmentation.imputers.nearest")
    'gp_segmentation.matrix.transformers.nearest'
    """
    for old, new in MOVED.items():
        if name == old or name.startswith(f"{old}."):
            return new + name[len(old) :]
    return name
