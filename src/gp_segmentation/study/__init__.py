"""The study: parameters left unset are searched, every trial is scored, and a written rule chooses one."""

from gp_segmentation.study.criteria import elbow, scores_by_k
from gp_segmentation.study.evaluate import Evaluators
from gp_segmentation.study.inputs import Limits
from gp_segmentation.study.rule import TooSmallError, choose
from gp_segmentation.study.run import Study, run_study
from gp_segmentation.study.search import Setup, StudyResult, brute_force, run_trials
from gp_segmentation.study.space import Family, Point, Space, open_space
from gp_segmentation.study.tree_cache import TreeFolder
