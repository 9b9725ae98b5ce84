"""The checklist before anything is clustered: question, variables, missing values, exclusions."""

from gp_segmentation.report.transparency import tables
from gp_segmentation.report.transparency.document import (
    BY_AUTHOR,
    NOT_APPLICABLE,
    Item,
    Section,
    form,
    table,
)
from gp_segmentation.report.transparency.facts import Facts
from gp_segmentation.utils.labels import BLOCKS, TRANSFORMS, in_words
from gp_segmentation.utils.rounding import percent
from gp_segmentation.utils.wording import listed


def before(facts: Facts) -> Section:
    """The question, the kind of analysis, variables and sample size."""
    features = facts.config["features"]
    fixed = facts.said["choice"]["fixed"]
    explored = (
        "The configuration fixes method and number of segments. Whether that was before the data were seen: "
        f"{BY_AUTHOR}."
        if fixed
        else "Exploratory: method and number of segments were searched."
    )
    counts = facts.said["counts"]
    return form(
        "Before the analysis",
        [
            Item("What is the research question, and why does clustering answer it?"),
            Item("Was the analysis exploratory or confirmatory?", explored),
            Item(
                "Which variables were used, and why are they valid for the question?",
                f"{facts.features}. {features['description']} Why they are valid for the question: "
                f"{BY_AUTHOR}.",
            ),
            Item(
                "How large is the sample, and why is that enough?",
                f"{counts['practices']:,} rows, each a {facts.unit}; {counts['fitted']:,} of them shaped the "
                "segments. They are all that the source has, not a sample.",
            ),
            Item("Was the analysis registered beforehand?"),
        ],
    )


def observed(facts: Facts) -> Section:
    """Distributions, transformations, outliers, scale, weights, reduction, variables left out."""
    summary = facts.said["features"]["summary"]
    after = [row["skew_after"] for row in summary]
    skewed = sum(abs(float(value.replace("−", "-"))) > 1 for value in after if value[-1:].isdigit())
    shape = (
        f"After transformation {skewed} of {len(after)} features have a skewness beyond 1."
        if after
        else "The run has no summary of distributions."
    )
    weights = listed([f"{row['block']} {row['weight']}" for row in facts.said["blocks"]])
    kinds = facts.results.dictionary["transform"].map(lambda key: in_words(key, TRANSFORMS))
    transforms = listed(sorted(set(kinds)))
    return form(
        "Observed data and preparation",
        [
            Item(
                "How are the variables distributed?", f"See the table of distributions on the page. {shape}"
            ),
            Item(
                "Are ordered, binary or nominal variables treated as such?",
                f"{NOT_APPLICABLE}every variable is a number.",
            ),
            Item("How were variables transformed?", f"By block: {transforms}. See the table of variables."),
            Item("How were outliers treated?", f"{facts.step('outliers').capitalize()}."),
            Item(
                "Were variables put on one scale, and weighted?",
                f"Scale: {facts.step('scaler')}. Weights of blocks: {weights}.",
            ),
            Item("Were variables reduced to components?", f"Reduction: {facts.step('reducer')}."),
            Item(
                "Which variables were considered and left out?",
                f"{len(tables.left_out(facts).rows)} features left out or noted; see the table below."
                if tables.left_out(facts).rows
                else "None was left out.",
            ),
        ],
        table(
            "Variables",
            ("Variable", "Unit", "Block", "Transformation"),
            facts.results.dictionary.assign(
                block=[in_words(key, BLOCKS) for key in facts.results.dictionary["block"]], transform=kinds
            )[["label", "unit", "block", "transform"]].to_numpy(),
        ),
        *([tables.left_out(facts)] if tables.left_out(facts).rows else []),
    )


def missing(facts: Facts) -> Section:
    """What is missing, and how it was treated."""
    imputed = tables.imputed(facts)
    total, cells = (
        facts.said["counts"]["imputed"],
        facts.results.matrix.shape[0] * len(facts.results.dictionary),
    )
    return form(
        "Missing data",
        [
            Item(
                "How much is missing, by variable?",
                f"{total:,} values ({percent(total / max(cells, 1))}); see the table."
                if total
                else "No value was missing.",
            ),
            Item(
                "Was it tested whether values are missing at random?",
                "No: no such test is made." if total else f"{NOT_APPLICABLE}no value was missing.",
            ),
            Item("How were missing values treated?", f"Filled in: {facts.step('imputer')}."),
        ],
        *([imputed] if imputed.rows else []),
    )


def excluded(facts: Facts) -> Section:
    """Who did not shape the segments, and who is in none."""
    counts, special = facts.said["counts"], tables.special(facts)
    return form(
        "Exclusions",
        [
            Item(
                "Who was left out of the analysis, and why?",
                f"{counts['special']:,} special practices did not shape the segments; they got the nearest "
                "one afterwards."
                if counts["special"]
                else "Nobody.",
            ),
            Item(
                "Who is in no segment?",
                f"{counts['noise']:,} practices, which the method put into no cluster."
                if counts["noise"]
                else "Nobody.",
            ),
        ],
        *([special] if special.rows else []),
    )
