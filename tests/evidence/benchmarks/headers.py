"""Twenty headers in three shapes: to find one of them, and to verify the token that it holds."""

from __future__ import annotations

import hmac
from functools import partial

from benchmarks.material import KEY, SECRET
from benchmarks.sampling import call_samplers
from benchmarks.tables import FLOOR, Table
from django.http.request import HttpHeaders
from starlette.datastructures import Headers
from werkzeug.datastructures import EnvironHeaders
from werkzeug.datastructures import Headers as WerkzeugHeaders

from rollout_auth import BadVerificationTokenError, RequestVerifier
from rollout_auth.headers import header_value

NAME = "X-Rollout-Verification-Token"
LOWER, VARIABLE = NAME.lower(), "HTTP_X_ROLLOUT_VERIFICATION_TOKEN"
PLAIN = {**{f"X-Header-{number}": "some value" for number in range(19)}, NAME: SECRET}
ENVIRON = {"REQUEST_METHOD": "POST", **{f"HTTP_{key.upper().replace('-', '_')}": PLAIN[key] for key in PLAIN}}
PAIRS = [(key.lower().encode(), value.encode()) for key, value in PLAIN.items()]


def lookup_table(rounds: int) -> Table:
    """Other libraries build an object of each request's headers, and then look into it: both are timed."""
    found = partial(header_value, name=LOWER, error=BadVerificationTokenError)
    ours = {
        "dict: rollout_auth": partial(found, PLAIN),
        "WSGI environ: rollout_auth": partial(found, ENVIRON),
        "ASGI pairs: rollout_auth": partial(found, PAIRS),
    }
    contenders = {
        FLOOR: lambda: {key.lower(): value for key, value in PLAIN.items()}.get(LOWER),
        **ours,
        "dict: Werkzeug Headers(...).get": lambda: WerkzeugHeaders(PLAIN).get(NAME),
        "dict: Starlette Headers(...).get": lambda: Headers(PLAIN).get(NAME),
        "WSGI environ: by hand": lambda: ENVIRON.get(VARIABLE),
        "WSGI environ: Werkzeug EnvironHeaders(...).get": lambda: EnvironHeaders(ENVIRON).get(NAME),
        "WSGI environ: Django HttpHeaders(...).get": lambda: HttpHeaders(ENVIRON).get(NAME),
        "ASGI pairs: by hand": lambda: dict(PAIRS).get(LOWER.encode(), b"").decode("latin-1"),
        "ASGI pairs: Starlette Headers(raw=...).get": lambda: Headers(raw=PAIRS).get(NAME),
    }
    floor = "a dict's names put in lower case, and `get`"
    return Table("Find one of 20 headers", floor, call_samplers(contenders), {name: {} for name in ours}, rounds)


def verification_token_table(rounds: int) -> Table:
    verifier = RequestVerifier(SECRET)
    content = bytes(500)
    ours = {
        "RequestVerifier.verify, dict": partial(verifier.verify, PLAIN),
        "RequestVerifier.verify, WSGI environ": partial(verifier.verify, ENVIRON),
        "RequestVerifier.verify, ASGI pairs": partial(verifier.verify, PAIRS),
        "RequestVerifier.verify_token": partial(verifier.verify_token, SECRET),
    }
    contenders = {FLOOR: lambda: hmac.digest(KEY, content, "sha512"), **ours}
    targets = {name: {} for name in ours} | {"RequestVerifier.verify, dict": {FLOOR: 2.5}}
    floor = "`hmac.digest` of 500 bytes"
    return Table("Verify a verification token", floor, call_samplers(contenders), targets, rounds)
