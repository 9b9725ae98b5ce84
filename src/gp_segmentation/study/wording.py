"""What the study says of its choice, in plain words with figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

CRITERIA = {
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "excess_silhouette": "silhouette in excess of the null",
    "elbow": "the elbow of inertia",
    "gap": "the gap statistic with its one-standard-error rule",
}
FAMILIES = {
    "kmeans": "K-means",
    "hierarchical": "hierarchical clustering",
    "gaussian_mixture": "a Gaussian mixture",
    "bisecting_kmeans": "bisecting K-means",
}


def setting_in_words(row: Mapping[str, Any] | pd.Series) -> str:
    """A clusterer and its number of segments: "hierarchical clustering with ward linkage, 4 segments"."""
    name = FAMILIES.get(str(row["clusterer"]), str(row["clusterer"]))
    linkage = row["linkage"]
    if not pd.isna(linkage):
        name += f" with {linkage} linkage"
    k = int(row["n_clusters"])
    return f"{name}, {k} segment{'' if k == 1 else 's'}"


def reason(
    row: pd.Series,
    ties: pd.DataFrame,
    checked: Sequence[tuple[pd.Series, float]],
    facts: Mapping[str, Any],
    singles: Mapping[str, Mapping[str, Any]],
    choices: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Why `row` was taken, in one paragraph; `choices` are those with each of several preparations."""
    if facts["trials"] == 1:
        return _fixed(row, facts)
    return " ".join([*_prepared(row, facts, choices), _chosen(row, ties, checked, facts, singles)])


def _prepared(row: pd.Series, facts: Mapping[str, Any], choices: Sequence[Mapping[str, Any]]) -> list[str]:
    """How one of several preparations was chosen."""
    tried, found = facts["preparations"], len(choices)
    if tried < 2 or not found:
        return []
    if found == 1:
        only = f"with {row['preparation']} only a trial met the floor"
        return [f"The matrix was prepared in {tried} ways, and {only}."]
    numbers = sorted({one["n_clusters"] for one in choices})
    without = f" (with {tried - found} of them no trial met the floor)" if found < tried else ""
    chose = f"{numbers[0]} segments" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]} segments"
    return [
        f"The matrix was prepared in {tried} ways{without}; the rule chose {chose} with them. Their scores "
        "cannot be compared, being of different matrices; their segments can.",
        _between(row, facts, choices),
    ]


def _between(row: pd.Series, facts: Mapping[str, Any], choices: Sequence[Mapping[str, Any]]) -> str:
    """Why this choice was taken among those of several preparations."""
    means = [one["agreement"] for one in choices]
    if len(choices) == 2:
        text = f"The two choices agree to an adjusted Rand index of {means[0]:.2f}"
        taken = f"the first, of {row['preparation']}, was taken"
    else:
        reach = f"{min(means):.2f} to {max(means):.2f}"
        text = f"A choice agrees with the others to an adjusted Rand index of {reach} on average"
        taken = f"the first of those that agree best, of {row['preparation']}, was taken"
    if facts["between"] == "criterion":
        taken = f"the one with the highest {CRITERIA[facts['criterion']]}, of {row['preparation']}, was taken"
    return f"{text}; {taken}."


def _fixed(row: pd.Series, facts: Mapping[str, Any]) -> str:
    text = f"The configuration fixes {setting_in_words(row)}, so nothing was left to choose."
    if row["smallest_segment"] < facts["floor"]:
        text += (
            f" The smallest segment has {row['smallest_segment']:,} of {facts['practices']:,} practices, "
            f"fewer than the {facts['floor']:,} that the rule would ask for."
        )
    return text


