"""How fitted practices move between segments when their number changes, with the chosen clusterer. A column
is a number of segments, a block is a segment with its practices, and a band is the practices that two
segments share. In the chosen column the blocks carry the codes of the segments. The other columns have
segments of their own: a block has the colour of the chosen segment that most of its practices are in, and
says what share of them that is.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from gp_segmentation.figures._flow_columns import Column, draw_columns
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import Key, compared_keys
from gp_segmentation.figures._trials import family_name, trial_families
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent

ORDER, LABEL = 75, "Moves of practices when the number of segments changes"
#: Numbers of segments shown on either side of the choice.
AROUND = 2


@dataclass(frozen=True)
class Flows:
    """Practices by segment at several numbers of segments.

    Attributes
    ----------
    ks : numbers of segments shown; chosen : the choice.
    blocks : per number, the practices of its segments in drawing order.
    home : per number, the place in `keys` of the chosen segment most practices of each block are in.
    share : per number, the share of each block's practices that are in its home.
    flows : per pair of neighbouring numbers, practices shared (blocks of one x blocks of the next).
    kept : per number, the share of practices whose block is mostly of their own chosen segment.
    """

    keys: list[Key]
    ks: list[int]
    chosen: int
    blocks: list[np.ndarray]
    home: list[np.ndarray]
    share: list[np.ndarray]
    flows: list[np.ndarray]
    kept: list[float]


def data(results: Results) -> Flows:
    keys = compared_keys(results.segments)
    chosen, trials, labels = len(keys), results.trials, results.labels
    same_family = np.array(trial_families(trials)) == family_name(results.choice)
    near = trials["n_clusters"].sub(chosen).abs() <= AROUND
    shown = trials[same_family & near & trials["trial"].astype(str).isin(labels.columns)]
    shown = shown.sort_values("n_clusters", kind="stable").drop_duplicates("n_clusters")
    ks = [int(k) for k in shown["n_clusters"]]
    if len(ks) < 2 or chosen not in ks:
        raise NotShown("Only one number of segments was tried, so no practice could move.")
    segment = results.segments.set_index("practice_code")["segment"]
    place = {key.number: i for i, key in enumerate(keys)}
    own = segment.reindex(labels.index).map(place).to_numpy("int64")
    columns = [_in_order(labels[str(t)].to_numpy(), own) for t in shown["trial"]]
    columns[ks.index(chosen)] = own
    tables = [_crossed(column, own) for column in columns]
    return Flows(
        keys=keys,
        ks=ks,
        chosen=chosen,
        blocks=[table.sum(axis=1) for table in tables],
        home=[table.argmax(axis=1) for table in tables],
        share=[table.max(axis=1) / table.sum(axis=1) for table in tables],
        flows=[_crossed(a, b) for a, b in pairwise(columns)],
        kept=[float(table.max(axis=1).sum() / len(own)) for table in tables],
    )


def _in_order(labels: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Renumber `labels` 0, 1, ... by the mean place of the chosen segment of their practices."""
    codes = np.unique(labels, return_inverse=True)[1]
    mean = np.bincount(codes, weights=own) / np.bincount(codes)
    return np.argsort(np.argsort(mean, kind="stable"), kind="stable")[codes]


def _crossed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    table = np.zeros((first.max() + 1, second.max() + 1), dtype="int64")
    np.add.at(table, (first, second), 1)
    return table


def size(data: Flows) -> tuple[float, float]:
    return 11.0, 5.2 + 0.22 * ((len(data.keys) + 1) // 2)


def draw(data: Flows, figure: FigureBase) -> None:
    names = [f"{k} segments\n(chosen)" if k == data.chosen else f"{k} segments" for k in data.ks]
    columns = [
        Column(name, data.blocks[at], data.home[at], _labels(data, at)) for at, name in enumerate(names)
    ]
    draw_columns(figure.add_subplot(), data.keys, columns, data.flows)
    handles = [Rectangle((0, 0), 1, 1, facecolor=k.colour, label=k.legend_label()) for k in data.keys]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _labels(data: Flows, column: int) -> list[str] | None:
    """The codes in the chosen column; in the others the share of each block in its home."""
    if data.ks[column] == data.chosen:
        return None
    homes = zip(data.home[column], data.share[column], strict=True)
    return [f"{whole_percent(share)} in {data.keys[home].code}" for home, share in homes]


def title(data: Flows) -> str:
    parts = [
        f"{whole_percent(kept)} with {k}"
        for k, kept in zip(data.ks, data.kept, strict=True)
        if k != data.chosen
    ]
    return f"Share of practices that stay with most of their segment: {', '.join(parts)} segments"


def alt(data: Flows) -> str:
    parts = []
    for k, *rows in zip(data.ks, data.blocks, data.home, data.share, strict=True):
        chosen = k == data.chosen
        sizes = [
            f"{n:,} ({'' if chosen else f'{whole_percent(share)} in '}segment {data.keys[home].code})"
            for n, home, share in zip(*rows, strict=True)
        ]
        parts.append(f"{'chosen, ' * chosen}{k} segments: {', '.join(sizes)}")
    return f"Flow chart of fitted practices. {'; '.join(parts)}."


def table(data: Flows) -> pd.DataFrame:
    rows = []
    for at, (k, flows) in enumerate(zip(data.ks, [*data.flows, None], strict=True)):
        for block, (n, home, share) in enumerate(
            zip(data.blocks[at], data.home[at], data.share[at], strict=True), start=1
        ):
            own = [k, block, n, data.keys[home].code, 100 * share]
            going = [] if flows is None else list(enumerate(flows[block - 1], start=1))
            rows += [[*own, into, shared] for into, shared in going if shared] or [[*own, None, None]]
    own = ["Number of segments", "Block from top", "Practices", "Segment of most", "Share in it (%)"]
    into = ["Block at the next number", "Practices that go there"]
    return pd.DataFrame(rows, columns=[*own, *into]).astype(dict.fromkeys(into, "Int64"))
