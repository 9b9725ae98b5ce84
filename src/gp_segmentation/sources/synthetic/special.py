"""Special practices: care-home, student, homeless, digital and other lists (step 5)."""

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.sources.synthetic.calibration import Calibration
from gp_segmentation.utils.arrays import Floats, Ints

#: Lists of these classes have fewer than 1,000 patients, and a practice keeps at least a handful.
TINY_CLASSES = ("care_home_list", "homeless_inclusion")
SMALLEST_LIST, TINY_BELOW = 20, 1000
AGE_LOGITS = ("age65p", "age75_of_65p", "age0_14_of_u65", "age15_24_of_15_64", "age45_64_of_25_64")
LARGEST_AGE_LOGIT = 5.5


def plant_special(
    calibration: Calibration, x: Floats, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.str_]]:
    """Turn some practices, anywhere, into special ones.

    A practice of a class has x = centre + sd (axis f + sqrt(1 - axis^2) e), one standard normal f and
    thirty e. Every class has at least one practice, however small the England.

    Returns
    -------
    x : the variables with the special practices in place; special : (n,) class name, "" for ordinary ones.
    """
    names = calibration.archetypes.names
    classes = calibration.raw["archetypes"]["special"]["classes"]
    counts = [max(1, round(entry["fraction_of_practices"] * len(x))) for entry in classes]
    chosen = np.split(rng.permutation(len(x))[: sum(counts)], np.cumsum(counts)[:-1])
    x, special = x.copy(), np.full(len(x), "", dtype="U40")
    for entry, members in zip(classes, chosen, strict=True):
        centre, sd, axis = (np.array(entry[key]) for key in ("centre", "sd", "axis"))
        common = rng.standard_normal((len(members), 1))
        own = rng.standard_normal((len(members), len(names)))
        x[members] = centre + sd * (axis * common + np.sqrt(1 - axis**2) * own)
        special[members] = entry["name"]
    rows = np.flatnonzero(special != "")[:, None]
    ages = np.array([names.index(name) for name in AGE_LOGITS])
    x[rows, ages] = np.clip(x[rows, ages], -LARGEST_AGE_LOGIT, LARGEST_AGE_LOGIT)
    return x, special


def list_sizes(log_list: Floats, special: NDArray[np.str_]) -> Ints:
    """Patients on the list: below 1,000 in the tiny classes, 1,000 or more in all others."""
    size = np.rint(np.exp(log_list)).astype(np.int64)
    tiny = np.isin(special, TINY_CLASSES)
    return np.where(tiny, np.clip(size, SMALLEST_LIST, TINY_BELOW - 1), np.maximum(size, TINY_BELOW))
