"""The targets without a fuzzer: each holds for its seeds and for arbitrary bytes, and finds a bug that is planted."""

from __future__ import annotations

import json
import re
from collections import deque
from pathlib import Path
from typing import Any

import jwt
import pytest
from fuzz.common import NOW
from fuzz.seeds import CORPUS, seeds
from fuzz.targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_auth import MalformedTokenError, VerificationError, _json
from rollout_auth._json import loads_object
from rollout_auth._jws import read_token
from rollout_auth.testing import Response

PAGE = (Path(__file__).parents[3] / "docs" / "fuzzing.md").read_text("utf-8")
SEEDS = [
    pytest.param(target, data, id=f"{target}: {name}") for target in TARGETS for name, data in seeds(target).items()
]


def unverified(token: str | bytes, *args: object) -> dict[str, object]:
    return loads_object(read_token(token)[1], "it", MalformedTokenError)


def unsafe(value: object) -> str:
    return json.dumps(value).replace("\\", "")


def always(*args: object) -> bool:
    return True


def never(*args: object) -> None:
    return None


BUGS: list[tuple[str, str, Any]] = [
    ("connect_token", "connect_token.verified_claims", unverified),
    ("connect_token_header", "_jws.check_header", never),
    ("connect_token_claims", "connect_token._check_times", never),
    ("connect_token_claims", "connect_token._ACCEPTED_LIFETIME", 3602),
    ("token_response", "responses.seconds_claim", lambda claims, name: int(claims[name])),
    ("sign", "_jws.dumps", unsafe),
    ("generate_legacy", "connect_token.checked_user_id", str.strip),
    ("credentials", "credentials.setting_problem", never),
    ("auth_data", "auth_data.is_well_formed", always),
    ("strict_json", "_json._is_deep", never),
    ("strict_json", "_json._STRICT", _json._TOLERANT),
    ("api_key", "api_keys.verified_claims", unverified),
    ("api_key_header", "_jws.check_header", never),
    ("api_key_claims", "api_keys.text_claim", lambda claims, name: claims.get(name)),
    ("api_key_claims", "api_keys._FASTEST_CLOCK", 86_401),
    ("refresh_token", "api_keys.verified_claims", unverified),
    ("refresh_token_claims", "api_keys.as_object", lambda value: {}),
    ("webhook", "webhooks._instant", lambda text: NOW),
    ("webhook", "_json._TOLERANT", _json._STRICT),
    ("webhook", "_json._has_lone_surrogate", never),
    ("webhook_signature", "webhooks._check_signature", never),
    ("headers", "headers.without_repetition", str.strip),
    ("verification_token", "verification.compare_digest", lambda text, token: text.strip() == token),
    ("refresh_request", "refresh.MalformedRequestError", ValueError),
    ("refresh_request", "refresh.loads_object", _json.loads_signed_object),
    ("refresh_endpoint", "verification.compare_digest", always),
    ("inspect", "cli._inspect.as_json", lambda value: json.dumps(value, ensure_ascii=False)),
    ("inspect_claims", "cli._inspect.masked_claims", dict),
    ("app_token", "testing._tokens._header_of", lambda token: read_token(token)[0]),
    ("app_answer", "testing._masks.Mask.hide", lambda mask, text: text),
    ("template", "testing.templates.urlencode", lambda query: "&".join(map("=".join, query.items()))),
    ("browser_api", "testing.browser_api._errors", lambda status, message: Response(status, [("X", "\n")])),
]
"""What is broken for a target: a name of rollout_auth, and what takes its place."""

FAILURES = (AssertionError, ArithmeticError, KeyError, TypeError, ValueError, VerificationError, jwt.PyJWTError)


@pytest.mark.parametrize(("target", "data"), SEEDS)
def test_seed(target: str, data: bytes) -> None:
    """The invariant holds for the seed."""
    TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=50)
@given(data=st.binary(max_size=200))
def test_any_bytes(target: str, data: bytes) -> None:
    """The invariant holds for bytes of any kind."""
    TARGETS[target](data)


@pytest.mark.parametrize(("target", "name", "broken"), BUGS, ids=[f"{target}: {name}" for target, name, _ in BUGS])
def test_planted_bug(target: str, name: str, broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bug in the package, the target fails for one of its seeds."""
    monkeypatch.setattr(f"rollout_auth.{name}", broken)
    with pytest.raises(FAILURES):
        deque(map(TARGETS[target], seeds(target).values()))


@pytest.mark.parametrize("target", TARGETS)
def test_docstring(target: str) -> None:
    """A target states its invariant in one sentence, which the page on fuzzing repeats."""
    invariant = TARGETS[target].__doc__ or ""
    assert re.fullmatch(r"[A-Z](?:[^.]|\.\w)+\.", invariant)
    (row,) = re.findall(rf"^\| `{target}` \| .+ \| (.+) \|$", PAGE, re.MULTILINE)[:1]
    assert row == invariant


def test_each_target_finds_a_bug() -> None:
    """There is a bug for each target."""
    assert {target for target, _, _ in BUGS} == set(TARGETS)


def test_corpus() -> None:
    """Each folder of seeds belongs to a target."""
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)
