"""The reason for the study's choice, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gp_segmentation.study.criteria import SelectedTrial
from gp_segmentation.utils.labels import CLUSTERERS, CRITERIA, clusterer_in_words, preparation_in_words
from gp_segmentation.utils.rounding import percent_reached, score, score_reached, whole_percent
from gp_segmentation.utils.wording import listed

#: What the three tests do not show.
GRADIENT = (
    "Found again does not mean that there are gaps: practices that differ by degree along a gradient are "
    "divided at the same places every time, too."
)


def setting_in_words(row: Mapping[str, Any] | pd.Series) -> str:
    """A clusterer and its number of segments: "hierarchical clustering (Ward linkage) with 4 segments"."""
    name, k = clusterer_in_words(dict(row)), int(row["n_clusters"])
    article = "a " if name == CLUSTERERS["gaussian_mixture"] else ""
    return f"{article}{name} with {k} segment{'' if k == 1 else 's'}"


def reason(
    selection: SelectedTrial,
    facts: Mapping[str, Any],
    singles: Mapping[str, Mapping[str, Any]],
    choices: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Why a trial was chosen, in one paragraph.

    Parameters
    ----------
    facts : the rule's settings, and what they come to on the trials.
    singles : what each criterion alone would choose; choices : the choice with each preparation.
    """
    row = selection.row
    if facts["trials"] == 1:
        return _fixed(row, facts)
    sentences = [
        *_preparations(row, facts, choices),
        f"The study chose {setting_in_words(row)}.",
        _eligible(facts),
        *(_found_again(selection, facts) if facts["kind"] == "finest" else _stability(selection, facts)),
        *_separation(selection, facts),
        *_noise(row, facts),
        _single_criteria(singles, facts),
    ]
    return " ".join(sentences)


def _fixed(row: pd.Series, facts: Mapping[str, Any]) -> str:
    text = f"The configuration fixes {setting_in_words(row)}, so nothing was left to choose."
    if row["smallest_segment"] < facts["floor"]:
        text += (
            f" The smallest segment has {row['smallest_segment']:,} of {facts['practices']:,} practices, "
            f"fewer than the {facts['floor']:,} that the rule asks for."
        )
    return " ".join([text, *_noise(row, facts)])


def _noise(row: pd.Series, facts: Mapping[str, Any]) -> list[str]:
    """How many practices belong to no segment, and what that means."""
    noise = int(row.get("noise", 0))
    if not noise:
        return []
    text = (
        f"{noise:,} of the {facts['practices']:,} practices ({whole_percent(noise / facts['practices'])}) "
        "belong to no segment. All scores leave them out, which makes the segments look more separate than "
        "they are."
    )
    if noise > facts["practices"] / 2:
        text += " That is more than half: the segments describe only a minority of the practices."
    return [text]


def _preparations(
    row: pd.Series, facts: Mapping[str, Any], choices: Sequence[Mapping[str, Any]]
) -> list[str]:
    """How one of several preparations was chosen."""
    tried, name = facts["preparations"], preparation_in_words(row["preparation"])
    if tried < 2:
        return []
    text = f"The matrix was prepared in {tried} ways"
    if len(choices) == 1:
        return [f"{text}; only one ({name}) gave segments that are all large enough."]
    ks = [choice["n_clusters"] for choice in choices]
    text += f"; the rule chose {_range(sorted(ks))} segments with them"
    if len(choices) < tried:
        text += f" (in {tried - len(choices)} no trial had segments that are all large enough)"
    means = [choice["agreement"] for choice in choices]
    if facts["across_preparations"] == "criterion":
        why = f"has the highest {CRITERIA[facts['criterion']]}"
    elif len(choices) == 2:
        why = "comes first, and two choices agree equally with each other"
    else:
        why = "agrees best with the others"
    return [
        f"{text}.",
        "Scores of different matrices cannot be compared, but their segments can.",
        f"The choice with one of them ({name}) was taken: it {why} (mean adjusted Rand index of each choice "
        f"with the others: {_range([score_reached(mean) for mean in sorted(means)])}).",
    ]


def _eligible(facts: Mapping[str, Any]) -> str:
    text = (
        f"In {facts['eligible']} of {facts['trials']} trials all segments are large enough (at least "
        f"{facts['floor']:,} of the {facts['practices']:,} practices)"
    )
    if facts["min_agreement"] > 0:
        text += (
            " and are similar to those of another clusterer or linkage (adjusted Rand index of "
            f"{facts['min_agreement']:g} or more)"
        )
    return f"{text}."


