"""The reference has everything that users import, and says what the code does."""

from __future__ import annotations

import argparse
import base64
import doctest
import json
import pkgutil
import re
from datetime import datetime, timezone
from importlib import import_module

import pytest
from attacks.test_catalogue import CATALOGUE
from docs.pages import DOCS, ROOT, rows

import rollout_auth
import rollout_auth.testing
from rollout_auth import (
    MAX_REFRESH_BODY,
    MAX_WEBHOOK_BODY,
    AuthData,
    ClientCredentials,
    cli,
    errors,
    generate_connect_token,
    verify_webhook,
)
from rollout_auth._json import MAX_DEPTH
from rollout_auth._jws import MAX_TOKEN_LENGTH
from rollout_auth._time import TEN_YEARS
from rollout_auth.api_keys import LATE
from rollout_auth.auth_data import MAX_EXTRA_DEPTH, MAX_EXTRA_VALUES
from rollout_auth.cli import _demo, _doctor, _inspect, _mint, _simulate
from rollout_auth.testing import sign_webhook

REFERENCE = DOCS / "reference"
ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(rollout_auth.__path__, "rollout_auth.")
    if not module.name.endswith("__main__")
]


def documented(page: str) -> set[str]:
    """The names that a page of the reference has autodoc document."""
    text = (REFERENCE / page).read_text("utf-8")
    return set(re.findall(r"^\.\. auto(?!module)\w+:: (?:[\w.]+\.)?(\w+)", text, re.MULTILINE))


def test_names() -> None:
    """What users import from the package stands in the reference: the errors on their page, the rest on its first."""
    names = {error.__name__ for error in ERRORS}
    assert documented("errors.md") == names
    assert documented("index.md") == set(rollout_auth.__all__) - names


def test_names_of_the_test_kit() -> None:
    """What users import from the test kit stands on its page, and so do the fixtures and the strategies."""
    fixtures = {"rollout_credentials", "rollout_clock", "rollout_simulator"}
    assert documented("testing.md") == {*rollout_auth.testing.__all__, *fixtures}
    assert ".. automodule:: rollout_auth.testing.strategies" in (REFERENCE / "testing.md").read_text("utf-8")


@pytest.mark.parametrize("name", rollout_auth.__all__ + rollout_auth.testing.__all__)
def test_everything_public_is_described(name: str) -> None:
    """A class, its public methods and properties, and a function have a docstring of their own."""
    value = getattr(rollout_auth, name, None) or getattr(rollout_auth.testing, name)
    if callable(value):
        assert value.__doc__
        own = [base for base in getattr(value, "__mro__", ()) if base.__module__.startswith("rollout_auth")]
        members = {key: getattr(value, key) for base in own for key in vars(base) if not key.startswith("_")}
        code = {key: member for key, member in members.items() if callable(member) or isinstance(member, property)}
        assert [key for key, member in code.items() if not member.__doc__] == []


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_cause_and_fix(error: type[Exception]) -> None:
    """Each error says what causes it and how to fix it, in a paragraph each, that no other error has."""
    told = dict(re.findall(r"^(Cause|Fix): (.+?)$", _paragraphs(error), re.MULTILINE))
    assert list(told) == ["Cause", "Fix"]
    assert all(len(text) > 20 and text.endswith(".") for text in told.values())
    others = [_paragraphs(other) for other in ERRORS if other is not error]
    assert not any(text in other for text in told.values() for other in others if len(text) > 50)


def _paragraphs(error: type[Exception]) -> str:
    return "\n".join(" ".join(paragraph.split()) for paragraph in error.__doc__.split("\n\n"))


@pytest.mark.parametrize("module", ["rollout_auth", *MODULES])
def test_docstrings(module: str) -> None:
    """An example in a docstring shows what happens, and both packages have one."""
    outcome = doctest.testmod(import_module(module))
    assert outcome.failed == 0
    assert outcome.attempted > 3 or module not in ("rollout_auth", "rollout_auth.testing")


def test_commands() -> None:
    """Each command has a section, in which the site shows its options."""
    subparsers = argparse.ArgumentParser().add_subparsers()
    for module in (_demo, _simulate, _mint, _inspect, _doctor):
        module.add_parser(subparsers)
    text = (REFERENCE / "command.md").read_text("utf-8")
    assert re.findall(r"^## (\w+)\n\n```{command} \1\n```$", text, re.MULTILINE) == list(subparsers.choices)


def test_exit_statuses() -> None:
    """The command's table has each exit status that the command gives."""
    named = {str(value) for name, value in vars(cli).items() if name.isupper() and type(value) is int}
    told = {status for row in rows(REFERENCE / "command.md") for status in re.findall(r"\b\d+\b", row[0])}
    assert told == {"0", "1"} | named


