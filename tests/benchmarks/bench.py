"""Speed as ratios: to a floor, which is what anyone would write by hand, and to other JWT libraries.

Run it on an installed wheel, whose bytecode pip compiles (the pinned peers need Python 3.11, ``--group`` pip 25.1)::

    python -m venv .venv-bench
    .venv-bench/bin/python -m pip install --upgrade pip
    .venv-bench/bin/python -m pip install --group bench .
    .venv-bench/bin/python tests/benchmarks/bench.py    # --quick: a tenth of the rounds; --json: for programs

In each round of a table every contender is timed once, one after the other; a contender's time is the least of its
rounds, and a ratio is that of two such times, so what else the machine does hits all contenders alike. The targets
stand beside the ratios, and nothing is asserted. What is not installed is left out, with a note.

PyJWT checks the key's shape at each call, and for longer where ``cryptography`` is installed, which Authlib and joserfc
need: for the ratio to PyJWT without it, run this once more in an environment that has only the wheel.

An import is timed around the statement, in a fresh interpreter. ``import jwt`` without ``cryptography`` has None for it
in ``sys.modules``: that fails a little sooner than a search, so the ratio to it is not flattered.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import platform
import subprocess
import sys
import sysconfig
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from timeit import Timer
from typing import NamedTuple

import jwt

import rollout_auth
from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    ClientCredentials,
    ConnectTokenSigner,
    RequestVerifier,
    generate_connect_token,
    verify_connect_token,
    verify_webhook,
)
from rollout_auth._grants import API_KEY_TYPE
from rollout_auth._hmac import derived_secret

CALL_ROUNDS, IMPORT_ROUNDS = 200, 40
SAMPLE_SECONDS = 0.002
PACKAGES = ("rollout-auth", "PyJWT", "cryptography", "Authlib", "joserfc", "python-jose")
FLOOR = "floor"

SECRET = "9f2c7a51e0d84b36" * 4
KEY = SECRET.encode()
CLIENT_ID = "5d0c1f5e-6f0b-4f0e-9a43-2f4f2c9b7a11"
USER_ID = "user-48213"
API_KEY = "key_4f9d2b7c8a1e6035d2c9"
REFRESH_TOKEN = "refresh_71b0c4d95e8f2a3647a1"
HEADERS = {f"X-Header-{number}": "some value" for number in range(19)}
DELIVERY = {
    "Host": "partner.example",
    "User-Agent": "client/1.0",
    "Accept": "*/*",
    "Content-Type": "application/json",
    "Content-Length": "1125",
}
AUTH_DATA = {"apiKey": API_KEY, "refreshToken": REFRESH_TOKEN, "expiresIn": 3600}

Call = Callable[[], object]
Sampler = Callable[[], float]


class Table(NamedTuple):
    """What is measured side by side."""

    name: str
    samplers: dict[str, Sampler]
    """Each takes the seconds of one contender once; the floor is among them."""
    targets: dict[str, dict[str, float]]
    """For a contender, the highest ratios to others."""
    rounds: int


class Peer(NamedTuple):
    """Another library's way to sign the claims and to verify a token."""

    sign: Call
    verify: Callable[[str], object]


class Row(NamedTuple):
    """A contender's time, and its ratios to those that some target names."""

    microseconds: float
    ratios: dict[str, float]
    targets: dict[str, float]


def claims() -> dict[str, object]:
    now = int(time.time())
    return {"iss": CLIENT_ID, "sub": USER_ID, "iat": now, "exp": now + 3600, "rollout.com": {"authData": AUTH_DATA}}


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unbase64url(data: bytes) -> bytes:
    return base64.urlsafe_b64decode(data + b"==")


def sign_by_hand() -> str:
    header = json.dumps({"alg": "HS512", "typ": "JWT"}, separators=(",", ":"))
    payload = json.dumps(claims(), separators=(",", ":"))
    message = base64url(header.encode()) + b"." + base64url(payload.encode())
    return (message + b"." + base64url(hmac.digest(KEY, message, "sha512"))).decode()


