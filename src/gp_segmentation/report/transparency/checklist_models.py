"""The checklist of models: what was tried, how the number of segments was chosen, how they were fitted."""

from gp_segmentation.report.transparency import tables
from gp_segmentation.report.transparency.assumptions import why
from gp_segmentation.report.transparency.document import (
    AUTHOR,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    Item,
    Section,
    form,
    table,
)
from gp_segmentation.report.transparency.facts import Facts, settings_text
from gp_segmentation.utils.labels import CLUSTERERS, NULLS, clusterer_in_words, in_words, titled
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import listed

NO_LIKELIHOOD = (
    f"{NOT_APPLICABLE}the segments are not a latent class model and have no likelihood of their own."
)


def models(facts: Facts) -> Section:
    """What was tried, and what exactly the model is."""
    choice = facts.results.choice
    tried = sorted({clusterer_in_words(row) for row in facts.results.trials.to_dict("records")})
    node = choice.get("node") or {}
    preparations = facts.said["preparations"]
    ways = f"{len(preparations)} ways" if len(preparations) > 1 else "one way"
    mixture = choice["clusterer"] == "gaussian_mixture"
    return form(
        "Models",
        [
            Item(
                "Which alternative models were considered?",
                f"{titled(listed(tried))}; {len(facts.results.trials):,} trials with this preparation. The "
                f"data were prepared in {ways}.",
            ),
            Item(
                "What exactly is the model?",
                f"{facts.method} ({settings_text(node)}), on Euclidean distances between prepared features."
                if node
                else f"{facts.method}.",
            ),
            Item(
                "Which variances and covariances are free in each class?",
                f"Covariance of each cluster: {node.get('covariance_type', 'full')}."
                if mixture
                else f"{NOT_APPLICABLE}{in_words(choice['clusterer'], CLUSTERERS)} has no "
                "covariance by class. It favours clusters of similar width.",
            ),
            Item(
                "Was a confirmatory model compared with theory?",
                f"{NOT_APPLICABLE}the analysis is exploratory."
                if not facts.said["choice"]["fixed"]
                else AUTHOR,
            ),
        ],
        tables.trials(facts),
    )


def number(facts: Facts) -> Section:
    """How the number of segments was chosen, with every criterion."""
    study, choice = facts.config["study"], facts.results.choice
    tried, fixed = sorted(set(facts.results.trials["n_clusters"])), facts.said["choice"]["fixed"]
    numbers = f"{tried[0]} to {tried[-1]} were tried. {why('study.n_clusters.high')}"
    random = (
        f"{', '.join(map(str, tried))} segments were tried. In place of one class, random data without "
        f"clusters were segmented with the same numbers ({_nulls(facts)})."
    )
    rule = study["rule"]
    again = [str(k) for k in facts.found_again]
    singles = facts.said["choice"]["by_criterion"]
    questions = (
        "the largest number whose segments are more separate than random data, return when practices are "
        "redrawn, and are predicted by half of the practices"
        if rule["kind"] == "finest"
        else "the most separate segments"
    )
    others = table("The choice of each single criterion", ("Criterion", "Choice (score)"), singles)
    return form(
        "Number of segments",
        [
            Item(
                "What is the largest number tried, and why?",
                f"{tried[-1]}, which the configuration fixes." if fixed else numbers,
            ),
            Item("Was every number up to it tried, and one class as a benchmark?", random),
            Item("What are the criteria at each number?", "See the table of criteria."),
            Item("Which information criteria were used?", _information(facts)),
            Item("Which likelihood-ratio tests were made?", NO_LIKELIHOOD),
            Item(
                "By which rules were models put aside?",
                f"A segment below {whole_percent(rule['min_share'])} of the practices or "
                f"{rule['min_practices']} practices"
                + (f": {choice['eligible']} trials met this." if "eligible" in choice else "."),
            ),
            Item("Why this number?", f"The rule takes {questions}. {choice.get('reason', '')}"),
            Item(
                "Which other numbers can be defended?",
                (f"Also found again: {listed(again)} segments. " if again else "")
                + ("See the choice of each single criterion." if singles else "No other was compared."),
            ),
        ],
        tables.criteria_by_k(facts),
        *([others] if singles else []),
    )


def _nulls(facts: Facts) -> str:
    """How many random data sets of which kind each number of segments was compared with."""
    null = facts.config["study"]["null_model"]
    return f"{null['draws']} draws with {in_words(null['kind'], NULLS)}"


def _information(facts: Facts) -> str:
    trials = facts.results.trials
    if "bic" in trials and trials["bic"].notna().any():
        return (
            "BIC and ICL of a Gaussian mixture that starts from the segments of each trial, beside the other "
            "criteria. The segments themselves have no likelihood."
        )
    return NO_LIKELIHOOD


def estimation(facts: Facts) -> Section:
    """Software, starts, seed, and whether solutions agree."""
    node = facts.results.choice.get("node") or {}
    starts = f"{node['n_init']} random starts" if "n_init" in node else "no random start"
    better = facts.config["study"]["better_starts"] and facts.results.choice["clusterer"] == "kmeans"
    return form(
        "Estimation",
        [
            Item(
                "By what method and software were the models estimated?",
                f"{facts.method}, with scikit-learn or scipy; versions stand in section 11.",
            ),
            Item(
                "How many starts, and which seed?",
                f"{starts}{' and a start from a cut of the tree by Ward' if better else ''}; seed "
                f"{facts.config['seed']}.",
            ),
            Item(
                "Did the models converge, and to the same solution?",
                f"Fits that differ in the seed alone agree with an adjusted Rand index of "
                f"{facts.figure('ari_seeds')}."
                if facts.assessed
                else NOT_ASSESSED,
            ),
        ],
    )
