"""Names of segments, written by rules from figures alone.

Nothing here is random and nothing depends on how segments are numbered: the name of a segment follows
from its practices and those of the others. No word says that a segment is good or poor.
"""

from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.phrases import Concept, composites, concepts
from gp_segmentation.insight.portraits.profiles import Z95, difference_in_sd

#: A phrase is used from this difference on (standard deviations, on the natural and the analysis scale).
NOTABLE = 0.3
#: Phrases in a name: at first, and at most when names have to be told apart.
PHRASES, MOST_PHRASES = 3, 6
AVERAGE = "Close to the England average"


def name_segments(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> dict[int, str]:
    """Return a short, neutral, distinct name for every segment, such as "Older, less deprived".

    A phrase needs a difference from all practices of at least `NOTABLE` standard deviations in the same
    direction on both scales, so that neither a skewed scale nor a transformation makes a claim alone, and
    a 95% interval of it that leaves out zero.

    Parameters
    ----------
    natural, features : practice_code -> features in natural units and on the analysis scale.
    dictionary : what the features are (schema ``dictionary``).
    labels : practice_code -> segment of the practices that describe the segments (the fitted ones).
    """
    effects = _effects(natural, features, labels, found := concepts(dictionary))
    used = _phrases(effects, found)
    return _numbered({number: _name(phrases, found) for number, phrases in used.items()}, effects)


def claims(
    natural: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> dict[int, list[dict[str, Any]]]:
    """Return what the name of every segment claims, phrase by phrase, with the figures it rests on.

    Returns segment -> rows of ``phrase``, ``difference_sd`` (from England, on the scale where it is smaller),
    ``low`` and ``high`` (95%), in the order of the name.
    """
    effects = _effects(natural, features, labels, found := concepts(dictionary))
    return {
        number: [
            {"phrase": found[i].high if above else found[i].low, **_interval(*effects[number][:2, i])}
            for i, above in sorted(phrases)
        ]
        for number, phrases in _phrases(effects, found).items()
    }


def _interval(effect: float, error: float) -> dict[str, float]:
    return {
        "difference_sd": float(effect),
        "low": float(effect - Z95 * error),
        "high": float(effect + Z95 * error),
    }


def _phrases(effects: dict[int, np.ndarray], found: list[Concept]) -> dict[int, list[tuple[int, bool]]]:
    """Per segment the concepts its name is made of; more of them where names have to be told apart."""
    chosen = {number: _strongest(effect, found) for number, effect in effects.items()}
    counts = dict.fromkeys(chosen, PHRASES)
    while (clashing := _clashing(chosen, counts, found)) and max(counts[n] for n in clashing) < MOST_PHRASES:
        for number in clashing:
            counts[number] += 1
    return {number: order[: counts[number]] for number, order in chosen.items()}


def _effects(
    natural: pd.DataFrame, features: pd.DataFrame, labels: pd.Series, found: list[Concept]
) -> dict[int, np.ndarray]:
    """Per segment, of every concept (3 rows): effect, its standard error, and what it is worth in a name.

    A concept that is told apart from its block ("more asthma" than the block's general level would give)
    must lie on the same side of England by itself, or the phrase would say what is not so: all four effects
    (two scales, alone and less the block) agree in direction, else the three are 0. The effect is that of
    the concept alone, on the scale where it is smaller; its worth is the smallest of the four.
    """
    scales = [frame.reindex(labels.index).astype(float) for frame in (natural, features)]
    alone = [concept.alone() for concept in found]
    made = [composites(x, of) for of in (alone, found) for x in scales]
    effects = {}
    for number in sorted(set(labels)):
        inside = (labels == number).to_numpy()
        # (alone natural, alone analysis, less block natural, less block analysis) x (effect, error) x concept
        four = np.nan_to_num(np.array([difference_in_sd(x, inside) for x in made]))
        agree = np.abs(np.sign(four[:, 0]).sum(axis=0)) == len(four)
        smaller = np.abs(four[:2, 0]).argmin(axis=0)
        told = four[smaller, :, np.arange(four.shape[2])].T
        worth = np.abs(four[:, 0]).min(axis=0)
        effects[int(number)] = np.vstack([told, worth]) * agree
    return effects


def _strongest(effect: np.ndarray, found: list[Concept]) -> list[tuple[int, bool]]:
    """Concepts worth a phrase, strongest first, with their direction (True: above England)."""
    size, error = np.abs(effect[0]), effect[1]
    strength = effect[2] * np.array([c.weight for c in found])
    order = np.argsort(-np.round(strength, 9), kind="stable")
    clear = (strength >= NOTABLE) & (size > Z95 * error)
    return [(int(i), bool(effect[0, i] > 0)) for i in order if clear[i]]


def _name(phrases: list[tuple[int, bool]], found: list[Concept]) -> str:
    words = [found[i].high if above else found[i].low for i, above in sorted(phrases)]
    text = ", ".join(words)
    return text[:1].upper() + text[1:] if text else AVERAGE


def _clashing(
    chosen: dict[int, list[tuple[int, bool]]], counts: dict[int, int], found: list[Concept]
) -> list[int]:
    """Segments that share a name with another and still have a phrase to add."""
    made = {number: _name(order[: counts[number]], found) for number, order in chosen.items()}
    given = list(made.values())
    return [n for n, name in made.items() if given.count(name) > 1 and counts[n] < len(chosen[n])]


def _numbered(result: dict[int, str], effects: dict[int, np.ndarray]) -> dict[int, str]:
    """Tell apart names that are still the same by a letter, in the order of their effects."""
    final = dict(result)
    for name in set(result.values()):
        same = [n for n in result if result[n] == name]
        if len(same) > 1:
            same.sort(key=lambda n: tuple(np.round(effects[n][0], 9)))
            final |= {n: f"{name} ({chr(ord('A') + i)})" for i, n in enumerate(same)}
    return final
