"""Every form of a secret at every door of the program: what comes out of the door holds none."""

from __future__ import annotations

import json
import logging
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hydra.core.utils import configure_log
from omegaconf import OmegaConf

from gp_segmentation import config, report
from gp_segmentation.cli.command_check import check_command
from gp_segmentation.errors import ConfigError, GpsegError, without_secrets
from gp_segmentation.pipeline.stages import configure
from gp_segmentation.sources.download.manifest import describe, read_manifest, write_manifest
from gp_segmentation.tracking.store import open_store
from gp_segmentation.utils import console

ROOT = Path(__file__).resolve().parents[2]
KNOWN = runpy.run_path(str(ROOT / "tests" / "fixtures" / "secret_forms.py"))
S, FORMS = KNOWN["S"], KNOWN["FORMS"]
#: What a user or an operator may write in a configuration: one line, by which Hydra's files stay readable.
ONE_LINE = [form for form in FORMS if "\n" not in form]


@pytest.fixture
def loggers():
    """Give back the loggers as they were."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in kept[0]:
            handler.close()
    root.handlers[:], root.level = kept[0], kept[1]


def raising(form: str) -> Callable[[], None]:
    def fail() -> None:
        raise ValueError(f"could not open {form}")

    return fail


def of_error(form: str, tmp_path: Path) -> str:
    return str(GpsegError(f"could not open {form}"))


def of_uncaught_error(form: str, tmp_path: Path) -> str:
    """The traceback of an error nobody foresaw, and of one in a thread."""
    printed = tmp_path / "stderr"
    kept = sys.stderr
    try:
        with printed.open("w", encoding="utf-8") as sys.stderr:
            assert console.ended("gpseg", raising(form)) == 1
    finally:
        sys.stderr = kept
    return printed.read_text(encoding="utf-8")


def of_log(form: str, tmp_path: Path) -> str:
    """What a library logs, with its traceback, in the log file of a job as Hydra sets it up."""
    file = {"class": "logging.FileHandler", "formatter": "simple", "filename": str(tmp_path / "job.log")}
    node = {
        "formatters": {"simple": {"format": "[%(levelname)s] %(message)s"}},
        "root": {"level": "INFO", "handlers": ["file"]},
    }
    settings = {"version": 1, **node, "handlers": {"file": file}, "disable_existing_loggers": False}
    configure_log(OmegaConf.create(settings))
    library = logging.getLogger("urllib3.connectionpool")
    with console.public_output():
        library.warning("retrying after %s: %d", form, 3)
        library.warning(f"retrying after {form}")
        library.warning("%d is no number", form)
        try:
            raising(form)()
        except ValueError:
            library.exception("failed", stack_info=True)
    return (tmp_path / "job.log").read_text(encoding="utf-8")


def of_hydras_files(form: str, tmp_path: Path) -> str:
    (tmp_path / "0" / ".hydra").mkdir(parents=True)
    paths = [tmp_path / "0" / ".hydra" / "config.yaml", tmp_path / "multirun.yaml"]
    for path in paths:
        path.write_text(yaml.safe_dump({"tracking": {"uri": form}, "list": [form]}), encoding="utf-8")
    config.hide_secrets(tmp_path / "0")
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def of_params(form: str, tmp_path: Path) -> str:
    """What DVC composed with ``-S tracking.uri=...``."""
    params, refusal = tmp_path / "params.yaml", r"^tracking\.uri: a password or token would stand in params"
    params.write_text(yaml.safe_dump({"tracking": {"uri": form}, "seed": 1}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DVC_EXP_NAME", "of the test")
        with pytest.raises(ConfigError, match=refusal) as refused:
            configure.run(tmp_path)
    assert yaml.safe_load(params.read_text(encoding="utf-8"))["seed"] == 1
    return str(refused.value) + params.read_text(encoding="utf-8")


def of_manifest(form: str, tmp_path: Path) -> str:
    (tmp_path / "a.csv").write_text("a", encoding="utf-8")
    write_manifest(tmp_path, [describe(tmp_path / "a.csv", address=form, licence=None)])
    return (tmp_path / "manifest.json").read_text(encoding="utf-8")


def of_page(form: str, tmp_path: Path) -> str:
    return report.summarise.__globals__["_config"]({"study": {"storage": form}})


DOORS = {
    "text of an error": of_error,
    "traceback nobody foresaw": of_uncaught_error,
    "log and Hydra's log file": of_log,
    ".hydra/*.yaml and multirun.yaml": of_hydras_files,
    "params.yaml": of_params,
    "manifest of a download": of_manifest,
    "page": of_page,
}


@pytest.mark.parametrize("door", DOORS)
def test_no_form_of_a_secret_leaves_by_a_door(door, tmp_path, loggers):
    told = {}
    for number, form in enumerate(FORMS):
        folder = tmp_path / str(number)
        folder.mkdir()
        told[form] = DOORS[door](form, folder)
    assert [form for form, text in told.items() if S in text] == []
    assert [form for form, text in told.items() if not re.search(r"\*\*\*|not readable", text)] == []


def test_no_form_of_a_secret_stands_in_the_tracking_store(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    # In one text with others, a quote that nothing closes would reach to the next one's.
    whole = [form for form in FORMS if "cut off" not in form]

    def broken() -> None:
        with open_store(tmp_path, "test").run(FORMS[0], dict(zip("abc", FORMS, strict=False))) as run:
            run.log_params({f"p{number}": form for number, form in enumerate(FORMS)})
            run.set_tags({f"t{number}": form for number, form in enumerate(FORMS)})
            run.log_text("\n".join(whole), "config.yaml")
            raise ValueError(FORMS[0])

    with pytest.raises(ValueError, match="postgresql"):
        broken()
    files = [path for path in (tmp_path / "mlruns").rglob("*") if path.is_file()]
    assert {"mlflow.db", "config.yaml"} <= {path.name for path in files}
    assert [path for path in files if S.encode() in path.read_bytes()] == []
    (kept,) = (path.read_text(encoding="utf-8") for path in files if path.name == "config.yaml")
    assert kept.count("***") >= len(whole)


NOBODY_CATCHES = """
import threading, warnings
from gp_segmentation.utils import console

