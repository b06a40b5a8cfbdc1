"""Other libraries' ways to sign the claims and to verify a token: each with what it can prepare once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import NamedTuple

import jose.jwk
import jose.jwt
import joserfc.jwk
import joserfc.jwt
import jwt
from benchmarks.material import AUTH_DATA, CLIENT_ID, KEY, SECRET, USER_ID, base64url, claims, sign_by_hand


class Peer(NamedTuple):
    sign: Callable[[], object]
    verify: Callable[[], object]


def jwt_peers() -> dict[str, Peer]:
    """Each verifies the token that the floor signs, its issuer included; livekit-api verifies its own."""
    token = sign_by_hand()
    return {
        "PyJWT": pyjwt(token),
        "PyJWT, key object": pyjwt_with_key_object(token),
        "joserfc": joserfc_(token),
        "Authlib": authlib(token),
        "python-jose": python_jose(token),
        "livekit-api, HS256": livekit(),
    }


def pyjwt(token: str) -> Peer:
    return Peer(
        lambda: jwt.encode(claims(), SECRET, algorithm="HS512"),
        lambda: jwt.decode(token, SECRET, algorithms=["HS512"], issuer=CLIENT_ID),
    )


def pyjwt_with_key_object(token: str) -> Peer:
    key = jwt.PyJWK({"kty": "oct", "k": base64url(KEY).decode(), "alg": "HS512"})
    return Peer(
        lambda: jwt.encode(claims(), key, algorithm="HS512"),
        lambda: jwt.decode(token, key, algorithms=["HS512"], issuer=CLIENT_ID),
    )


def joserfc_(token: str) -> Peer:
    key = joserfc.jwk.OctKey.import_key(SECRET)
    algorithms = ["HS512"]
    registry = joserfc.jwt.JWTClaimsRegistry(iss={"essential": True, "value": CLIENT_ID}, exp={"essential": True})

    def verify() -> object:
        decoded = joserfc.jwt.decode(token, key, algorithms=algorithms)
        registry.validate(decoded.claims)
        return decoded.claims

    return Peer(lambda: joserfc.jwt.encode({"alg": "HS512"}, claims(), key, algorithms=algorithms), verify)


def authlib(token: str) -> Peer:
    with warnings.catch_warnings():
        import_module("authlib.deprecate")  # sets a filter that shows its warnings always
        warnings.simplefilter("ignore")
        library = import_module("authlib.jose")
    tokens = library.JsonWebToken(["HS512"])
    key = library.OctKey.import_key(SECRET)
    options = {"iss": {"essential": True, "value": CLIENT_ID}, "exp": {"essential": True}}

    def verify() -> object:
        decoded = tokens.decode(token, key, claims_options=options)
        decoded.validate()
        return decoded

    return Peer(lambda: tokens.encode({"alg": "HS512"}, claims(), key), verify)


def python_jose(token: str) -> Peer:
    key = jose.jwk.construct(SECRET, "HS512")
    return Peer(
        lambda: jose.jwt.encode(claims(), key, algorithm="HS512"),
        lambda: jose.jwt.decode(token, key, algorithms=["HS512"], issuer=CLIENT_ID),
    )


def livekit() -> Peer:
    """Its own shape: HS256, a user's name and grants; the authData travels as its metadata does, as text."""
    library = import_module("livekit.api")
    ttl, metadata = timedelta(hours=1), str(AUTH_DATA)
    grants = library.VideoGrants(room_join=True, room="room-1")

    def sign() -> str:
        token = library.AccessToken(CLIENT_ID, SECRET).with_identity(USER_ID).with_ttl(ttl).with_metadata(metadata)
        return token.with_grants(grants).to_jwt()

    token = sign()
    verifier = library.TokenVerifier(CLIENT_ID, SECRET)
    return Peer(sign, lambda: verifier.verify(token))