def verify_by_hand(token: str) -> object:
    message, _, signature = token.encode().rpartition(b".")
    if not hmac.compare_digest(hmac.digest(KEY, message, "sha512"), unbase64url(signature)):
        raise ValueError("the signature does not match")
    return json.loads(unbase64url(message.partition(b".")[2]))


def pyjwt() -> Peer:
    return Peer(
        lambda: jwt.encode(claims(), SECRET, algorithm="HS512"),
        lambda token: jwt.decode(token, SECRET, algorithms=["HS512"]),
    )


def pyjwt_with_key_object() -> Peer:
    key = jwt.PyJWK({"kty": "oct", "k": base64url(KEY).decode(), "alg": "HS512"})
    return Peer(
        lambda: jwt.encode(claims(), key, algorithm="HS512"),
        lambda token: jwt.decode(token, key, algorithms=["HS512"]),
    )


def joserfc() -> Peer:
    library = import_module("joserfc.jwt")
    key = import_module("joserfc.jwk").OctKey.import_key(SECRET)
    registry = library.JWTClaimsRegistry(iss={"essential": True, "value": CLIENT_ID}, exp={"essential": True})

    def verify(token: str) -> object:
        decoded = library.decode(token, key, algorithms=["HS512"])
        registry.validate(decoded.claims)
        return decoded.claims

    return Peer(lambda: library.encode({"alg": "HS512"}, claims(), key, algorithms=["HS512"]), verify)


def authlib() -> Peer:
    with warnings.catch_warnings():
        import_module("authlib.deprecate")  # sets a filter that shows its warnings always
        warnings.simplefilter("ignore")
        jose = import_module("authlib.jose")
    library = jose.JsonWebToken(["HS512"])
    key = jose.OctKey.import_key(SECRET)
    options = {"iss": {"essential": True, "value": CLIENT_ID}, "exp": {"essential": True}}

    def verify(token: str) -> object:
        decoded = library.decode(token, key, claims_options=options)
        decoded.validate()
        return decoded

    return Peer(lambda: library.encode({"alg": "HS512"}, claims(), key), verify)


def python_jose() -> Peer:
    library = import_module("jose.jwt")
    key = import_module("jose.jwk").construct(SECRET, "HS512")
    return Peer(
        lambda: library.encode(claims(), key, algorithm="HS512"),
        lambda token: library.decode(token, key, algorithms=["HS512"], issuer=CLIENT_ID),
    )


PEERS = {"joserfc": joserfc, "Authlib": authlib, "python-jose": python_jose}


def installed_peers(notes: list[str]) -> dict[str, Peer]:
    installed = {name: load for name, load in PEERS.items() if installed_version(name)}
    notes.extend(f"Left out, because it is not installed: {name}." for name in PEERS if name not in installed)
    return {"PyJWT": pyjwt(), "PyJWT, key object": pyjwt_with_key_object()} | {
        name: load() for name, load in installed.items()
    }


def sign_table(peers: dict[str, Peer]) -> Table:
    signer = ConnectTokenSigner(ClientCredentials(CLIENT_ID, SECRET))
    auth_data = AuthData(API_KEY, REFRESH_TOKEN, 3600)
    contenders: dict[str, Call] = {
        FLOOR: sign_by_hand,
        "ConnectTokenSigner.sign": partial(signer.sign, USER_ID, auth_data),
        "AuthData and ConnectTokenSigner.sign": lambda: signer.sign(USER_ID, AuthData(API_KEY, REFRESH_TOKEN, 3600)),
        "generate_connect_token, environment": partial(generate_connect_token, USER_ID, auth_data),
        **{name: peer.sign for name, peer in peers.items()},
    }
    targets = {
        "ConnectTokenSigner.sign": {FLOOR: 0.7, "PyJWT": 0.2},
        "generate_connect_token, environment": {FLOOR: 1.0},
    }
    return Table("Sign a connect token", call_samplers(contenders), targets, CALL_ROUNDS)


