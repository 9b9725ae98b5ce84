"""Which practice follows which: an analyst's table of codes, as taken from the organisation list."""

from pathlib import Path

from gp_segmentation.sources.files.archive import find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import QualityLog, read_keyed_rows, refuse_repeats

KEY = ["practice_code", "successor_code"]


def read_successors(path: Path) -> dict[str, str]:
    """Read a CSV with the columns practice_code and successor_code: code -> code that follows it.

    Raises
    ------
    InputError : it is no such table, or a practice comes twice.
    """
    text = find_text(path, r".*\.csv")
    rows = read_keyed_rows(Csv(text, {name: name.upper() for name in KEY}), KEY, QualityLog(path.name))
    refuse_repeats(rows, KEY[:1], text)
    return dict(zip(*(rows[name].str.upper() for name in KEY), strict=True))
