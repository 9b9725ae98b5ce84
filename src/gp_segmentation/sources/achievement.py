"""QOF ACHIEVEMENT: from one row per practice, indicator and measure to one row per practice and indicator.

1.55 million rows in 2024-25. Each member is read in record batches and reduced to integer keys before the
next is opened, so the memory needed is that of the result and of one region.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from gp_segmentation.sources.files.archive import TextFile
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import MOST_PATIENTS, QualityLog, some
from gp_segmentation.utils.arrays import Floats, Ints

#: Measures kept, and the column each becomes.
MEASURES = {
    "NUMERATOR": "numerator",
    "DENOMINATOR": "denominator",
    "PCAS": "pcas",
    "ACHIEVED_POINTS": "points",
}
#: Measures known and left out: REGISTER repeats PREVALENCE.
LEFT_OUT = ("REGISTER", "NEWLY_DIAGNOSED")

_WIDTH = len(MEASURES)
_BITS = 16  # a pair is practice number << _BITS | indicator number


@dataclass
class _Numbers:
    """Text -> running number, in order of first appearance."""

    known: dict[str, int] = field(default_factory=dict)

    def of(self, column: pa.DictionaryArray) -> Ints:
        """Return the number of each value of the column; -1 where it is null."""
        texts = column.dictionary.to_pylist()
        own = [self.known.setdefault(str(text).strip(), len(self.known)) for text in texts]
        lookup = np.asarray([*own, -1], dtype=np.int64)
        return lookup[column.indices.fill_null(len(own)).to_numpy(zero_copy_only=False)]

    def ranks(self) -> tuple[list[str], Ints]:
        """Return the texts sorted, and number -> place in that order."""
        texts = list(self.known)
        order = np.argsort(np.asarray(texts, dtype=object), kind="stable")
        place = np.empty(len(texts), dtype=np.int64)
        place[order] = np.arange(len(texts))
        return [texts[i] for i in order], place


@dataclass
class _Codes:
    practices: _Numbers = field(default_factory=_Numbers)
    indicators: _Numbers = field(default_factory=_Numbers)
    measures: Counter[str] = field(default_factory=Counter)
    complete: int = 0  # rows of the member in hand with practice, indicator and measure

    def name(self, pair: int) -> str:
        practice, indicator = list(self.practices.known)[pair >> _BITS], pair & ((1 << _BITS) - 1)
        return f"{practice} {list(self.indicators.known)[indicator]}"


def read_achievement(
    texts: Sequence[TextFile], columns: Mapping[str, str | Sequence[str]], log: QualityLog
) -> pd.DataFrame:
    """Return schema ``achievement`` from the members `texts`, sorted by practice and indicator.

    Parameters
    ----------
    columns : names in the header of practice_code, indicator_code, measure and value.

    A cell is NaN where the publication has no such row or no value in it: absent is not zero. Raises
    InputError when a practice x indicator x measure comes twice or a value is negative.
    """
    codes = _Codes()
    parts = [_member(text, columns, codes, log) for text in texts]
    pairs = np.concatenate([pair for pair, _ in parts])
    values = np.concatenate([cells for _, cells in parts])
    _refuse_overlap(pairs, codes, texts)
    _note_torn([pair for pair, _ in parts], codes, log)
    log.note("ACHIEVEMENT rows read", sum(codes.measures.values()), _listed(codes.measures))
    unknown = {name: n for name, n in codes.measures.items() if name not in (*MEASURES, *LEFT_OUT)}
    log.note("rows of an unknown measure left out", sum(unknown.values()), _listed(unknown))
    return _frame(pairs, values, codes)


def _listed(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{name} {counts[name]:,}" for name in sorted(counts))


def _member(
    text: TextFile, columns: Mapping[str, str | Sequence[str]], codes: _Codes, log: QualityLog
) -> tuple[Ints, Floats]:
    """Read one member: its distinct pairs, and their measures as columns in the order of MEASURES."""
    source = Csv(text, columns, numbers=frozenset({"value"}))
    codes.complete = 0
    kept = [_batch(batch, codes, text) for batch in source.batches()]
    keys = np.concatenate([np.empty(0, np.int64), *(key for key, _ in kept)])
    values = np.concatenate([np.empty(0), *(value for _, value in kept)])
    log.note_all(source.tolerated())
    log.note("ACHIEVEMENT values not given", int(np.isnan(values).sum()), text.base_name)
    log.note(
        "rows without practice, indicator or measure left out", source.rows - codes.complete, text.base_name
    )
    _refuse_impossible(keys, values, codes, text)
    return _pivot(keys, values, codes, text)


def _batch(batch: pa.RecordBatch, codes: _Codes, text: TextFile) -> tuple[Ints, Floats]:
    measure = batch.column("measure")
    texts = [str(name).strip().upper() for name in measure.dictionary.to_pylist()]
    counts = np.bincount(measure.indices.drop_null().to_numpy(), minlength=len(texts))
    codes.measures.update({name: int(n) for name, n in zip(texts, counts, strict=True)})
    order = {name: at for at, name in enumerate(MEASURES)}
    lookup = np.asarray([*(order.get(name, -1) for name in texts), -1], dtype=np.int64)
    which = lookup[measure.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
    practice = codes.practices.of(batch.column("practice_code"))
    indicator = codes.indicators.of(batch.column("indicator_code"))
    if len(codes.indicators.known) >= 1 << _BITS:
        raise text.error(f"has more than {(1 << _BITS) - 1:,} indicators", remedy="Is it the right file?")
    named = (practice >= 0) & (indicator >= 0)
    codes.complete += int((named & batch.column("measure").is_valid().to_numpy(zero_copy_only=False)).sum())
    keep = (which >= 0) & named
    keys = ((practice[keep] << _BITS) | indicator[keep]) * _WIDTH + which[keep]
    return keys, batch.column("value").to_numpy(zero_copy_only=False)[keep]


def _pivot(keys: Ints, values: Floats, codes: _Codes, text: TextFile) -> tuple[Ints, Floats]:
    pairs, at = np.unique(keys // _WIDTH, return_inverse=True)
    places = at * _WIDTH + keys % _WIDTH
    met = np.bincount(places, minlength=len(pairs) * _WIDTH)
    if (met > 1).any():
        first = int(np.argmax(met > 1))
        measure = list(MEASURES)[first % _WIDTH]
        problem = f"{codes.name(int(pairs[first // _WIDTH]))} {measure} comes {int(met[first])} times"
        raise text.error(f"{problem} ({int((met > 1).sum())} such)", remedy="Keep one row of each")
    cells = np.full(len(pairs) * _WIDTH, np.nan)
    cells[places] = values
    return pairs, cells.reshape(-1, _WIDTH)


def _refuse_impossible(keys: Ints, values: Floats, codes: _Codes, text: TextFile) -> None:
    """Refuse what is below zero, and a count of patients that is not whole (points may be)."""
    counts = keys % _WIDTH != list(MEASURES).index("ACHIEVED_POINTS")
    for wrong, problem in (
        (values < 0, "below zero"),
        (
            counts & ~np.isnan(values) & ((values % 1 != 0) | (values > MOST_PATIENTS)),
            "not a count of patients",
        ),
    ):
        if wrong.any():
            first = int(np.argmax(wrong))
            measure = list(MEASURES)[int(keys[first]) % _WIDTH]
            found = f"{codes.name(int(keys[first]) // _WIDTH)} {measure} is {values[first]:g}"
            more = f" ({int(wrong.sum())} such)"
            raise text.error(f"{found}, {problem}{more}", column="VALUE", remedy="Correct the value")


def _refuse_overlap(pairs: Ints, codes: _Codes, texts: Sequence[TextFile]) -> None:
    """A practice belongs to one region: refuse a pair that stands in two members."""
    unique, counts = np.unique(pairs, return_counts=True)
    if (counts > 1).any():
        names = ", ".join(text.base_name for text in texts)
        raise texts[0].error(
            f"{codes.name(int(unique[np.argmax(counts > 1)]))} stands in more than one of: {names}",
            remedy="Keep one ACHIEVEMENT member for each region",
        )


def _note_torn(parts: Sequence[Ints], codes: _Codes, log: QualityLog) -> None:
    """Count the practices whose indicators are spread over members, that is, regions."""
    practices = np.concatenate([np.unique(pairs >> _BITS) for pairs in parts])
    numbers, members = np.unique(practices, return_counts=True)
    names = list(codes.practices.known)
    torn = sorted(names[number] for number in numbers[members > 1])
    log.note("practices that stand in more than one ACHIEVEMENT member", len(torn), some(torn))


def _frame(pairs: Ints, values: Floats, codes: _Codes) -> pd.DataFrame:
    practices, practice_place = codes.practices.ranks()
    indicators, indicator_place = codes.indicators.ranks()
    practice = practice_place[pairs >> _BITS]
    indicator = indicator_place[pairs & ((1 << _BITS) - 1)]
    order = np.lexsort((indicator, practice))
    table = pa.table(
        {
            "practice_code": pa.array(practices, pa.string()).take(pa.array(practice[order])),
            "indicator_code": pa.array(indicators, pa.string()).take(pa.array(indicator[order])),
        }
    )
    return table.to_pandas().assign(
        **{column: values[order, at] for at, column in enumerate(MEASURES.values())}
    )
