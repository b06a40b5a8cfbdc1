"""API keys, against the same work by hand for one token, and PyJWT's reading of the same token."""

from __future__ import annotations

from functools import partial

import jwt
from benchmarks.material import SECRET, USER_ID, sign_by_hand
from benchmarks.sampling import call_samplers
from benchmarks.tables import FLOOR, Table

from rollout_auth import ApiKeyIssuer
from rollout_auth.api_keys import API_KEY_TYPE, derived_secret


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
    targets = {
        "ApiKeyIssuer.issue": {},
        "ApiKeyIssuer.authenticate": {"PyJWT's decode of an API key": 0.5},
        "ApiKeyIssuer.refresh": {},
    }
    floor = "a connect token signed by hand, as above"
    return Table("API keys", floor, call_samplers(contenders), targets, rounds)
