"""Builders shared by the tests."""

from __future__ import annotations

import gc
import logging
import os
import pickle
import runpy
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

# OpenMP's threads sleep while they wait for work. By default they spin, which takes up to half of the time of
# the cores from other workers. OpenMP looks when scikit-learn is first imported; processes inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import gp_segmentation  # noqa: F401 - before numpy, as in every command (utils/processor.py)

# isort: split
import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from gp_segmentation import (
    config,
    tracking,  # noqa: F401 - what it sets in the environment stays, whichever test needs it first
)
from gp_segmentation import schemas as contracts
from gp_segmentation.features import Tables
from gp_segmentation.schemas import Results

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]

#: Files that are begun first: one that makes the `template` others wait for, and long ones that need none.
FIRST = (
    "test_at_once",
    "test_ray",
    "test_team",
    "test_outages",
    "test_hostile_names",
    "test_own_table",
    "test_benchmarks",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of `FIRST` before all others."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))


@pytest.fixture(autouse=True)
def environment_put_back() -> Iterator[None]:
    """Take back the variables that a command in this process sets: they would lead later ones astray."""
    with mock.patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def no_log_left_open() -> Iterator[None]:
    """Close the files that a command called in this process logs to: they would be found open later."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was collected out of Python's search for garbage: 6,000 tests, looked at again and again.

    The search itself comes less often too. Together it is one part in fifteen of the processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


#: How Chromium is started: a sandbox needs rights that containers lack.
CHROMIUM = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps"),
]

#: Group, name, share of England's patients on the register, how steeply it rises with the share over 65.
GROUPS = [
    ("AF", "Atrial fibrillation", 0.02, 8.0),
    ("AST", "Asthma", 0.06, 0.5),
    ("CAN", "Cancer", 0.04, 6.0),
    ("CHD", "Secondary prevention of coronary heart disease", 0.03, 6.0),
    ("CKD", "Chronic kidney disease", 0.05, 5.0),
    ("COPD", "Chronic obstructive pulmonary disease", 0.02, 3.0),
    ("DEM", "Dementia", 0.008, 7.0),
    ("DEP", "Depression", 0.14, 0.5),
    ("DM", "Diabetes mellitus", 0.08, 2.0),
    ("EP", "Epilepsy", 0.008, 0.5),
    ("HF", "Heart failure", 0.01, 5.0),
    ("HYP", "Hypertension", 0.15, 4.0),
    ("LD", "Learning disability", 0.006, 0.0),
    ("MH", "Mental health", 0.01, 0.0),
    ("NDH", "Non-diabetic hyperglycaemia", 0.09, 2.0),
    ("OB", "Obesity", 0.14, 0.5),
    ("OST", "Osteoporosis: secondary prevention of fragility fractures", 0.008, 1.0),
    ("PAD", "Peripheral arterial disease", 0.006, 4.0),
    ("PC", "Palliative care", 0.005, 1.0),
    ("RA", "Rheumatoid arthritis", 0.008, 2.0),
    ("STIA", "Stroke and transient ischaemic attack", 0.02, 6.0),
]
#: Indicator, group, has a denominator, typical rate, share of the register that is eligible.
INDICATORS = [
    ("AF001", "AF", False, 0.0, 0.0),
    ("AF006", "AF", True, 0.97, 0.3),
    ("CHD015", "CHD", True, 0.83, 0.7),
    ("DEP004", "DEP", True, 0.80, 0.05),
    ("DM006", "DM", True, 0.95, 0.1),
    ("DM020", "DM", True, 0.70, 0.8),
    ("DM034", "DM", True, 0.90, 0.0005),
    ("HYP001", "HYP", False, 0.0, 0.0),
    ("HYP008", "HYP", True, 0.77, 0.7),
    ("LD004", "LD", False, 0.0, 0.0),
    ("OST004", "OST", False, 0.0, 0.0),
    ("STIA001", "STIA", False, 0.0, 0.0),
    ("CHOL004", "CHOL", True, 0.45, 0.9),
    ("HF003", "HF", True, 0.85, 0.5),
    ("STIA014", "STIA", True, 0.80, 0.8),
]
#: Full-time equivalent staff per 10,000 patients, mean.
STAFF = {"gp": 4.5, "admin": 11.0}
#: Measures of the context table: label and unit.
MEASURES = {
    "imd_score": ("Deprivation score (IMD)", "score"),
    "non_white_percent": ("Patients from ethnic minority groups", "%"),
    "gp_fte_per_10000": ("GPs per 10,000 patients", "per 10,000 patients"),
    "admin_fte_per_10000": ("Administrative staff per 10,000 patients", "per 10,000 patients"),
    "smoking_percent": ("Smoking prevalence", "%"),
}
#: Groups of indicators without a register of their own: name, and the register their patients are on.
BEYOND_REGISTERS = {"CHOL": ("Cholesterol control and lipid management", "CHD")}


def _practices(codes: list[str], sizes: np.ndarray) -> pd.DataFrame:
    missing = pd.Series(pd.NA, index=range(len(codes)), dtype="str")
    special = missing.copy()
    special[sizes < 1000] = "list under 1,000"
    constant = {"sub_icb": "01A", "icb": "QAA", "region": "Y99"}
    frame = pd.DataFrame({"practice_code": codes, "practice_name": [f"Practice {c}" for c in codes]})
    frame = frame.assign(pcn_code=missing, pcn_name=missing)
    for place, code in constant.items():
        frame = frame.assign(**{f"{place}_code": code, f"{place}_name": f"{place} one"})
    where = {"postcode": missing, "longitude": np.nan, "latitude": np.nan}
    return frame.assign(**where, list_size=sizes, special=special)


def _age_sex(codes: list[str], sizes: np.ndarray, old: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    ages = np.arange(20) * 5
    rows = []
    for code, size, share in zip(codes, sizes, old, strict=True):
        band = np.where(ages >= 65, share / 7, (1 - share) / 13)
        p = rng.dirichlet(200 * np.repeat(band / band.sum(), 2))
        counts = rng.multinomial(size, p).reshape(20, 2)
        rows += [
            (code, sex, contracts.AGE_BANDS[i], int(counts[i, j]))
            for j, sex in enumerate(contracts.SEXES)
            for i in range(20)
        ]
    return pd.DataFrame(rows, columns=["practice_code", "sex", "age_band", "patients"])


def _registers(
    codes: list[str], sizes: np.ndarray, old: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    rows = []
    for group, _, rate, slope in GROUPS:
        logit = np.log(rate / (1 - rate)) + slope * (old - 0.18) + rng.normal(0, 0.15, len(codes))
        counts = rng.binomial(sizes, 1 / (1 + np.exp(-logit)))
        rows += [(c, group, int(x), "TOTAL", int(n)) for c, x, n in zip(codes, counts, sizes, strict=True)]
    columns = ["practice_code", "group_code", "register", "list_type", "denominator"]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:2], ignore_index=True)


def _achievement(codes: list[str], registers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    on_register = registers.set_index(["group_code", "practice_code"])["register"]
    rows = []
    for code, group, has_rate, rate, eligible in INDICATORS:
        for practice in codes:
            register = BEYOND_REGISTERS.get(group, ("", group))[1]
            n = rng.binomial(on_register[register, practice], eligible)
            pcas = rng.binomial(n, 0.1)
            x = rng.binomial(n - pcas, rng.beta(20 * rate, 20 * (1 - rate))) if has_rate else np.nan
            counts = (float(x), float(n - pcas), float(pcas)) if has_rate else (np.nan, np.nan, np.nan)
            rows.append((practice, code, *counts, 5.0))
    columns = ["practice_code", "indicator_code", "numerator", "denominator", "pcas", "points"]
    frame = pd.DataFrame(rows, columns=columns).sort_values(columns[:2], ignore_index=True)
    # Some publications have no PCAS row where a denominator stands.
    lost = (frame["indicator_code"] == "DM006") & frame["practice_code"].isin(codes[5:8])
    return frame.assign(pcas=frame["pcas"].mask(lost))


def _indicators() -> pd.DataFrame:
    names = {group: name for group, name, *_ in GROUPS}
    names |= {group: name for group, (name, _) in BEYOND_REGISTERS.items()}
    texts = {
        "indicator_code": [code for code, *_ in INDICATORS],
        "description": [f"What {code} asks for" for code, *_ in INDICATORS],
        "points": 5.0,
        "group_code": [group for _, group, *_ in INDICATORS],
        "group_name": [names[group] for _, group, *_ in INDICATORS],
    }
    return pd.DataFrame(texts).assign(domain_code="CL", domain_name="Clinical", list_type="TOTAL")


def _context(codes: list[str], rng: np.random.Generator) -> pd.DataFrame:
    scores = rng.gamma(5, 5, len(codes))
    scores[3] = np.nan
    shares = 100 * rng.beta(1, 4, len(codes))
    shares[:2] = [0.0, np.nan]
    columns = {"practice_code": codes, "imd_score": scores, "non_white_percent": shares}
    staff = {f"{kind}_fte_per_10000": rng.gamma(9, mean / 9, len(codes)) for kind, mean in STAFF.items()}
    return pd.DataFrame(columns | staff | {"smoking_percent": 100 * rng.beta(15, 85, len(codes))})


def make_tables(practices: int = 120, seed: int = 1) -> Tables:
    """A small made-up England: practice 0 has 300 patients and is special; every schema holds."""
    rng = np.random.default_rng(seed)
    codes = [f"A{i:05d}" for i in range(practices)]
    sizes = np.exp(rng.normal(9, 0.5, practices)).astype("int64") + 1000
    sizes[0] = 300
    old = rng.beta(9, 40, practices)
    registers = _registers(codes, sizes, old, rng)
    dictionary = pd.DataFrame(
        [(measure, *words, "made_up.csv") for measure, words in MEASURES.items()],
        columns=["measure", "label", "unit", "file"],
    )
    made = {
        "practices": _practices(codes, sizes),
        "registers": registers,
        "achievement": _achievement(codes, registers, rng),
        "indicators": _indicators(),
        "age_sex": _age_sex(codes, sizes, old, rng),
        "context": _context(codes, rng),
        "context_dictionary": dictionary,
    }
    return Tables(**{name: contracts.check(name, frame) for name, frame in made.items()})


@pytest.fixture(scope="session")
def tables_of() -> Callable[..., Tables]:
    """`make_tables`, for tests that need their own size or seed."""
    return make_tables


@pytest.fixture(scope="session")
def small_tables() -> Tables:
    """120 made-up practices; read only."""
    return make_tables()


@pytest.fixture(scope="session")
def compose_option() -> Callable[[str, str], dict[str, Any]]:
    """Compose one option of a group of conf/ by itself: ``compose_option("scaler", "robust")``."""

    @cache
    def compose(group: str, option: str) -> dict[str, Any]:
        composed = config.compose_config(ROOT, ["+seed=1"], name=f"{group}/{option}")
        return composed[group]

    return compose


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Fill a folder once for all workers: ``made_once("name", fill)`` gives the folder that `fill` was given.

    The first worker to ask fills it, the others wait; it is read only.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, filled = shared / name, shared / f"{name}.filled"
        with FileLock(shared / f"{name}.lock"):
            if not filled.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                filled.touch()
        return folder

    return made


@pytest.fixture(scope="module")  # one that outlives its module stands in the way of other modules' own
def browser() -> Iterator[Browser]:
    """Chromium; the one without windows, which takes less processor time, where it is installed."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=os.environ.get("GPSEG_CHROMIUM", program), args=CHROMIUM
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def results_of(made_once: Callable[..., Path]) -> Callable[..., Results]:
    """`make_results` of fixtures/small_results.py: a whole small run, with hostile names."""

    @cache
    def made(*asked: int, **named: int) -> Results:
        def fill(folder: Path) -> None:
            module = runpy.run_path(str(Path(__file__).parent / "fixtures" / "small_results.py"))
            (folder / "results.pickle").write_bytes(pickle.dumps(module["make_results"](*asked, **named)))

        words = [str(value) for value in asked] + [f"{name}={value}" for name, value in named.items()]
        folder = made_once("-".join(["results", *words]), fill)
        return pickle.loads((folder / "results.pickle").read_bytes())  # noqa: S301 - our own

    return lambda *asked, **named: deepcopy(made(*asked, **named))


@pytest.fixture(scope="session")
def figures_of_four(results_of: Callable[..., Results], made_once: Callable[..., Path]) -> Path:
    """The folder of all figures of ``results_of(4)``; read only."""
    from gp_segmentation import figures

    drawn = made_once("figures_of_four", lambda folder: figures.render_all(results_of(4), folder / "figures"))
    return drawn / "figures"


def named_folder(variable: str, of: str) -> Path:
    """The folder that a variable of the environment names."""
    named = os.environ.get(variable)
    if not named:
        pytest.skip(f"{variable} does not name a folder of {of}")
    return Path(named)


@pytest.fixture(scope="session")
def nhs_data() -> Path:
    """The folder that GPSEG_NHS_DATA names, with official files somewhere below it."""
    return named_folder("GPSEG_NHS_DATA", "official files")


@pytest.fixture(scope="session")
def nhs_data_2022_23() -> Path:
    """The folder that GPSEG_NHS_DATA_2022_23 names, with the files of another year somewhere below it."""
    return named_folder("GPSEG_NHS_DATA_2022_23", "official files of 2022-23")


@pytest.fixture(scope="session")
def nhs_samples() -> Path:
    """The folder that GPSEG_NHS_SAMPLES names, with extracts of other published files."""
    return named_folder("GPSEG_NHS_SAMPLES", "extracts")


@pytest.fixture(scope="session")
def sums() -> dict[str, Any]:
    """The module fixtures/sums.py: ``CHECKS`` of every table of data/insight, ``England``."""
    return runpy.run_path(str(Path(__file__).parent / "fixtures" / "sums.py"))


@pytest.fixture(scope="session")
def small_england(tmp_path_factory) -> tuple[dict[str, Any], Path]:
    """A configuration that is quick to run, and a folder of raw data with the small England it is of."""
    overrides = [
        *("source.england.practices=150", "study.n_clusters.high=4", "study.rule.min_practices=5"),
        *("study.rule.stability_draws=4", "study.rule.splits=2"),
        *("evidence=quick", "evidence.bootstraps=4", "insight.peers.resamples=2"),
        *("insight.opportunities.draws=4", "insight.spatial.permutations=19", "study.certainty_draws=10"),
    ]
    cfg = config.compose_config(ROOT, overrides)
    raw = tmp_path_factory.mktemp("england") / "raw"
    config.build(cfg["source"]["england"])(raw / cfg["source"]["name"])
    return cfg, raw
