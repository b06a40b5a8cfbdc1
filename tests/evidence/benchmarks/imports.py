"""Imports, and the first token of a process: each in a fresh interpreter."""

from __future__ import annotations

from benchmarks.material import API_KEY, AUTH_DATA, REFRESH_TOKEN, USER_ID
from benchmarks.sampling import import_sampler
from benchmarks.tables import FLOOR, Table

STANDARD_LIBRARY = "import dataclasses, json, hmac, base64, datetime, typing"
MODULES = (
    "joserfc.jwt",
    "authlib.jose",
    "jose.jwt",
    "livekit.api",
    "stripe",
    "slack_sdk.signature",
    "standardwebhooks",
)


def import_table(rounds: int) -> Table:
    """``import jwt`` without ``cryptography`` has None for it in ``sys.modules``: that fails sooner than a search."""
    samplers = {
        FLOOR: import_sampler(STANDARD_LIBRARY),
        "import rollout_auth": import_sampler("import rollout_auth"),
        "import jwt, no cryptography": import_sampler("import jwt", setup="sys.modules['cryptography'] = None"),
        "import jwt, cryptography": import_sampler("import jwt"),
        **{f"import {module}": import_sampler(f"import {module}") for module in MODULES},
    }
    limits = {FLOOR: 1.4, "import jwt, no cryptography": 0.8, "import jwt, cryptography": 0.8}
    return Table("Import", f"`{STANDARD_LIBRARY}`", samplers, {"import rollout_auth": limits}, rounds)


def first_token_table(rounds: int) -> Table:
    """What a short-lived process pays: the import, and one token, with credentials from the environment."""
    ours = (
        "from rollout_auth import AuthData, generate_connect_token;"
        f" generate_connect_token({USER_ID!r}, AuthData({API_KEY!r}, {REFRESH_TOKEN!r}, 3600))"
    )
    claims = f'{{"iss": os.environ["ROLLOUT_CLIENT_ID"], "sub": {USER_ID!r}, "iat": now, "exp": now + 3600,'
    pyjwt = (
        "import jwt, os; now = int(time.time());"
        f' jwt.encode({claims} "rollout.com": {{"authData": {AUTH_DATA!r}}}}},'
        ' os.environ["ROLLOUT_CLIENT_SECRET"], algorithm="HS512")'
    )
    without = "sys.modules['cryptography'] = None"
    samplers = {
        FLOOR: import_sampler(pyjwt, setup=without),
        "generate_connect_token": import_sampler(ours),
        "PyJWT, cryptography installed": import_sampler(pyjwt),
    }
    limits = {FLOOR: 0.85, "PyJWT, cryptography installed": 0.5}
    floor = "the same by PyJWT, without cryptography"
    return Table("First token of a process", floor, samplers, {"generate_connect_token": limits}, rounds)
