"""``rollout-auth inspect``: show what a connect token contains, and why it is refused."""

from __future__ import annotations

import argparse
from typing import Any

from rollout_auth import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    BadSignatureError,
    ClientCredentials,
    InvalidClaimError,
    MalformedTokenError,
    TokenExpiredError,
    TokenNotYetValidError,
    VerificationError,
    verify_connect_token,
)
from rollout_auth._json import loads_object
from rollout_auth._jws import MAX_TOKEN_LENGTH, read_token
from rollout_auth._time import epoch_seconds, instant
from rollout_auth.connect_token import Namespace
from rollout_auth.credentials import CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE, is_configured

from ._show import as_json, in_words, lifetime, masked_claims, masked_header
from ._streams import printable, read


def add_parser(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "inspect",
        allow_abbrev=False,
        help="show what a token contains, and whether it verifies",
        description="Show a connect token's header, claims (secrets masked) and lifetime and, when credentials are in "
        "the environment, the verdict: verified, or why it is refused and how to fix it.",
        epilog="Exit status: 0 if the token verifies or nothing was verified, 1 if it is refused. "
        "Example: rollout-auth mint user-1 | rollout-auth inspect",
    )
    parser.add_argument(
        "token", metavar="TOKEN", nargs="?", default="-", help="the token, or - for standard input (the default)"
    )
    parser.add_argument(
        "--namespace",
        choices=(NAMESPACE, LEGACY_NAMESPACE),
        default=NAMESPACE,
        help="the claim that should hold authData",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    report = _report(_read_token(arguments.token), arguments.namespace)
    verdict = report["verdict"]
    if arguments.json:
        print(as_json(report))
    else:
        for name in ("header", "claims"):
            print(f"{name}: {as_json(report[name])}")
        print(f"lifetime: {report['lifetime']}")
        print(f"{verdict['status']}: {printable(verdict['reason'])}")
    return 1 if verdict["status"] == "refused" else 0


def _read_token(argument: str) -> bytes:
    """The token without the white space around it; endless input is cut off at a length that no token has."""
    data = read("-", 4 * MAX_TOKEN_LENGTH) if argument == "-" else argument.encode(errors="replace")
    return data.strip()


def _report(token: bytes, namespace: Namespace) -> dict[str, Any]:
    now = epoch_seconds(None)
    header: dict[str, object] = {}
    claims: dict[str, object] = {}
    try:
        header, payload, *_ = read_token(token)
        header = masked_header(header)
        claims = loads_object(payload, "the token's payload", MalformedTokenError)
        verdict = _verdict(token, claims, namespace, now)
    except MalformedTokenError as error:
        verdict = {"status": "refused", "code": error.code, "reason": str(error)}
    return {"header": header, "claims": masked_claims(claims), "lifetime": lifetime(claims, now), "verdict": verdict}


def _verdict(token: bytes, claims: dict[str, object], namespace: Namespace, now: int) -> dict[str, str | None]:
    if not is_configured():
        reason = (
            f"{CLIENT_ID_VARIABLE} and {CLIENT_SECRET_VARIABLE} are not set, so nothing was verified: "
            "anyone could have created this token"
        )
        return {"status": "not verified", "code": None, "reason": reason}
    credentials = ClientCredentials.from_env()
    try:
        verify_connect_token(token, credentials=credentials, namespace=namespace, now=instant(now))
    except VerificationError as error:
        reason = _explanation(error, claims, credentials, now)
        return {"status": "refused", "code": error.code, "reason": reason}
    return {"status": "verified", "code": None, "reason": "signature, claims and lifetime are valid"}


def _explanation(error: VerificationError, claims: dict[str, object], credentials: ClientCredentials, now: int) -> str:
    """Why the token is refused, and the fix; for a signature, what the unverified claims suggest."""
    foreign = claims.get("iss") != credentials.client_id
    if isinstance(error, BadSignatureError) and foreign:
        return f"signed for another client: its iss is not {CLIENT_ID_VARIABLE}; use the credentials of one environment"
    if isinstance(error, BadSignatureError):
        return f"wrong secret: it is for this client id, but another secret signed it; compare {CLIENT_SECRET_VARIABLE}"
    if isinstance(error, InvalidClaimError) and error.claim == "iss" and "iss" in claims:
        return f"wrong client id: the secret is right, but its iss is not {CLIENT_ID_VARIABLE}; copy both again"
    if isinstance(error, TokenNotYetValidError):
        ahead = epoch_seconds(error.valid_from) - now
        return f"clock off by {ahead} seconds: the token becomes valid in {in_words(ahead)}; set both clocks (NTP)"
    if isinstance(error, TokenExpiredError):
        behind = now - epoch_seconds(error.expired_at)
        return (
            f"expired {in_words(behind)} ago: sign a new one; if it is new, a clock is off by at least {behind} seconds"
        )
    return str(error)
