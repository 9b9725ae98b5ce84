"""What several schemas have in common, so that each is written once."""

import pandera.pandas as pa

CODE = pa.Check.str_matches(r"^[A-Z0-9]{3,12}$")


def table(columns: dict[str, pa.Column], unique: list[str] | None = None) -> pa.DataFrameSchema:
    """A table of these columns in this order and no other; `unique`: columns that name a row together."""
    return pa.DataFrameSchema(columns, unique=unique, strict=True, ordered=True)


def segment(nullable: bool = False) -> pa.Column:
    """The number of a segment, from 1."""
    return pa.Column("Int64" if nullable else "int64", pa.Check.ge(1), nullable=nullable)


def practice() -> dict[str, pa.Column]:
    """A practice, once in a table, with its name and places."""
    names = ("practice_name", "sub_icb_name", "icb_name", "region_name")
    return {"practice_code": pa.Column(str, CODE, unique=True), **{name: text() for name in names}}


def quintile() -> dict[str, pa.Column]:
    """A deprivation quintile, or England, once in a table, with all its practices and patients."""
    return {
        "deprivation_quintile": pa.Column(str, unique=True),
        "practices": count(),
        "patients": count(),
    }


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
