"""Which practices somebody means by a code, a name or a part of it, or a postcode."""

import unicodedata

import pandas as pd

from gp_segmentation.utils.wording import visible_name

#: Practices listed where several are found.
LISTED = 20


def found_practices(asked: str, segments: pd.DataFrame, postcodes: pd.Series | None = None) -> list[str]:
    """Return the codes of the practices that `asked` may mean, by code; those of the postcode area first.

    A code means its practice only. Otherwise every word of `asked` begins a word of the practice's code or
    name, or its postcode, which may be typed without its blank: "B12" is not in "CB1 2AB". Capitals, accents
    and punctuation make no difference.

    Parameters
    ----------
    segments : with practice_code and practice_name. postcodes : practice_code -> postcode, where known.
    """
    codes = segments["practice_code"].astype(str)
    if len(own := codes[codes.str.upper() == asked.strip().upper()]):
        return list(own)
    words = _plain(asked).split()
    joined = "".join(words)
    known = postcodes if postcodes is not None else pd.Series(dtype="str")
    found = []
    texts = zip(codes, segments["practice_name"], known.reindex(codes).fillna(""), strict=True)
    for code, name, text in texts:
        postcode = _plain(text)
        key = f" {_plain(f'{code} {name}')} {postcode.replace(' ', '')}"
        if words and (all(f" {word}" in key for word in words) or f" {joined}" in key):
            found.append((joined != postcode.split(" ")[0], code))  # B12 is B12 rather than B1 2
    return [code for _, code in sorted(found)]


def found_text(asked: str, codes: list[str], segments: pd.DataFrame) -> str:
    """Return several practices as a list, at most `LISTED` of them, that asks for a code."""
    by_code = segments.set_index("practice_code")
    shown = by_code.loc[codes[:LISTED], ["practice_name", "icb_name"]].map(visible_name)
    width = shown["practice_name"].str.len().max()
    first = f"; the first {LISTED}" if len(codes) > LISTED else ""
    return "\n".join(
        [
            f"{asked} finds {len(codes):,} practices{first}:",
            *(f"{code}  {name:{width}}  {board}" for code, name, board in shown.itertuples()),
            f"Ask for one by its code: gpseg peers {codes[0]}\n",
        ]
    )


def _plain(text: str) -> str:
    """A text in small letters without accents, its words with one blank between them."""
    letters = unicodedata.normalize("NFKD", str(text)).casefold()
    kept = (sign if sign.isalnum() else " " for sign in letters if not unicodedata.combining(sign))
    return " ".join("".join(kept).split())
