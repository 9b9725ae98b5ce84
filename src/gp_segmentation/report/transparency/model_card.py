"""A model card (Mitchell and others 2019, doi:10.1145/3287560.3287596) of the segments."""

from gp_segmentation.report.transparency import tables
from gp_segmentation.report.transparency.document import (
    AUTHOR,
    NOT_ASSESSED,
    OWNER,
    Columns,
    Document,
    Section,
    numbers,
    table,
)
from gp_segmentation.report.transparency.facts import Facts, settings_text

#: What segments are for, and what not.
USES = (
    "Finding practices that are alike in the features below, to compare like with like and to learn from "
    "them.",
    "Describing how needs differ between areas, for planning and for drawing samples.",
    "Setting figures of a practice beside those of its segment instead of England's.",
)
NOT_FOR = (
    "Judging, ranking, rewarding or penalising practices. The Quality and Outcomes Framework is an incentive "
    "scheme, not a performance-management tool, and no segment is better than another.",
    "Anything about a patient. Segments describe practices; what is true of a practice need not be true of "
    "any patient.",
    "Allocating money by segment alone. Practices near a border could as well be in the next segment.",
    "Saying that illness is missed. Recorded prevalence depends on illness, age, case finding and coding.",
)
LIMITS = (
    "Registers hold what was diagnosed and coded, not all illness.",
    "Deprivation and ethnicity are of the areas where patients live, where the source has no better.",
    "Figures of small lists vary by chance, which the probability of each practice's segment takes into "
    "account.",
    "Names and portraits state differences between groups. Single practices of a segment can be different.",
    "The weights of blocks and the choice of features are judgements; other choices give other segments.",
    "The segments are of one year. They are to be made again, or practices assigned anew, for another.",
)


def model_card(facts: Facts) -> Document:
    """Return the model card of a run."""
    parts = (_uses, _outside, _data, _features, _method, _evaluation, _subgroups, _limits, _ethics, _identity)
    return Document(
        "model_card",
        "Model card",
        (
            f"{facts.method}, of {facts.source['label']}. A model card says what a model is for, what it was "
            "made from, how well it does and where its limits are.",
        ),
        tuple(part(facts) for part in parts),
    )


def _uses(facts: Facts) -> Section:
    users = "For analysts in NHS organisations and public health, and those whom they advise."
    return Section("Intended use", (users, f"The actual use: {OWNER.lower()}."), bullets=USES)


def _outside(facts: Facts) -> Section:
    return Section("Out-of-scope use", bullets=NOT_FOR)


def _data(facts: Facts) -> Section:
    counts = facts.said["counts"]
    return Section(
        "Data",
        (
            f"{facts.source['label']}: {facts.data}. {counts['practices']:,} rows, "
            f"each a {facts.unit}, with {counts['patients']:,} registered patients. There are no records of "
            "patients; every figure is a count or a mean of a practice or an area.",
            f"{counts['special']:,} special practices did not shape the segments, {counts['imputed']:,} "
            "missing values were filled in, and the irregularities below were accepted.",
        ),
        tables=tuple(one for one in (tables.special(facts), tables.quality(facts)) if one.rows),
    )


def _features(facts: Facts) -> Section:
    rows = [(row["block"], row["features"], row["weight"], row["transforms"]) for row in facts.said["blocks"]]
    columns: Columns = ("Block", *numbers("Features", "Weight"), "Transformation")
    return Section(
        "Features",
        (str(facts.config["features"]["description"]),),
        tables=(table("Blocks of features", columns, rows),),
    )


def _method(facts: Facts) -> Section:
    node = facts.results.choice.get("node") or {}
    settings = f" ({settings_text(node)})" if settings_text(node) else ""
    return Section(
        "Method",
        (
            f"Missing values: {facts.step('imputer')}. Extreme values: {facts.step('outliers')}. Scale: "
            f"{facts.step('scaler')}. Components: {facts.step('reducer')}. Then {facts.method}{settings}.",
            str(facts.results.choice.get("reason", "")),
        ),
        tables=(tables.sizes(facts),),
    )


def _evaluation(facts: Facts) -> Section:
    if not facts.assessed:
        return Section("Evaluation", (NOT_ASSESSED,), tables=(tables.criteria_by_k(facts),))
    sentence, *reasons = facts.reasons()
    shown = tables.segment_evidence(facts)
    evidence = (tables.criteria_by_k(facts), *([shown] if shown.rows else []))
    return Section("Evaluation", (sentence, facts.certain), tuple(reasons), evidence)


def _subgroups(facts: Facts) -> Section:
    return Section(
        "Subgroups",
        (
            "The equality analysis beside this card has age, sex, ethnicity and deprivation by segment, and "
            "for whom the segment is uncertain.",
        ),
        tables=(tables.differences(facts),),
    )


def _limits(facts: Facts) -> Section:
    first = ["These are synthetic data: the segments are no findings."] if facts.source["synthetic"] else []
    return Section("Limits", (f"Further limits: {AUTHOR.lower()}.",), (*first, *LIMITS))


def _ethics(facts: Facts) -> Section:
    return Section(
        "Ethical considerations",
        bullets=(
            "A label can stick to a practice and its patients. It is to be shown with its probability, and "
            "as one way of many to divide practices.",
            "Segments differ in age, deprivation and ethnicity by construction. Decisions by segment "
            "therefore fall unequally on people with protected characteristics; see the equality analysis.",
            "People in charge decide; the program recommends nothing.",
            f"Who was consulted, and what they said: {OWNER.lower()}.",
        ),
    )


def _identity(facts: Facts) -> Section:
    return Section(
        "Licence, versions and identity",
        (
            f"Program: MIT licence. Data and results: {facts.source['licence']}. "
            f"{facts.source['attribution']}",
        ),
        tables=(tables.identity(facts), tables.versions(facts), tables.files(facts)),
    )
