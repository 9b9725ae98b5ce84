"""QOF ACHIEVEMENT: from one row per practice, indicator and measure to one row per practice and indicator.

The year 2024-25 has 1.55 million rows. Each member is read in record batches and reduced to integer keys
before the next is opened, so memory holds only the result and one region.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from gp_segmentation.sources.files.archive import TextFile
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import MAX_PATIENTS, QualityLog
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

_NAMES = list(MEASURES)
_WIDTH = len(MEASURES)
_BITS = 16  # a pair is practice number << _BITS | indicator number
_INDICATOR = (1 << _BITS) - 1  # the bits of a pair that hold the indicator number


def _recode(column: pa.DictionaryArray, numbers: Sequence[int]) -> Ints:
    """Return ``numbers[i]`` for the i-th text of the column's dictionary; -1 where the column is null."""
    lookup = np.asarray([*numbers, -1], dtype=np.int64)
    return lookup[column.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)]


class _Numbering(dict[str, int]):
    """Text -> running number, in order of first appearance."""

    def of(self, column: pa.DictionaryArray) -> Ints:
        """Return the number of each value of the column; -1 where it is null."""
        texts = [str(text).strip() for text in column.dictionary.to_pylist()]
        return _recode(column, [self.setdefault(text, len(self)) for text in texts])

    def ranks(self) -> tuple[pa.Array, Ints]:
        """Return the texts sorted, and for each number the place of its text in that order."""
        texts, places = np.unique(np.asarray(list(self), dtype=object), return_inverse=True)
        return pa.array(texts, pa.string()), places


@dataclass
class _Codes:
    practices: _Numbering = field(default_factory=_Numbering)
    indicators: _Numbering = field(default_factory=_Numbering)
    measures: Counter[str] = field(default_factory=Counter)
    complete: int = 0  # rows of the current member with practice, indicator and measure

    def name(self, pair: int) -> str:
        return f"{list(self.practices)[pair >> _BITS]} {list(self.indicators)[pair & _INDICATOR]}"


def read_achievement(
    texts: Sequence[TextFile], columns: Mapping[str, str | Sequence[str]], log: QualityLog
) -> pd.DataFrame:
    """Return schema ``achievement`` from the members `texts`, sorted by practice and indicator.

    Parameters
    ----------
    columns : names in the header of practice_code, indicator_code, measure and value.

    A cell is NaN where the publication has no such row or no value in it: absent is not zero. Raises
    InputError when a practice x indicator x measure comes twice, a value is negative, or a count of
    patients is impossible.
    """
    codes = _Codes()
    parts = [_read_member(text, columns, codes, log) for text in texts]
    pairs = np.concatenate([pairs for pairs, _ in parts])
    values = np.concatenate([values for _, values in parts])
    _refuse_overlap(pairs, codes, texts)
    _note_split_practices([pairs for pairs, _ in parts], codes, log)
    log.note("ACHIEVEMENT rows read", codes.measures.total(), _listed(codes.measures))
    unknown = {name: n for name, n in codes.measures.items() if name not in (*MEASURES, *LEFT_OUT)}
    log.note("rows of an unknown measure left out", sum(unknown.values()), _listed(unknown))
    return _frame(pairs, values, codes)


def _listed(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{name} {counts[name]:,}" for name in sorted(counts))


def _read_member(
    text: TextFile, columns: Mapping[str, str | Sequence[str]], codes: _Codes, log: QualityLog
) -> tuple[Ints, Floats]:
    """Read one member: its distinct pairs, and their measures as columns in the order of MEASURES."""
    source = Csv(text, columns, numbers=frozenset({"value"}))
    codes.complete = 0
    batches = [_read_batch(batch, codes, text) for batch in source.batches()]
    keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in batches)])
    values = np.concatenate([np.empty(0), *(values for _, values in batches)])
    incomplete = source.rows - codes.complete
    log.note_all(source.tolerated())
    log.note("ACHIEVEMENT values not given", int(np.isnan(values).sum()), text.base_name)
    log.note("rows without practice, indicator or measure left out", incomplete, text.base_name)
    _refuse_impossible(keys, values, codes, text)
    return _pivot(keys, values, codes, text)


