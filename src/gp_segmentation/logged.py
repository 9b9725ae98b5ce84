"""What is logged, made fit for a tracking store: short enough, finite, and without secrets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gp_segmentation.errors import without_secrets

#: Longest value of a parameter and of a tag that MLflow's server accepts.
MAX_PARAM, MAX_TAG = 6000, 8000


def is_number(value: Any) -> bool:
    """Whether `value` can be a metric: a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shortened(value: str) -> str:
    """Return a parameter's text without secrets, cut to `MAX_PARAM` letters, the last then an ellipsis."""
    value = without_secrets(value)
    return value if len(value) <= MAX_PARAM else value[: MAX_PARAM - 1] + "…"


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as text without secrets, each cut to `MAX_TAG` letters."""
    return {key: without_secrets(str(value))[:MAX_TAG] for key, value in tags.items()}
