"""Targets for API keys and refresh tokens: as they arrive, and with correctly signed content of any kind."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from rollout_auth import ApiKeyGrant, ApiKeyIssuer, AuthData, InvalidApiKeyError, InvalidRefreshTokenError
from rollout_auth.api_keys import derived_secret

from .common import NOW, TYPES, VECTORS, read_by_pyjwt, signed, verdict

_SECRETS = [VECTORS["apiKeys"]["secret"], VECTORS["apiKeys"]["previousSecret"]]
_ISSUER = ApiKeyIssuer(_SECRETS)
_KEYS, _REFRESHES = (
    [derived_secret(secret, TYPES[kind]) for secret in _SECRETS] for kind in ("API key", "refresh token")
)
_HEADERS = {kind: f'{{"alg":"HS512","typ":"{TYPES[kind]}"}}'.encode() for kind in TYPES}
_CLAIMS = f'{{"sub":"user-1","gid":"g","gat":0,"iat":{NOW.timestamp():.0f},"exp":{NOW.timestamp() + 60:.0f}}}'.encode()


def api_key(data: bytes) -> None:
    """Text and bytes of a key get the same verdict: InvalidApiKeyError, or the grant that PyJWT reads in it."""
    text = data.decode("latin-1")
    judged = verdict(partial(_ISSUER.authenticate, data, now=NOW))
    assert judged == verdict(partial(_ISSUER.authenticate, text, now=NOW))
    _check_key(judged, text)


def api_key_claims(data: bytes) -> None:
    """A signed payload of any bytes raises InvalidApiKeyError, or is an unexpired grant as PyJWT reads it."""
    token = signed(data, _KEYS[0], header=_HEADERS["API key"])
    _check_key(verdict(partial(_ISSUER.authenticate, token, now=NOW)), token)


def api_key_header(data: bytes) -> None:
    """A signed key with any bytes as header raises InvalidApiKeyError, or PyJWT reads the type of a key in it."""
    token = signed(_CLAIMS, _KEYS[0], header=data)
    _check_key(verdict(partial(_ISSUER.authenticate, token, now=NOW)), token)


def refresh_token(data: bytes) -> None:
    """Any text raises InvalidRefreshTokenError, or renews the grant that PyJWT reads in it."""
    text = data.decode("latin-1")
    _check_refresh(verdict(partial(_ISSUER.refresh, text, now=NOW)), text)


def refresh_token_claims(data: bytes) -> None:
    """A signed payload of any bytes raises InvalidRefreshTokenError, or renews the grant and extra in it."""
    token = signed(data, _REFRESHES[0], header=_HEADERS["refresh token"])
    _check_refresh(verdict(partial(_ISSUER.refresh, token, now=NOW)), token)


def _check_key(judged: object, token: str) -> None:
    if isinstance(judged, ApiKeyGrant):
        read = read_by_pyjwt(token, _KEYS)
        claims = read["payload"]
        assert read["header"]["typ"] == TYPES["API key"]
        assert (judged.grant_id, judged.user_id) == (claims["gid"], claims["sub"])
        assert (judged.issued_at.timestamp(), judged.expires_at.timestamp()) == (claims["iat"], claims["exp"])
        assert judged.granted_at == datetime.fromtimestamp(0, NOW.tzinfo) + timedelta(milliseconds=claims["gat"])
        assert claims["iat"] - 86_400 <= NOW.timestamp() < claims["exp"]
    else:
        assert issubclass(judged, InvalidApiKeyError)


def _check_refresh(judged: object, token: str) -> None:
    if isinstance(judged, AuthData):
        claims = read_by_pyjwt(token, _REFRESHES)["payload"]
        grant = _ISSUER.authenticate(judged.api_key, now=NOW)
        assert (grant.grant_id, grant.user_id) == (claims["gid"], claims["sub"])
        assert grant.granted_at == datetime.fromtimestamp(0, NOW.tzinfo) + timedelta(milliseconds=claims["gat"])
        assert dict(judged.extra) == claims.get("ext", {})
        assert claims["iat"] - 86_400 <= NOW.timestamp() < claims["exp"]
    else:
        assert judged is InvalidRefreshTokenError
