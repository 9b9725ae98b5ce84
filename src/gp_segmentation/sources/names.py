"""The door for names and codes from raw files: what is past it can be shown as it stands.

Whatever a publisher, or somebody in between, wrote into a name is text and nothing else. Here each text is
made visible once (`utils.wording.visible_name`), so no table, page or message has to think of it again.
"""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.sources.raw_folder import PresentFiles
from gp_segmentation.utils.wording import shorten, visible_name

#: Table -> column of names -> column of the code that stands in for a blank one.
CODE_OF: Mapping[str, Mapping[str, str]] = {
    "practices": {
        f"{place}_name": f"{place}_code" for place in ("practice", "pcn", "sub_icb", "icb", "region")
    },
    "indicators": {"description": "indicator_code", "group_name": "group_code", "domain_name": "domain_code"},
    "context_dictionary": {"label": "measure"},
}
#: Letters of a text that data quality shows.
SHOWN = 60


def visible_tables(tables: Mapping[str, pd.DataFrame], raw: PresentFiles) -> dict[str, pd.DataFrame]:
    """Return prepared tables (schema -> table) in which every text is visible and a blank name is its code.

    Both are counted in the quality of `raw`, under the file of the QOF or the tables of context measures.
    """
    return {name: _visible_table(name, table, raw) for name, table in tables.items()}


def _visible_table(name: str, table: pd.DataFrame, raw: PresentFiles) -> pd.DataFrame:
    file = "context measures" if name.startswith("context") else "qof"
    texts = {c: table[c] for c in table.columns if pd.api.types.is_string_dtype(table[c])}
    for column, values in texts.items():
        changes = {text: shown for text in values.dropna().unique() if (shown := visible_name(text)) != text}
        if not changes:
            continue
        texts[column] = values.map(lambda text, new=changes: new.get(text, text), na_action="ignore")
        hidden = [shown for text, shown in changes.items() if shown != " ".join(text.split())]
        check = f"{column} with characters that cannot be seen, shown as their numbers"
        raw.note(file, check, [shorten(shown, SHOWN) for shown in hidden])
    for column, code in CODE_OF.get(name, {}).items():
        blank = (texts[column].isna() | (texts[column] == "")) & texts[code].notna()
        raw.note(file, f"{column} blank, the code stands in", texts[code][blank].drop_duplicates())
        texts[column] = texts[column].mask(blank, texts[code])
    return table.assign(**{column: values.astype("str") for column, values in texts.items()})
