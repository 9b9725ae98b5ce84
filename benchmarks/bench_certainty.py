"""What the certainty of a practice's segment is worth: tables of calibration on the synthetic England.

python benchmarks/bench_certainty.py [--practices 6200] [--worlds 12] [--draws 100]

Counts are drawn from the synthetic England's rates, and practices are segmented and their certainty computed
as in a run. The first table takes the borders as they are. In the second, each world is a random half of the
practices, and the truth is the segment in all of England without chance. Of the practices in a band, the
share that is right should be their mean certainty.
"""

from __future__ import annotations

import argparse
import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

FIXTURE = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "noisy_england.py"
SEED = 20250401


def show(title: str, found: pd.DataFrame, noisy: SimpleNamespace) -> None:
    certain = found[found["certainty"] >= 0.9]
    print(f"\n{title}\n{noisy.by_band(found).round(3).to_string()}")
    print(f"called certain: {len(certain):,}, of which right {certain['right'].mean():.1%}")
    print(f"all: mean certainty {found['certainty'].mean():.1%}, right {found['right'].mean():.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--practices", type=int, default=6200)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--draws", type=int, default=100)
    asked = parser.parse_args()
    noisy = SimpleNamespace(**runpy.run_path(str(FIXTURE)))
    england = noisy.clean_england(asked.practices, SEED)
    by_counts = noisy.calibration_of_counts(england, seed=0, draws=asked.draws)
    show("Counts alone", by_counts, noisy)
    fifth = pd.qcut(by_counts["patients"], 5)
    print(by_counts.groupby(fifth, observed=True)[["certainty", "right"]].mean().round(3).to_string())
    truth = noisy.segmented(england).labels
    found = noisy.calibration(england, truth, range(asked.worlds), asked.draws)
    show("Counts and practices", found, noisy)


if __name__ == "__main__":
    main()
