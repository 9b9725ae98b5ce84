"""Disease registers (step 8)."""

import numpy as np
from scipy.special import expit

from gp_segmentation.sources.synthetic.calibration import Calibration
from gp_segmentation.utils.arrays import Floats, Ints


def register_list_types(calibration: Calibration) -> dict[str, str]:
    """The list type each register is a share of, by register group in alphabetical order."""
    return dict(sorted(calibration.raw["fine_structure"]["list_types"]["register_list_type"].items()))


def count_registers(calibration: Calibration, x: Floats, lists: dict[str, Ints]) -> Ints:
    """Patients on each register (n, 21): p (denominator + 1) - 1/2 rounded, from zero to the denominator.

    The inverse of the latent scale, logit((register + 1/2) / (denominator + 1)).
    """
    names = calibration.archetypes.names
    columns = []
    for group, list_type in register_list_types(calibration).items():
        denominator = lists[list_type]
        share = expit(x[:, names.index(f"prev_{group}")])
        register = np.rint(share * (denominator + 1) - 0.5).astype(np.int64)
        columns.append(np.clip(register, 0, denominator))
    return np.column_stack(columns)