ADDRESS = "postgresql://ann:s3cret@db/x"

def fail():
    raise ValueError(f"could not open {ADDRESS}")

def command():
    warnings.warn(f"slow: {ADDRESS}")
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    print(ADDRESS)
    fail()

raise SystemExit(console.ended("gpseg", command))
"""


def test_warnings_threads_and_print_tell_no_secret(tmp_path):
    (tmp_path / "script.py").write_text(NOBODY_CATCHES, encoding="utf-8")
    command = [sys.executable, "-W", "always", str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stdout == "postgresql://***@db/x\n"
    assert "UserWarning: slow: postgresql://***@db/x\n" in done.stderr
    assert done.stderr.count("ValueError: could not open postgresql://***@db/x\n") == 2
    assert "s3cret" not in re.sub(r'ADDRESS = ".*"', "", done.stderr)  # a line of the script


@pytest.mark.parametrize("address", [form for form in ONE_LINE if form.startswith(("postgresql", "mysql"))])
def test_the_list_of_processes_does_not_show_the_address_of_the_store(address, tmp_path):
    """`make ui` with an `mlflow` that shows with what it was called, and by what its caller was."""
    called = tmp_path / "bin" / "mlflow"
    called.parent.mkdir()
    shows = '#!/bin/sh\nps -ww -o args= -p $PPID -p $$; echo "$MLFLOW_BACKEND_STORE_URI"\n'
    silent = called.with_name("python")  # which would print where the runs are
    for path, text in ((called, shows), (silent, "#!/bin/sh\n")):
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    (tmp_path / "installed").touch()
    command = ["make", "-f", str(ROOT / "Makefile"), "ui", f"BIN={called.parent}", "INSTALLED=installed"]
    command += ["--assume-old", "installed"]
    # As typed in a terminal, though the tests may themselves be run by make.
    typed = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=typed | {"MLFLOW_TRACKING_URI": address},
        encoding="utf-8",
        capture_output=True,
        check=True,
    )
    *shown, given = done.stdout.splitlines()
    assert given == address
    assert any("mlflow ui --host 127.0.0.1 --port 5000" in line for line in shown)
    assert S not in "".join(shown) + done.stderr


def test_no_command_of_the_project_takes_an_address_with_a_password():
    """Where the package, the Makefile or CI starts a process, its arguments are fixed words or paths."""
    starts = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if found := [word for word in ("subprocess.", "os.system", "os.exec", "os.spawn") if word in text]:
            starts[path.name] = found
    assert starts == {"fetch.py": ["subprocess."], "describing.py": ["subprocess."]}  # dvc add data/raw, git
    for name in ("Makefile", ".ci/run", "README.md"):
        assert "--backend-store-uri" not in (ROOT / name).read_text(encoding="utf-8")


def test_an_older_manifest_is_read_and_kept_as_it_is(tmp_path):
    (tmp_path / "a.csv").write_text("a", encoding="utf-8")
    row = describe(tmp_path / "a.csv", address="https://h/a?token=x", licence=None)
    assert row.address == "https://h/a?token=***"
    files = [{**vars(row), "address": "https://h/a?token=hidden"}]
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    (older,) = read_manifest(tmp_path)
    assert older.address == "https://h/a?token=hidden"
    write_manifest(tmp_path, [older])
    assert read_manifest(tmp_path) == [older]


def test_a_secret_typed_with_gpseg_goes_into_the_environment(monkeypatch, caplog):
    from gp_segmentation.cli.typed_secrets import without_open_secrets

    for name in ("GPSEG_SECRET_1", "GPSEG_SECRET_2", "GPSEG_SECRET_4"):
        monkeypatch.setenv(name, "")
    typed = [
        "-m",
        "tracking.uri=postgresql://ann:s3cret@db/x",
        "+a='k=v;token=s3cret'",
        "seed=1,2",
        "+api_token=s3cret",
    ]
    shown = without_open_secrets(typed)
    assert shown == [
        "-m",
        "tracking.uri=${oc.env:GPSEG_SECRET_1,postgresql://***@db/x}",
        "+a=${oc.env:GPSEG_SECRET_2,k_v_token_***}",
        "seed=1,2",
        "+api_token=${oc.env:GPSEG_SECRET_4,***}",
    ]
    kept = [os.environ[name] for name in ("GPSEG_SECRET_1", "GPSEG_SECRET_2")]
    assert kept == ["postgresql://ann:s3cret@db/x", "k=v;token=s3cret"]
    assert "which others see in the list of processes" in caplog.text
    assert "s3cret" not in caplog.text
    for refused in ("a.uri=postgresql://ann:s3cret@db/x,b", "+a={password: s3cret}", "a=token=s3cret"):
        with pytest.raises(ConfigError) as error:
            without_open_secrets([refused])
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("address", ["postgresql://ann:s3cret@db/x", "https://s3cret@h/mlflow?a=1,2&b={3}"])
def test_hydra_takes_what_stands_for_a_typed_secret(address, monkeypatch):
    from gp_segmentation.cli.typed_secrets import without_open_secrets

    monkeypatch.setenv("GPSEG_SECRET_0", "")
    (override,) = without_open_secrets([f"tracking.uri='{address}'"])
    assert config.compose_config(ROOT, [override])["tracking"]["uri"] == address
    assert without_secrets(override) == override
    check_command(ROOT, "config", [override])
    check_command(ROOT, "config", ["-m", override, "seed=1,2"])
    monkeypatch.delenv("GPSEG_SECRET_0")  # as for what reads a job's folder later
    later = config.compose_config(ROOT, [override])["tracking"]["uri"]
    assert "s3cret" not in later
    assert "***@" in later