def _chosen(
    row: pd.Series,
    ties: pd.DataFrame,
    checked: Sequence[tuple[pd.Series, float]],
    facts: Mapping[str, Any],
    singles: Mapping[str, Mapping[str, Any]],
) -> str:
    sentences = [
        f"{_capital(setting_in_words(row))}, was chosen.",
        f"Of {facts['trials']} trials, {facts['eligible']} keep every segment at {facts['floor']:,} of the "
        f"{facts['practices']:,} practices or more{_asked_to_agree(facts)}.",
        *_set_aside(row, checked, facts["min_jaccard"]),
        _best_and_ties(row, ties, facts, passed_over=len(checked) > 1),
        *_beside_null(row, facts),
        _by_criterion(singles, facts),
    ]
    return " ".join(sentences)


def _asked_to_agree(facts: Mapping[str, Any]) -> str:
    if facts["min_agreement"] <= 0:
        return ""
    return (
        " and agree with another clusterer or linkage at an adjusted Rand index of "
        f"{facts['min_agreement']:g} or more"
    )


def _set_aside(row: pd.Series, checked: Sequence[tuple[pd.Series, float]], least: float) -> list[str]:
    """What stability had to say: one sentence, or none where it was not looked at."""
    if not checked:
        return []
    failed = [f"{setting_in_words(other)} ({value:.2f})" for other, value in checked if value < least]
    of_row = next(value for other, value in checked if other["trial"] == row["trial"])
    if of_row < least and len(checked) == 1:
        return [
            "In bootstrap samples the chosen trial's least stable segment has a mean Jaccard of only "
            f"{of_row:.2f}, below {least:g}, and no other trial was looked at."
        ]
    if of_row < least:
        return [
            f"None of the {len(checked)} best of these keeps a bootstrap Jaccard coefficient of {least:g} in "
            f"every segment; the chosen one comes nearest, with {of_row:.2f}."
        ]
    said = f"In bootstrap samples the chosen trial's least stable segment has a mean Jaccard of {of_row:.2f}"
    if failed:
        said += f"; set aside for one below {least:g}: {', '.join(failed)}"
    return [said + "."]


def _best_and_ties(row: pd.Series, ties: pd.DataFrame, facts: Mapping[str, Any], *, passed_over: bool) -> str:
    criterion = facts["criterion"]
    best = ties.iloc[int(ties[criterion].to_numpy().argmax())]
    whose = "those left" if passed_over else "these"
    text = f"The highest {CRITERIA[criterion]} among {whose} is {_figures(best, criterion)}"
    same = best["trial"] == row["trial"]
    text += ", that of the chosen trial" if same else f", of {setting_in_words(best)}"
    others = len(ties) - 1
    if others:
        text += f"; {others} more within {facts['tolerance']:g} of it " + (
            "counts as a tie" if others == 1 else "count as ties"
        )
        text += ", and the fewest segments are preferred"
    if not same:
        text += f"; the chosen trial has {_figures(row, criterion)}"
    return text + "."


def _figures(row: pd.Series, criterion: str) -> str:
    if criterion == "excess_silhouette":
        return (
            f"{row[criterion]:.3f} (silhouette {row['silhouette']:.3f} against {row['null_silhouette']:.3f} "
            "expected of one Gaussian cloud with the same covariance)"
        )
    return f"{row[criterion]:.3f}"


def _beside_null(row: pd.Series, facts: Mapping[str, Any]) -> list[str]:
    excess = row["excess_silhouette"]
    if pd.isna(excess) or excess > facts["tolerance"]:
        return []
    return [
        "That is not clearly more than the null has: no number of segments stands out, and the choice is "
        "weak."
    ]


def _by_criterion(singles: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    said = [f"{CRITERIA[name]}: {setting_in_words(found)}" for name, found in singles.items()]
    numbers = sorted({int(found["n_clusters"]) for found in singles.values()})
    agree = (
        f"they agree on {numbers[0]} segments"
        if len(numbers) == 1
        else f"they disagree, from {numbers[0]} to {numbers[-1]} segments"
    )
    where = "On this matrix and without the floor" if facts["preparations"] > 1 else "Without the floor"
    return f"{where}, each criterion alone would have chosen: {'; '.join(said)} ({agree})."


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
