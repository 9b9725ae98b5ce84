"""No text that leaves the program shows a password, a token or a key, whatever form it has."""

from __future__ import annotations

import pickle
import runpy
from pathlib import Path

import pytest
import yaml

from gp_segmentation.errors import ConfigError, GpsegError, InputError, without_secrets

KNOWN = runpy.run_path(str(Path(__file__).resolve().parents[1] / "fixtures" / "secret_forms.py"))
S, FORMS, LINES, TOKENS = (KNOWN[name] for name in ("S", "FORMS", "LINES", "TOKENS"))


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_made_unreadable_in_every_form(text):
    for told in (text, f"could not open {text}", f"{text}\nand more", f"'{text}'"):
        assert S not in without_secrets(told)
        assert "***" in without_secrets(told)
        assert S not in str(GpsegError(told))


@pytest.mark.parametrize("text", LINES)
def test_a_secret_of_several_words_is_made_unreadable_on_its_own_lines(text):
    for told in (text, f"a: 1\n{text}\nb: 2", f"could not read:\n{text}"):
        assert S not in without_secrets(told)
    assert without_secrets(f"a: 1\n{text}\nb: 2").startswith("a: 1\n")
    assert without_secrets(f"a: 1\n{text}\nb: 2").endswith("'***'\nb: 2")


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_without_a_name_is_known_by_its_shape(token):
    told = without_secrets(f"the server said {token}")
    assert "a1a1" not in told
    assert "A1A1" not in told
    assert told.startswith("the server said ***")


@pytest.mark.parametrize(
    "text",
    [
        'FATAL: password authentication failed for user "ann"',
        "fe_sendauth: no password supplied",
        "signature inferred from five rows",
        "pass: 3 of 4",
        "the design: two columns",
        "https://files.digital.nhs.uk/C6/77B386/QOF%202526.zip",
        "postgresql://db.example.org:5432/mlflow",
        "sqlite:////srv/a/mlruns/mlflow.db",
        "http://127.0.0.1:5000",
        "england@nhs.net",
        "random_state=5, n_clusters=4",
        "study.rule.min_jaccard: 0.75",
        "could not open http://127.0.0.1:5000 for ann@example.org",
        "postgresql://db: refused, ask ann@example.org",
        "basic demographics of practices, Basic Demographics",
        "https://h/x?keyword=a&area=b",
        "key: practice_code, tokens: 5, author: Ann, columns: ['token', 'value']",
    ],
)
def test_what_is_no_secret_stays_readable(text):
    assert without_secrets(text) == text


def test_the_rest_of_a_text_stays_readable():
    told = without_secrets(
        "could not open postgresql://ann:x@db:5432/mlflow?password=y&sslmode=require: refused"
    )
    assert told == "could not open postgresql://***@db:5432/mlflow?password=***&sslmode=require: refused"


def test_yaml_and_json_stay_readable_as_such():
    text = "a:\n  token: s3cret words\n  uri: postgresql://ann:s3cret@db/x\n  b: {api_key: s3cret, c: 1}\n"
    hidden = {"token": "***", "uri": "postgresql://***@db/x", "b": {"api_key": "***", "c": 1}}
    assert yaml.safe_load(without_secrets(text)) == {"a": hidden}
    assert yaml.safe_load(without_secrets('{"password": "s3\\"cret", "b": 1}')) == {"password": "***", "b": 1}


@pytest.mark.parametrize(
    "error",
    [GpsegError("a"), ConfigError("b"), InputError("is empty", file="x.csv", row=3, remedy="Download it")],
)
def test_an_error_comes_back_whole_from_another_process(error):
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))
