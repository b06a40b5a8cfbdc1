"""Targets for connect tokens: as they arrive, and with correctly signed content of any kind."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial

import jwt

from rollout_auth import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    ConnectToken,
    InvalidClaimError,
    MalformedTokenError,
    connect_token_response,
    verify_connect_token,
)
from rollout_auth.connect_token import Namespace

from .common import CREDENTIALS, NOW, SECRET, read_by_pyjwt, signed, verdict

_CLAIMS = {"iss": CREDENTIALS.client_id, "sub": "user-1", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}
_PAYLOAD = json.dumps(_CLAIMS).encode()


def connect_token(data: bytes) -> None:
    """Text and bytes of a token get the same verdict, and an accepted token says what PyJWT reads in it."""
    judged = verdict(partial(verify_connect_token, data, credentials=CREDENTIALS, now=NOW))
    text = data.decode("latin-1")
    assert judged == verdict(partial(verify_connect_token, text, credentials=CREDENTIALS, now=NOW))
    _check(judged, text, NAMESPACE)


def connect_token_claims(data: bytes) -> None:
    """A signed payload of any bytes is refused, or the token says what PyJWT reads in it, while it is valid."""
    token = signed(data)
    namespace: Namespace = LEGACY_NAMESPACE if b"rollouthq" in data else NAMESPACE
    judged = verdict(partial(verify_connect_token, token, credentials=CREDENTIALS, namespace=namespace, now=NOW))
    _check(judged, token, namespace)


def connect_token_header(data: bytes) -> None:
    """A signed token with any bytes as header is refused, or the header names only HS512 and JWT, for PyJWT too."""
    token = signed(_PAYLOAD, header=data)
    judged = verdict(partial(verify_connect_token, token, credentials=CREDENTIALS, now=NOW))
    if isinstance(judged, ConnectToken):
        header = read_by_pyjwt(token, [SECRET])["header"]
        assert (header["alg"], header.get("typ", "JWT"), "crit" in header) == ("HS512", "JWT", False)
        _check(judged, token, NAMESPACE)


def token_response(data: bytes) -> None:
    """For any payload, the browser gets the token with the expiry that PyJWT reads in it, or one of two errors."""
    token = signed(data)
    try:
        response = connect_token_response(token)
    except (MalformedTokenError, InvalidClaimError):
        return
    claims = jwt.decode(token, options={"verify_signature": False})
    end = datetime.fromtimestamp(0, NOW.tzinfo) + timedelta(seconds=claims["exp"])
    assert json.loads(response.body) == {"token": token, "expiresAt": end.isoformat()}


def _check(judged: object, token: str, namespace: str) -> None:
    if not isinstance(judged, ConnectToken):
        return
    claims = read_by_pyjwt(token, CREDENTIALS.secrets)["payload"]
    fields = claims.get(namespace, {})
    auth_data = judged.auth_data and judged.auth_data.to_dict()
    assert (judged.client_id, judged.user_id) == (claims["iss"], claims["sub"])
    assert (judged.issued_at.timestamp(), judged.expires_at.timestamp()) == (claims["iat"], claims["exp"])
    assert json.dumps(auth_data, sort_keys=True) == json.dumps(fields.get("authData"), sort_keys=True)
    assert judged.dev == (namespace == LEGACY_NAMESPACE and fields.get("dev", False))
    assert (judged.claims, "aud" in claims) == (claims, False)
    now = NOW.timestamp()
    assert max(claims["iat"], claims.get("nbf", 0)) - 60 <= now < claims["exp"] + 60 <= claims["iat"] + 3661
