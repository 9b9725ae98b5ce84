"""Names of segments, written by fixed rules from figures.

Nothing is random, and nothing depends on how segments are numbered: a segment's name follows from its
practices and those of the others. No word says that a segment is good or poor.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.phrases import PLACES, Concept, composites, concepts
from gp_segmentation.insight.portraits.profiles import Z95, Whole
from gp_segmentation.utils.wording import listed

#: A phrase is used from this difference on (standard deviations, on the natural and the analysis scale).
NOTABLE = 0.3
#: Phrases in a name: normally, and at most where names would be the same.
PHRASES, MOST_PHRASES = 3, 6
#: Of a practice in no segment.
NONE = -1
AVERAGE = "Close to the England average"
#: Position of a concept, and whether the segment lies above England.
Phrase = tuple[int, bool]


@dataclass(frozen=True)
class Claim:
    """A phrase of a name with the figures behind it.

    Attributes
    ----------
    difference_sd, low, high : difference from England in standard deviations (on the scale where it is
        smaller) and its 95% interval.
    members : feature -> sign (+1 when a larger value than England's supports the phrase).
    """

    phrase: str
    difference_sd: float
    low: float
    high: float
    members: dict[str, int]

    def figures(self) -> dict[str, str | float]:
        """Phrase, difference and interval, for JSON."""
        return {k: v for k, v in vars(self).items() if k != "members"}


def name_segments(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> dict[int, str]:
    """Return a short, neutral, distinct name for every segment, such as "Older, less deprived".

    A phrase needs a difference from all practices of at least `NOTABLE` standard deviations in the same
    direction on both scales, so that neither a skewed scale nor a transformation can make a claim, and a 95%
    interval that leaves out zero.

    Parameters
    ----------
    natural, features : practice_code -> features in natural units and on the analysis scale.
    dictionary : what the features are (schema ``dictionary``).
    labels : practice_code -> segment of the practices that describe the segments (the fitted ones); `NONE`:
        the practice is in no segment and counts for England only.
    """
    available = concepts(dictionary)
    effects = _effects(natural, features, labels, available)
    phrases = _phrases(effects, available)
    return _distinct({number: _name(chosen, available) for number, chosen in phrases.items()}, effects)


def name_claims(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> dict[int, list[Claim]]:
    """Return segment -> the claims of its name (`name_segments`), in the order of the name."""
    available = concepts(dictionary)
    effects = _effects(natural, features, labels, available)
    return {
        number: [_claim(available[i], above, *effects[number][:2, i]) for i, above in sorted(phrases)]
        for number, phrases in _phrases(effects, available).items()
    }


def _claim(concept: Concept, above: bool, effect: float, error: float) -> Claim:
    low, high = float(effect - Z95 * error), float(effect + Z95 * error)
    members = {feature: sign if above else -sign for feature, sign in concept.members.items()}
    return Claim(concept.high if above else concept.low, float(effect), low, high, members)


def _phrases(effects: dict[int, np.ndarray], available: list[Concept]) -> dict[int, list[Phrase]]:
    """Per segment the phrases of its name; more of them where names would be the same."""
    candidates = {number: _strongest(effect, available) for number, effect in effects.items()}
    counts = dict.fromkeys(candidates, PHRASES)
    while (same := _same_name(candidates, counts, available)) and max(counts[n] for n in same) < MOST_PHRASES:
        for number in same:
            counts[number] += 1
    return {number: phrases[: counts[number]] for number, phrases in candidates.items()}


def _effects(
    natural: pd.DataFrame, features: pd.DataFrame, labels: pd.Series, available: list[Concept]
) -> dict[int, np.ndarray]:
    """Per segment, of every concept (3 rows): effect, its standard error, and its worth in a name.

    "More asthma" than the general level of its block would be false for a segment with less asthma than
    England. So all four effects (on two scales, with and without `minus`) must agree in direction, or the
    three rows are 0. The effect is the one without `minus` on the scale where it is smaller; the worth is the
    smallest of the four.
    """
    scales = [frame.reindex(labels.index).astype(float) for frame in (natural, features)]
    plain = [replace(concept, minus=()) for concept in available]
    scores = [Whole(composites(x, of).to_numpy()) for of in (plain, available) for x in scales]
    effects = {}
    for number in sorted(set(labels) - {NONE}):
        inside = (labels == number).to_numpy()
        # (plain natural, plain analysis, less block natural, less block analysis) x (effect, error) x concept
        four = np.nan_to_num(np.array([score.difference(inside) for score in scores]))
        agree = np.abs(np.sign(four[:, 0]).sum(axis=0)) == len(four)
        smaller = np.abs(four[:2, 0]).argmin(axis=0)
        effect_and_error = four[smaller, :, np.arange(four.shape[2])].T
        worth = np.abs(four[:, 0]).min(axis=0)
        effects[int(number)] = np.vstack([effect_and_error, worth]) * agree
    return effects


def _strongest(effect: np.ndarray, available: list[Concept]) -> list[Phrase]:
    """Concepts worth a phrase, strongest first."""
    strength = effect[2] * np.array([concept.weight for concept in available])
    order = np.argsort(-np.round(strength, 9), kind="stable")
    clear = (strength >= NOTABLE) & (np.abs(effect[0]) > Z95 * effect[1])
    return [(int(i), bool(effect[0, i] > 0)) for i in order if clear[i]]


def _name(phrases: list[Phrase], available: list[Concept]) -> str:
    said = [available[i].high if above else available[i].low for i, above in sorted(phrases)]
    text = ", ".join(_together(said))
    return text[:1].upper() + text[1:] if text else AVERAGE


def _together(phrases: list[str]) -> list[str]:
    """Phrases, those on indicators of conditions in one: "asthma and COPD indicators above average"."""
    others = [phrase for phrase in phrases if not phrase.endswith(PLACES)]
    for place in PLACES:
        end = f" indicators{place}"
        conditions = [phrase.removesuffix(end) for phrase in phrases if phrase.endswith(end)]
        others += [f"{listed(conditions)}{end}"] if conditions else []
        others += [phrase for phrase in phrases if phrase.endswith(place) and not phrase.endswith(end)]
    return others


def _same_name(
    candidates: dict[int, list[Phrase]], counts: dict[int, int], available: list[Concept]
) -> list[int]:
    """Segments that share a name with another and still have a phrase to add."""
    names = {number: _name(phrases[: counts[number]], available) for number, phrases in candidates.items()}
    given = list(names.values())
    return [n for n, name in names.items() if given.count(name) > 1 and counts[n] < len(candidates[n])]


def _distinct(names: dict[int, str], effects: dict[int, np.ndarray]) -> dict[int, str]:
    """Add a letter to names that are still the same, in the order of their effects."""
    distinct = dict(names)
    for name in set(names.values()):
        same = [number for number in names if names[number] == name]
        if len(same) > 1:
            same.sort(key=lambda number: tuple(np.round(effects[number][0], 9)))
            distinct |= {number: f"{name} ({chr(ord('A') + i)})" for i, number in enumerate(same)}
    return distinct