def _found_again(selection: SelectedTrial, facts: Mapping[str, Any]) -> list[str]:
    """Which numbers of segments are found again, or that none is."""
    asked = (
        "each segment returns when practices are redrawn (lowest overlap "
        f"{whole_percent(facts['min_jaccard'])} or more), one half of the practices predicts the other "
        f"(strength {whole_percent(facts['min_prediction_strength'])} or more), and "
        f"they are more separate than {whole_percent(facts['min_exceedance'])} of random data sets"
    )
    own = next((row for row in selection.candidates if row["chosen"]), None)
    if own is None:
        return []
    figures = "; ".join(
        [
            f"lowest overlap {_known(own['jaccard_min'])}",
            f"prediction strength {_known(own['prediction_strength'])}",
            f"more separate than {_known(own['exceedance'])} of random data sets",
        ]
    )
    if selection.supported:
        numbers = sorted({row["n_clusters"] for row in selection.candidates if row["passes"]})
        text = f"{own['n_clusters']} segments are found again, and no larger number is: {asked} ({figures})."
        if len(numbers) > 1:
            text = (
                f"{listed([str(number) for number in numbers])} segments are found again: {asked}. "
                f"The largest of these numbers was taken ({figures})."
            )
        return [
            text,
            *([] if facts["gradient"] else [GRADIENT]),
        ]
    return [
        f"No number of segments is supported by the data. None passes all three tests: {asked}. The most "
        f"stable was taken ({figures}); treat it as one way of many to divide the practices."
    ]


def _known(share: float | None) -> str:
    return "not measured" if share is None else percent_reached(share)


def _stability(selection: SelectedTrial, facts: Mapping[str, Any]) -> list[str]:
    """Whether the segments return in bootstrap samples; nothing where this was not checked."""
    checked, least = selection.checked, facts["min_jaccard"]
    if not checked:
        return []
    value = next(value for row, value in checked if row["trial"] == selection.row["trial"])
    statistics = f"lowest overlap {percent_reached(value)}; {whole_percent(least)} is asked for"
    if value >= least:
        unstable = [
            f"{setting_in_words(row)} ({percent_reached(low)})" for row, low in checked if low < least
        ]
        set_aside = f" Less stable trials were set aside: {', '.join(unstable)}." if unstable else ""
        return [f"Stable: when practices are redrawn, the same segments return ({statistics}).{set_aside}"]
    if len(checked) == 1:
        return [
            f"Not stable: when practices are redrawn, not all segments return ({statistics}). "
            "No other trial was checked."
        ]
    return [
        f"Not stable: when practices are redrawn, none of the {len(checked)} best trials keeps all its "
        f"segments. The most stable of them was taken ({statistics})."
    ]


def _separation(selection: SelectedTrial, facts: Mapping[str, Any]) -> list[str]:
    """How separate the segments are, beside the best trial and random data."""
    if facts["kind"] == "finest":
        figures = _silhouettes(selection.row, facts["criterion"])
        return [f"Of trials with as many segments it is the most separate ({figures})."]
    row, ties, criterion = selection.row, selection.ties, facts["criterion"]
    best = ties.iloc[int(ties[criterion].to_numpy().argmax())]
    same = best["trial"] == row["trial"]
    set_aside = len(selection.checked) > 1 and selection.checked[-1][1] >= facts["min_jaccard"]
    text = (
        f"Among the {'remaining' if set_aside else 'eligible'} trials, "
        f"{'it' if same else setting_in_words(best)} has the most separate segments "
        f"({_silhouettes(best, criterion)})"
    )
    sentences = [f"{text}." if same else f"{text}; the choice follows ({_silhouettes(row, criterion)})."]
    others = len(ties) - 1
    if others:
        counted = "1 other trial counts as a tie" if others == 1 else f"{others} other trials count as ties"
        sentences.append(
            f"{counted} with the best (within {facts['tolerance']:g}); among ties the fewest segments win."
        )
    excess = row["excess_silhouette"]
    if not pd.isna(excess) and excess <= facts["tolerance"]:
        sentences.append(
            "The choice is hardly more separate than random data: no number of segments stands out, and the "
            "choice is weak."
        )
    return sentences


def _silhouettes(row: pd.Series, criterion: str) -> str:
    text = f"silhouette {score(row['silhouette'])}"
    if criterion == "excess_silhouette":
        text += f" against {score(row['null_silhouette'])} for random data"
    return text


def _single_criteria(singles: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    criteria: dict[str, list[str]] = {}
    for name, choice in singles.items():
        criteria.setdefault(setting_in_words(choice), []).append(CRITERIA[name])
    choices = "; ".join(f"{setting} ({', '.join(names)})" for setting, names in criteria.items())
    where = "With this preparation, but without" if facts["preparations"] > 1 else "Without"
    return f"{where} the minimum segment size, single criteria would choose: {choices}."


def _range(values: Sequence[object]) -> str:
    """First and last of ascending values, "2 to 5"; one of them where they read the same."""
    return " to ".join(dict.fromkeys(map(str, (values[0], values[-1]))))
