"""Imports: each in a fresh interpreter."""

from __future__ import annotations

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
    limits = {FLOOR: 1.3, "import jwt, no cryptography": 0.75, "import jwt, cryptography": 0.4}
    return Table("Import", f"`{STANDARD_LIBRARY}`", samplers, {"import rollout_auth": limits}, rounds)
