"""Webhooks as Rollout sends them: what is signed here is what the library accepts."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import traceback
from base64 import b64decode, b64encode
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_auth import (
    BadSignatureError,
    ClientCredentials,
    ConfigurationError,
    MalformedRequestError,
    WebhookEvent,
    verify_webhook,
)
from rollout_auth.testing import CREDENTIALS, ENVIRON, sign_webhook, strategies
from rollout_auth.testing.webhook_signing import webhook_body

SETTINGS = list(product(("base64", "raw"), ("hex", "base64")))
SIGNATURE = "X-Rollout-Signature"

every_setting = pytest.mark.parametrize(("signed_content", "digest"), SETTINGS)
layouts = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 0, 2, "\t"]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), ("\n,", "\t:\r\n")]),
    }
)


@every_setting
@settings(max_examples=40)
@given(event=strategies.webhook_events(), layout=layouts, around=st.text(" \t\r\n", max_size=5))
def test_accepted(signed_content: Any, digest: Any, event: WebhookEvent, layout: dict[str, Any], around: str) -> None:
    """Whatever bytes the event is written in, the signature over them is accepted, and the event is read."""
    body = f"{around}{json.dumps(event.payload, **layout)}{around}".encode()
    headers = sign_webhook(body, credentials=CREDENTIALS, signed_content=signed_content, digest=digest)
    assert verify_webhook(body, headers, credentials=CREDENTIALS, signed_content=signed_content) == event


@every_setting
@settings(max_examples=40)
@given(body=st.binary(max_size=300))
def test_any_bytes(signed_content: Any, digest: Any, body: bytes) -> None:
    """Bytes that hold no event are signed just as well: they are refused for what they are, not for the signature."""
    headers = sign_webhook(body, credentials=CREDENTIALS, signed_content=signed_content, digest=digest)
    with pytest.raises(MalformedRequestError):
        verify_webhook(body, headers, credentials=CREDENTIALS, signed_content=signed_content)
    other = "raw" if signed_content == "base64" else "base64"
    if body:
        with pytest.raises(BadSignatureError):
            verify_webhook(body, headers, credentials=CREDENTIALS, signed_content=other)
        with pytest.raises(BadSignatureError):
            verify_webhook(body + b"\n", headers, credentials=CREDENTIALS, signed_content=signed_content)


@every_setting
def test_signature(signed_content: str, digest: str) -> None:
    """The signature is an HMAC-SHA256 under the client secret over the chosen content, in the chosen encoding."""
    body = b'{"a": 1}\n'
    headers = sign_webhook(body, credentials=CREDENTIALS, signed_content=signed_content, digest=digest)
    assert headers.keys() == {"Content-Type", SIGNATURE}
    assert headers["Content-Type"] == "application/json"
    content = body if signed_content == "raw" else b64encode(body)
    mac = hmac.new(CREDENTIALS.client_secret.encode(), content, hashlib.sha256).digest()
    form = r"[0-9a-f]{64}" if digest == "hex" else r"[0-9A-Za-z+/]{43}="
    assert re.fullmatch(form, headers[SIGNATURE])
    assert (bytes.fromhex if digest == "hex" else b64decode)(headers[SIGNATURE]) == mac


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings, the digest is hex over base64, under the secret that the environment has at that time."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert sign_webhook(b"{}") == sign_webhook(b"{}", credentials=CREDENTIALS, signed_content="base64", digest="hex")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", "another" * 10)
    assert sign_webhook(b"{}") != sign_webhook(b"{}", credentials=CREDENTIALS)


def test_no_credentials() -> None:
    """Without credentials, what is missing in the environment is named."""
    with pytest.raises(ConfigurationError, match="ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"):
        sign_webhook(b"{}")


def test_current_secret_signs(secret: str) -> None:
    """During a rotation, the current secret signs, and not a previous one."""
    both = ClientCredentials("test-client", secret, [CREDENTIALS.client_secret])
    assert sign_webhook(b"{}", credentials=both) == sign_webhook(
        b"{}", credentials=ClientCredentials("test-client", secret)
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"body": "{}"}, TypeError, "body is str: pass the raw bytes"),
        ({"body": {}}, TypeError, "body is dict"),
        ({"credentials": "secret"}, TypeError, "credentials is str"),
        ({"signed_content": "hex"}, ConfigurationError, "signed_content must be 'base64' or 'raw'"),
        ({"signed_content": None}, ConfigurationError, "signed_content must be 'base64' or 'raw'"),
        ({"digest": "raw"}, ConfigurationError, "digest must be 'hex' or 'base64'"),
        ({"digest": ["hex"]}, ConfigurationError, "digest must be 'hex' or 'base64'"),
    ],
)
def test_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    """An unusable argument is refused with the fix, and no frame keeps the secret for a reporter to show."""
    with pytest.raises(error, match=f"^{message}") as refusal:
        sign_webhook(**{"body": b"{}", "credentials": CREDENTIALS, **arguments})
    for frame, _ in traceback.walk_tb(refusal.value.__traceback__):
        if frame.f_globals["__name__"].startswith("rollout_auth"):
            assert "credentials" not in frame.f_locals


def test_body() -> None:
    """A body is written as ``JSON.stringify`` writes it, which ``json.dumps`` does not."""
    payload = {"event": "peopleCreated", "resourceIds": ["é", "\u2028"], "n": [1, None, True]}
    assert webhook_body(payload) == (
        '{"event":"peopleCreated","resourceIds":["é","\u2028"],"n":[1,null,true]}'.encode()
    )
    assert webhook_body(payload) != json.dumps(payload).encode()
