"""The checklist of results: segments, their validity, inference, reproduction, limitations."""

from gp_segmentation.report.transparency import tables
from gp_segmentation.report.transparency.document import (
    BY_AUTHOR,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    Item,
    Section,
    form,
)
from gp_segmentation.report.transparency.facts import Facts


def results(facts: Facts) -> Section:
    """Fit, sizes, certainty, profiles and names."""
    mixture = facts.results.choice["clusterer"] == "gaussian_mixture"
    return form(
        "Results",
        [
            Item(
                "What is the fit of all models?",
                "See the tables of models and of criteria in sections 5 and 6.",
            ),
            Item("How large are the segments?", "See the table of sizes."),
            Item(
                "How well are units classified?",
                facts.certain,
            ),
            Item("What is each segment like, with intervals?", "See the table of differences."),
            Item(
                "Are there enough observations for each parameter of each class?",
                "See the smallest segment in the table of criteria."
                if mixture
                else f"{NOT_APPLICABLE}a segment has no parameters but its centre.",
            ),
            Item(
                "Are conditional item probabilities given?",
                f"{NOT_APPLICABLE}every variable is a number; means stand in their place.",
            ),
            Item(
                "Do names say more than the data?",
                "Fixed rules write the names from the largest differences. A name is shorthand: what is true "
                "of a segment need not be true of each practice in it.",
            ),
            Item(
                "Are data, segments and their uncertainty shown in pictures?",
                "Yes, on the page: distributions, profiles, components, map, silhouettes and stability.",
            ),
        ],
        tables.sizes(facts),
        tables.differences(facts),
    )


def validity(facts: Facts) -> Section:
    """Stability, random data, another method, preparations, other places, other measures."""
    evidence = facts.results.evidence
    told = {
        "Are the segments stable when units are redrawn?": "See the table; the least stable segment overlaps "
        f"with itself by {facts.figure('jaccard_min')}, and half of the practices predict the "
        f"other half with a strength of {facts.figure('prediction_strength')}.",
        "Are they more separate than those of data without clusters?": f"Silhouette "
        f"{facts.figure('silhouette')}; random data with the same correlations "
        f"{facts.figure('null_silhouette')}; with the same distributions too "
        f"{facts.figure('copula_null_silhouette')}.",
        "Does another method find the same segments?": "Agreement of K-means and Ward's method: adjusted "
        f"Rand index {facts.figure('ari_kmeans_hierarchical')} (1: the same; 0: chance).",
    }
    items = [Item(asked, answer if facts.assessed else NOT_ASSESSED) for asked, answer in told.items()]
    elsewhere = (evidence.get("transport") or {}).get("reasons") or []
    ways = [s for s in facts.said["evidence_sentences"] if "prepared the data" in s]
    outside = facts.said["usefulness"]
    items += [
        Item(
            "Do they depend on how the data were prepared?",
            " ".join(ways) or "One preparation was used. Others can be searched (scaler=open, reducer=open).",
        ),
        Item("Do they hold in other places or years?", " ".join(elsewhere) or "This run did not look at it."),
        Item(
            "Do they tell anything of measures they were not made from?",
            " ".join(outside) or "This run did not look at it.",
        ),
        Item(
            "What do all these say together?", " ".join(facts.reasons()) if facts.assessed else NOT_ASSESSED
        ),
    ]
    shown = tables.segment_evidence(facts)
    return form("Validity", items, *([shown] if shown.rows else []))


def inference(facts: Facts) -> Section:
    """What is tested, and how uncertain labels are used further on."""
    return form(
        "Inference",
        [
            Item(
                "Which hypotheses were tested, and do the tests mean anything?",
                "None. Segments are made to differ on the variables used; intervals say how precise a "
                "difference is, not whether it exists.",
            ),
            Item(
                "How is the number of comparisons accounted for?",
                f"{NOT_APPLICABLE}no hypothesis is tested. The comparison with random data is over all "
                "numbers of segments at once.",
            ),
            Item(
                "Do further analyses account for uncertain classification?",
                "None is made by the program. Whoever makes one should weight practices by the probability "
                f"of their segment (segments.csv). What was done: {BY_AUTHOR}.",
            ),
        ],
    )


def reproducing(facts: Facts) -> Section:
    """Software, data, code, and what the run is known by."""
    return form(
        "Software, data and reproduction",
        [
            Item("Is the software free and open?", "Yes: MIT licence. Versions stand below."),
            Item("Are software and data cited?", f"{facts.source['attribution']} See the table of files."),
            Item("Are code and configuration shared?"),
            Item(
                "Are the data shared, or synthetic data in their place?",
                f"These are {facts.data}. The program draws a synthetic England, on which everything runs.",
            ),
            Item(
                "Can the result be repeated?",
                f"Yes, with the configuration, data and seed ({facts.config['seed']}) below: the same bytes.",
            ),
        ],
        tables.identity(facts),
        tables.versions(facts),
        tables.files(facts),
    )


def limits(facts: Facts) -> Section:
    """Limitations, and statements that only the author can make."""
    return form(
        "Limitations and statements",
        [
            Item(
                "What are the limitations of data and method?",
                f"See the model card, section Limits. Further ones: {BY_AUTHOR}.",
            ),
            Item("Who funded the work, and which interests are declared?"),
            Item("Was ethical approval needed?"),
        ],
    )
