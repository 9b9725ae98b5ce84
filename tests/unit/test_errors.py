"""No text that leaves the program shows a password, a token or a key, whatever form it has."""

from __future__ import annotations

import pytest

from gp_segmentation.errors import GpsegError, without_secrets

S = "s3cReT-Va1ue"
FORMS = [
    # addresses
    f"postgresql://ann:{S}@db/mlflow",
    f"postgresql://ann:{S}@db:5432/mlflow?sslmode=require",
    f"mysql+pymysql://ann:{S}@h/db",
    f"git+https://ann:{S}@h/r.git@main",
    f"https://{S}@example.org/mlflow",
    f"https://:{S}@h/x",
    f"https://ann:p/{S}@h/x",
    f"https://ann:p@{S}@h/x",
    f"postgresql://h/db?user=ann&password={S}",
    f"https://h/a?token={S}&b=1",
    f"https://h/a?b=1&access_token={S}",
    f"https://h/a?sig={S}%3D&se=2026",
    f"https://b.s3/x?X-Amz-Signature={S}&X-Amz-Expires=1",
    f"X-Amz-Security-Token={S}",
    f"X-Amz-Credential={S}/2026/eu",
    # connection strings
    f"host=db user=ann password={S} dbname=m",
    f"host=db password='{S} x' dbname=m",
    f"Server=h;Database=d;Uid=u;Pwd={S};",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={S}==;EndpointSuffix=x",
    f"Endpoint=sb://h/;SharedAccessKey={S}",
    f"SharedAccessSignature={S}",
    # the environment
    f"AWS_SECRET_ACCESS_KEY={S}",
    f"AWS_ACCESS_KEY_ID={S}",
    f"PGPASSWORD={S} psql",
    f"MLFLOW_TRACKING_PASSWORD={S}",
    # YAML, JSON, command lines, headers
    f"MLFLOW_TRACKING_TOKEN: {S}",
    f"tracking.token={S}",
    f"api-key: {S}",
    f"apikey={S}",
    f"client_secret={S}",
    f"passphrase: {S}",
    f"db_passwd={S}",
    f"private_key={S}",
    f"azure_storage_account_key={S}",
    f"credentials={S}",
    f'password="{S}"',
    f'{{"password": "{S}"}}',
    f"{{'api_key': '{S}'}}",
    f"Authorization: Bearer {S}",
    f"Authorization: Basic {S}",
    f"authorization=Token {S}",
    f"Bearer {S}abc",
]
#: Tokens without a name.
TOKENS = [
    *(
        "ghp_" + "a1" * 12,
        "github_pat_" + "a1" * 12,
        "glpat-" + "a1" * 12,
        "xoxb-" + "a1" * 8,
        "AKIA" + "A1" * 8,
    ),
    *("sk-" + "a1" * 12, "hf_" + "a1" * 12, "dapi" + "a1" * 12, "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.a1a1"),
    "-----BEGIN RSA PRIVATE KEY-----\na1a1\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\na1a1 and the end is cut off",
]


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_made_unreadable_in_every_form(text):
    for told in (text, f"could not open {text}", f"{text}\nand more", f"'{text}'"):
        assert S not in without_secrets(told)
        assert "***" in without_secrets(told)
        assert S not in str(GpsegError(told))


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
    ],
)
def test_what_is_no_secret_stays_readable(text):
    assert without_secrets(text) == text


def test_the_rest_of_a_text_stays_readable():
    told = without_secrets(
        "could not open postgresql://ann:x@db:5432/mlflow?password=y&sslmode=require: refused"
    )
    assert told == "could not open postgresql://***@db:5432/mlflow?password=***&sslmode=require: refused"
