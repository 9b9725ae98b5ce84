"""The page's longest lists as short texts, which its script unpacks: they are half of the page otherwise."""

from collections.abc import Iterable
from typing import Any

#: Digits of a packed number: what JSON and HTML write as one byte. The lower half ends a number.
DIGITS = "".join(chr(code) for code in range(ord("!"), ord("~") + 1) if chr(code) not in "\"'&<>\\")
HALF = len(DIGITS) // 2


def packed(data: dict[str, Any]) -> dict[str, Any]:
    """Return `page_data` with its lists by practice packed, and the digits they are packed with.

    Notes
    -----
    ``pcn``, groups, the shares of ``peers``, ``gains`` and ``outside`` are raised by one: -1 stands for none.
    Values of features become positions in ``known``, their distinct values. ``widths``: how many numbers make
    up one of what is listed by practice.
    """
    listed = {name: data[name] for name in ("gains", "outside")}
    groupings = [{**own, "group": pack(n + 1 for n in own["group"])} for own in data.get("groupings", [])]
    return {
        **data,
        **({"groupings": groupings} if groupings else {}),
        "digits": DIGITS,
        "pcn": pack(pcn + 1 for pcn in data["pcn"]),
        "features": [_feature(feature) for feature in data["features"]],
        "peers": [pack(n + i % 2 for i, n in enumerate(peers)) for peers in data["peers"]],
        **{name: [pack(n + 1 for one in mine for n in one) for mine in by] for name, by in listed.items()},
        "widths": {
            name: max((len(one) for mine in by for one in mine), default=1) for name, by in listed.items()
        },
    }


def pack(numbers: Iterable[int]) -> str:
    """Return whole numbers of 0 or more as text, in base `HALF`.

    >>> HALF, pack([0, 43, 44]), unpack(pack([0, 43, 44, 6199]))
    (44, '!QS!', [0, 43, 44, 6199])
    """
    return "".join(map(_text, numbers))


def unpack(text: str) -> list[int]:
    """Return the numbers that `pack` made a text of, as the page's script does."""
    numbers, number = [], 0
    for sign in text:
        digit = DIGITS.index(sign)
        number = number * HALF + digit % HALF
        if digit < HALF:
            numbers.append(number)
            number = 0
    return numbers


def _text(number: int) -> str:
    if number < 0:
        raise ValueError(f"{number} cannot be packed: it is below 0")
    text = DIGITS[number % HALF]
    while number := number // HALF:
        text = DIGITS[HALF + number % HALF] + text
    return text


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    known = sorted({value for value in feature["values"] if value is not None})
    position = {value: n for n, value in enumerate([None, *known])}
    return {
        **feature,
        "known": [None, *known],
        "values": pack(position[value] for value in feature["values"]),
    }
