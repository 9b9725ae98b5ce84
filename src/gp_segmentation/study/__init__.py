"""The study: what the configuration leaves open is tried, scored and chosen by a rule in the open."""

from gp_segmentation.study.choice import choose, elbow
from gp_segmentation.study.curves import scores_by_k
from gp_segmentation.study.run import Study, run
from gp_segmentation.study.search import StudyResult, brute_force, run_study
from gp_segmentation.study.space import Family, Point, Space, space

__all__ = [
    "Family",
    "Point",
    "Space",
    "Study",
    "StudyResult",
    "brute_force",
    "choose",
    "elbow",
    "run",
    "run_study",
    "scores_by_k",
    "space",
]