def _read_batch(batch: pa.RecordBatch, codes: _Codes, text: TextFile) -> tuple[Ints, Floats]:
    """Return the values of the measures kept, and for each its key: pair * _WIDTH + place in MEASURES."""
    measure = batch.column("measure")
    names = [str(name).strip().upper() for name in measure.dictionary.to_pylist()]
    counts = np.bincount(measure.indices.drop_null().to_numpy(), minlength=len(names))
    codes.measures.update({name: int(n) for name, n in zip(names, counts, strict=True)})
    place = _recode(measure, [_NAMES.index(name) if name in MEASURES else -1 for name in names])
    practice = codes.practices.of(batch.column("practice_code"))
    indicator = codes.indicators.of(batch.column("indicator_code"))
    if len(codes.indicators) > _INDICATOR:
        raise text.error(f"has more than {_INDICATOR:,} indicators", remedy="Is it the right file?")
    named = (practice >= 0) & (indicator >= 0)
    codes.complete += int((named & measure.is_valid().to_numpy(zero_copy_only=False)).sum())
    keep = (place >= 0) & named
    keys = ((practice[keep] << _BITS) | indicator[keep]) * _WIDTH + place[keep]
    return keys, batch.column("value").to_numpy(zero_copy_only=False)[keep]


def _pivot(keys: Ints, values: Floats, codes: _Codes, text: TextFile) -> tuple[Ints, Floats]:
    pairs, rows = np.unique(keys // _WIDTH, return_inverse=True)
    cells = rows * _WIDTH + keys % _WIDTH
    counts = np.bincount(cells, minlength=len(pairs) * _WIDTH)
    if (counts > 1).any():
        first = int(np.argmax(counts > 1))
        name = f"{codes.name(int(pairs[first // _WIDTH]))} {_NAMES[first % _WIDTH]}"
        repeated = f"repeated cells in total: {int((counts > 1).sum())}"
        problem = f"{name} comes {int(counts[first])} times ({repeated})"
        raise text.error(problem, remedy="Keep one row of each")
    table = np.full(len(pairs) * _WIDTH, np.nan)
    table[cells] = values
    return pairs, table.reshape(-1, _WIDTH)


def _refuse_impossible(keys: Ints, values: Floats, codes: _Codes, text: TextFile) -> None:
    """Raise InputError for a value below zero, and for a count of patients that is not whole or too large."""
    counted = (keys % _WIDTH != _NAMES.index("ACHIEVED_POINTS")) & ~np.isnan(values)
    no_count = counted & ((values % 1 != 0) | (values > MAX_PATIENTS))
    for wrong, problem in ((values < 0, "below zero"), (no_count, "not a count of patients")):
        if wrong.any():
            first = int(np.argmax(wrong))
            pair, place = divmod(int(keys[first]), _WIDTH)
            found = f"{codes.name(pair)} {_NAMES[place]} is {values[first]:g}, {problem}"
            number = f"such values in total: {int(wrong.sum())}"
            raise text.error(f"{found} ({number})", column="VALUE", remedy="Correct the value")


def _refuse_overlap(pairs: Ints, codes: _Codes, texts: Sequence[TextFile]) -> None:
    """Raise InputError for a pair in two members: a practice belongs to one region."""
    unique, counts = np.unique(pairs, return_counts=True)
    if (counts > 1).any():
        members = ", ".join(text.base_name for text in texts)
        first = codes.name(int(unique[np.argmax(counts > 1)]))
        problem = f"{first} is in more than one of: {members}"
        raise texts[0].error(problem, remedy="Keep one ACHIEVEMENT member for each region")


def _note_split_practices(parts: Sequence[Ints], codes: _Codes, log: QualityLog) -> None:
    """Count the practices with indicators in more than one member, that is, region."""
    practices = np.concatenate([np.unique(pairs >> _BITS) for pairs in parts])
    numbers, members = np.unique(practices, return_counts=True)
    names = list(codes.practices)
    split = sorted(names[number] for number in numbers[members > 1])
    log.note_codes("practices in more than one ACHIEVEMENT member", split)


def _frame(pairs: Ints, values: Floats, codes: _Codes) -> pd.DataFrame:
    practices, practice_place = codes.practices.ranks()
    indicators, indicator_place = codes.indicators.ranks()
    practice, indicator = practice_place[pairs >> _BITS], indicator_place[pairs & _INDICATOR]
    order = np.lexsort((indicator, practice))
    table = pa.table(
        {
            "practice_code": practices.take(pa.array(practice[order])),
            "indicator_code": indicators.take(pa.array(indicator[order])),
        }
    )
    columns = {column: values[order, place] for place, column in enumerate(MEASURES.values())}
    return table.to_pandas().assign(**columns)
