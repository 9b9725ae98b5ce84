"""Columns that several schemas have, so that each is written once."""

from __future__ import annotations

import pandera.pandas as pa

CODE = pa.Check.str_matches(r"^[A-Z0-9]{3,12}$")


def text(nullable: bool = False) -> pa.Column:
    """Text; an empty one counts as null once it is read from CSV."""
    return pa.Column(str, nullable=nullable)


def count(nullable: bool = False) -> pa.Column:
    """A count of at least 0; float where it can be null."""
    return pa.Column(float if nullable else "int64", pa.Check.ge(0), nullable=nullable)


def share() -> pa.Column:
    """A share from 0 to 1, null where there is nothing to be a share of."""
    return pa.Column(float, pa.Check.in_range(0, 1), nullable=True)


def size() -> pa.Column:
    """A number of at least 0, null where it is not known."""
    return pa.Column(float, pa.Check.ge(0), nullable=True)