def verify_table(peers: dict[str, Peer]) -> Table:
    token = sign_by_hand()
    credentials = ClientCredentials(CLIENT_ID, SECRET)
    ours: dict[str, Call] = {
        "verify_connect_token": partial(verify_connect_token, token, credentials=credentials),
        "verify_connect_token, environment": partial(verify_connect_token, token),
    }
    contenders: dict[str, Call] = {
        FLOOR: partial(verify_by_hand, token),
        **ours,
        **{name: partial(peer.verify, token) for name, peer in peers.items()},
    }
    targets = {name: {"PyJWT": 1.3} for name in ours}
    return Table("Verify a connect token", call_samplers(contenders), targets, CALL_ROUNDS)


def webhook_table(size: int, name: str, limit: float) -> Table:
    """A webhook about as many resources as make its size, under the headers of a plain client."""
    event = {"eventId": "e-1", "eventCreated": "2026-01-01T00:00:00.000Z", "event": "peopleCreated", "uri": "https://x"}
    ids = [f"5d0c1f5e-6f0b-4f0e-9a43-{number:012d}" for number in range(size // 40)]
    body = json.dumps({**event, "resourceIds": ids}).encode()
    headers = {**DELIVERY, "X-Rollout-Signature": hmac.digest(KEY, base64.b64encode(body), "sha256").hex()}
    credentials = ClientCredentials(CLIENT_ID, SECRET)
    contenders: dict[str, Call] = {
        FLOOR: lambda: (hmac.digest(KEY, base64.b64encode(body), "sha256"), json.loads(body)),
        "verify_webhook": partial(verify_webhook, body, headers, credentials=credentials),
    }
    return Table(
        f"Verify a webhook of {name}", call_samplers(contenders), {"verify_webhook": {FLOOR: limit}}, CALL_ROUNDS
    )


def verification_token_table() -> Table:
    """Twenty headers in each shape; the floor is one HMAC of 500 bytes."""
    name = "X-Rollout-Verification-Token"
    verifier = RequestVerifier(SECRET)
    headers = {**HEADERS, name: SECRET}
    environ = {"REQUEST_METHOD": "POST", **{f"HTTP_{key.upper().replace('-', '_')}": headers[key] for key in headers}}
    pairs = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    content = bytes(500)
    contenders: dict[str, Call] = {
        FLOOR: lambda: hmac.digest(KEY, content, "sha512"),
        "RequestVerifier.verify, dict": partial(verifier.verify, headers),
        "RequestVerifier.verify, WSGI environ": partial(verifier.verify, environ),
        "RequestVerifier.verify, ASGI pairs": partial(verifier.verify, pairs),
        "RequestVerifier.verify_token": partial(verifier.verify_token, SECRET),
    }
    targets = {"RequestVerifier.verify, dict": {FLOOR: 2.5}}
    return Table("Verify a verification token", call_samplers(contenders), targets, CALL_ROUNDS)


def api_key_table() -> Table:
    """API keys, against the same work by hand for one token, and PyJWT's reading of the same token."""
    issuer = ApiKeyIssuer(SECRET)
    auth_data = issuer.issue(USER_ID)
    api_key, refresh_token = auth_data.api_key, auth_data.refresh_token or ""
    secret = derived_secret(SECRET, API_KEY_TYPE)
    contenders: dict[str, Call] = {
        FLOOR: sign_by_hand,
        "jwt.decode of an API key": lambda: jwt.decode(api_key, secret, algorithms=["HS512"]),
        "ApiKeyIssuer.issue": partial(issuer.issue, USER_ID),
        "ApiKeyIssuer.authenticate": partial(issuer.authenticate, api_key),
        "ApiKeyIssuer.refresh": partial(issuer.refresh, refresh_token),
    }
    targets = {"ApiKeyIssuer.authenticate": {"jwt.decode of an API key": 1.3}}
    return Table("API keys", call_samplers(contenders), targets, CALL_ROUNDS)


def import_table(notes: list[str]) -> Table:
    samplers = {
        FLOOR: import_sampler("import dataclasses, json, hmac, base64, datetime, typing"),
        "import rollout_auth": import_sampler("import rollout_auth"),
        "import jwt, no cryptography": import_sampler("import jwt", setup="sys.modules['cryptography'] = None"),
        "import jwt, cryptography": import_sampler("import jwt"),
    }
    if not installed_version("cryptography"):
        del samplers["import jwt, cryptography"]
        notes.append("Left out, because cryptography is not installed: import jwt with it.")
    limits = {FLOOR: 1.3, "import jwt, no cryptography": 0.75, "import jwt, cryptography": 0.4}
    return Table("Import", samplers, {"import rollout_auth": limits}, IMPORT_ROUNDS)


def call_samplers(contenders: dict[str, Call]) -> dict[str, Sampler]:
    return {name: call_sampler(function) for name, function in contenders.items()}


def call_sampler(function: Call) -> Sampler:
    """The mean over a few milliseconds of calls, with the garbage collector off, as ``timeit`` has it."""
    timer = Timer(function)
    calls, seconds = timer.autorange()
    calls = max(1, round(calls * SAMPLE_SECONDS / seconds))
    return lambda: timer.timeit(calls) / calls


def import_sampler(statement: str, *, setup: str = "pass") -> Sampler:
    """One run in a fresh interpreter, which finds the modules that this one finds."""
    code = (
        f"import gc, sys, time; sys.path[:] = {sys.path[1:]!r}; gc.disable(); {setup}\n"
        f"start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-I", "-c", code]
    return lambda: float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def measured(table: Table, rounds: int) -> dict[str, Row]:
    samples = [[sampler() for sampler in table.samplers.values()] for _ in range(rounds)]
    seconds = dict(zip(table.samplers, map(min, zip(*samples, strict=True)), strict=True))
    compared = {FLOOR: None} | {name: None for limits in table.targets.values() for name in limits if name in seconds}
    return {
        name: Row(
            round(value * 1e6, 2),
            {other: round(value / seconds[other], 3) for other in compared},
            table.targets.get(name, {}),
        )
        for name, value in seconds.items()
    }


def markdown(name: str, rows: dict[str, Row]) -> list[str]:
    others = list(rows[FLOOR].ratios)
    return [
        f"| {name} | µs | {' | '.join(f'ratio to {other}' for other in others)} |",
        f"| --- | ---: |{' ---: |' * len(others)}",
        *(
            f"| {label} | {row.microseconds:.1f} | {' | '.join(cell(row, other) for other in others)} |"
            for label, row in rows.items()
        ),
    ]


def cell(row: Row, other: str) -> str:
    target = f" (target <= {row.targets[other]:.2f})" if other in row.targets else ""
    return f"{row.ratios[other]:.2f}{target}"


def installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def installation_notes() -> list[str]:
    path = Path(rollout_auth.__file__)
    if path.is_relative_to(sysconfig.get_path("purelib")):
        return []
    return [f"This is not an installed wheel: rollout_auth is imported from {path.parent}."]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speed as ratios to a floor and to other JWT libraries.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    options = parser.parse_args()

    os.environ.update(ROLLOUT_CLIENT_ID=CLIENT_ID, ROLLOUT_CLIENT_SECRET=SECRET)
    os.environ.pop("ROLLOUT_PREVIOUS_CLIENT_SECRET", None)
    notes = installation_notes()
    peers = installed_peers(notes)
    tables = (
        sign_table(peers),
        verify_table(peers),
        webhook_table(1024, "1 KiB", 1.5),
        webhook_table(1024 * 1024, "1 MiB", 1.15),
        verification_token_table(),
        api_key_table(),
        import_table(notes),
    )
    results = {table.name: measured(table, table.rounds // 10 if options.quick else table.rounds) for table in tables}
    versions = {"Python": platform.python_version()} | {name: installed_version(name) for name in PACKAGES}
    if options.json:
        tables_as_dicts = {
            name: {label: row._asdict() for label, row in rows.items()} for name, rows in results.items()
        }
        text = json.dumps({"versions": versions, "notes": notes, "tables": tables_as_dicts}, indent=2)
    else:
        header = ", ".join(f"{name} {number or '(not installed)'}" for name, number in versions.items())
        blocks = [[header], [f"- {note}" for note in notes], *(markdown(*item) for item in results.items())]
        text = "\n\n".join("\n".join(lines) for lines in blocks if lines)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