def test_variables() -> None:
    """The table of the environment has each variable that the package reads."""
    sources = [path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")]
    read = {name for source in sources for name in re.findall(r'"(ROLLOUT_\w+[A-Z])"', source)}
    told = {row[0].strip("`") for row in rows(REFERENCE / "command.md") if row[0].startswith("`ROLLOUT")}
    assert told == read


def test_wire() -> None:
    """The examples of the wire are what is signed, and what is taken."""
    header, claims, event = map(json.loads, re.findall(r"```json\n(.+?)```", _wire(), re.DOTALL))
    credentials = ClientCredentials(claims["iss"], "a-secret-of-full-length-" + "0123456789abcdef" * 3)
    data, now = claims["rollout.com"]["authData"], datetime.fromtimestamp(claims["iat"], timezone.utc)
    token = generate_connect_token(claims["sub"], AuthData.from_dict(data), credentials=credentials, now=now)
    segments = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]
    assert segments == [header, claims]
    body = json.dumps(event).encode()
    assert verify_webhook(body, sign_webhook(body, credentials=credentials), credentials=credentials).payload == event


def test_sizes() -> None:
    """The limits of the wire are those of the code."""
    told = [
        re.findall(r"[\d,]+(?= (?:characters|KiB|MiB|levels|values))", row[1]) for row in rows(REFERENCE / "wire.md")
    ]
    numbers = [int(number.replace(",", "")) for found in told for number in found]
    expected = [MAX_TOKEN_LENGTH, 8, MAX_REFRESH_BODY // 2**10, MAX_WEBHOOK_BODY // 2**20, MAX_DEPTH]
    assert numbers == [*expected, MAX_EXTRA_DEPTH, MAX_EXTRA_VALUES]
    assert f"{LATE:,} s" in _wire()
    assert f"{TEN_YEARS:,} s" in _wire()


def test_refusals() -> None:
    """Each answer to a refused request that the wire names is one that the code gives, and it names all of them."""
    told = {
        (row[0], error, *re.findall(r"`(Bearer.*?|Retry-After)`", row[2]))
        for row in rows(REFERENCE / "wire.md")
        for error in re.findall(r'"error": "(\w+)"', row[1])
    }
    refused = [error for error in ERRORS if issubclass(error, errors.RequestRefusedError)]
    answers = [rollout_auth.error_response(error()) for error in refused]
    challenges = [answer.headers.get("WWW-Authenticate") for answer in answers]
    retries = ["Retry-After" if "Retry-After" in answer.headers else None for answer in answers]
    assert told == {
        (str(answer.status), json.loads(answer.body)["error"], *filter(None, extra))
        for answer, *extra in zip(answers, challenges, retries, strict=True)
    }


def _wire() -> str:
    return (REFERENCE / "wire.md").read_text("utf-8")


def threats() -> list[tuple[str, str]]:
    """Each threat of the threat model, with each of its proofs."""
    table = [row for row in rows(DOCS / "SECURITY.md") if len(row) == 3 and "`" in row[2]]
    return [(threat, proof) for threat, _, proofs in table for proof in re.findall(r"`([^`]+)`", proofs)]


@pytest.mark.parametrize(("threat", "proof"), threats())
def test_proofs(threat: str, proof: str) -> None:
    """Each proof of the threat model is an attack of the catalogue, or a test."""
    file, _, name = proof.partition("::")
    assert proof in CATALOGUE or f"def {name}(" in (ROOT / "tests" / file).read_text("utf-8"), threat


def test_every_threat_has_a_proof() -> None:
    """No row of the threat model goes without."""
    table = [row for row in rows(DOCS / "SECURITY.md") if len(row) == 3][2:]
    assert len(table) > 12
    assert {row[0] for row in table} == {threat for threat, _ in threats()}


def test_verbs() -> None:
    """The table of the contributor's verbs has each verb that .ci/run knows, and no other."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    usage = set(re.search(r"usage: bash \.ci/run \[([\w|]+)", script)[1].split("|"))
    cases = re.search(r"case \$verb in\n(.+?)\*\)", script, re.DOTALL)[1]
    known = {verb for line in re.findall(r"^ *([\w |]+)\)", cases, re.MULTILINE) for verb in line.split(" | ")}
    assert {row[0].strip("`") for row in rows(DOCS / "CONTRIBUTING.md")[2:]} == usage == known - {"everything"}


def test_neighbours() -> None:
    """The versions that the comparison names are those of its dependency group."""
    group = re.search(r"^neighbours = \[(.+)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[1]
    pinned = re.findall(r'"([\w-]+)==([\d.]+)"', group)
    header = rows(DOCS / "neighbours.md")[0]
    assert sorted(f"{name} {version}" for name, version in pinned) == sorted(header[1:-1])
