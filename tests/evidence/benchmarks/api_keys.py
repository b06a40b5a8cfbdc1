"""API keys, against the same work by hand for one token, and PyJWT's reading of the same token."""

from __future__ import annotations

from functools import partial

import jwt
from benchmarks.headers import PLAIN
from benchmarks.material import CLIENT_ID, SECRET, USER_ID, claims, sign_by_hand
from benchmarks.sampling import call_samplers
from benchmarks.tables import FLOOR, Table

from rollout_auth import ApiKeyIssuer, ClientCredentials, RequestVerifier, RolloutAuth
from rollout_auth.api_keys import API_KEY_TYPE, derived_secret

VERIFICATION_TOKEN = "verification-token-of-the-dashboard"


def headers_of_a_call(api_key: str) -> dict[str, object]:
    """Twenty headers of a call with a key, in three shapes."""
    others = dict(list(PLAIN.items())[:18])
    plain = {**others, "X-Rollout-Verification-Token": VERIFICATION_TOKEN, "Authorization": f"Bearer {api_key}"}
    environ = {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in plain.items()}
    pairs = [(key.lower().encode(), value.encode()) for key, value in plain.items()]
    return {"dict": plain, "WSGI environ": {"REQUEST_METHOD": "GET", **environ}, "ASGI pairs": pairs}


def api_key_table(rounds: int) -> Table:
    issuer = ApiKeyIssuer(SECRET)
    auth_data = issuer.issue(USER_ID)
    api_key, refresh_token = auth_data.api_key, auth_data.refresh_token or ""
    secret = derived_secret(SECRET, API_KEY_TYPE)
    contenders = {
        FLOOR: sign_by_hand,
        "ApiKeyIssuer.issue": partial(issuer.issue, USER_ID),
        "ApiKeyIssuer.authenticate": partial(issuer.authenticate, api_key),
        "ApiKeyIssuer.refresh": partial(issuer.refresh, refresh_token),
        "PyJWT's decode of an API key": lambda: jwt.decode(api_key, secret, algorithms=["HS512"]),
    }
    rollout = RolloutAuth(ClientCredentials(CLIENT_ID, SECRET), RequestVerifier(VERIFICATION_TOKEN), issuer)
    requests = headers_of_a_call(api_key)
    contenders |= {
        **{f"RolloutAuth.authenticate, {shape}": partial(rollout.authenticate, requests[shape]) for shape in requests},
        "RolloutAuth.connect": partial(rollout.connect, USER_ID),
        "three tokens by PyJWT's encode": lambda: [jwt.encode(claims(), SECRET, algorithm="HS512") for _ in range(3)],
    }
    targets = {
        **{f"RolloutAuth.authenticate, {shape}": {"PyJWT's decode of an API key": 0.7} for shape in requests},
        "RolloutAuth.connect": {"three tokens by PyJWT's encode": 0.5},
        "ApiKeyIssuer.issue": {},
        "ApiKeyIssuer.authenticate": {"PyJWT's decode of an API key": 0.5},
        "ApiKeyIssuer.refresh": {},
    }
    floor = "a connect token signed by hand, as above"
    return Table("API keys", floor, call_samplers(contenders), targets, rounds)
