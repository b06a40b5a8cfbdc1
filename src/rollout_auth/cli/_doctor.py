"""``rollout-auth doctor``: find what is wrong with the environment variables."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from rollout_auth import ConfigurationError
from rollout_auth._jws import pyjwt_hs512
from rollout_auth._text import RECOMMENDED_SECRET_BYTES, setting_problem
from rollout_auth.credentials import (
    CLIENT_ID_VARIABLE,
    CLIENT_SECRET_VARIABLE,
    PREVIOUS_CLIENT_SECRET_VARIABLE,
    pair_problem,
)
from rollout_auth.verification import (
    PREVIOUS_VERIFICATION_TOKEN_VARIABLE,
    VERIFICATION_TOKEN_VARIABLE,
    token_problem,
)

from ._show import as_json


class Finding(NamedTuple):
    """What there is to say about one variable, or about PyJWT: ``ok``, ``note`` (can stay) or ``fix`` (must not)."""

    variable: str
    level: str
    text: str


def add_parser(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "doctor",
        allow_abbrev=False,
        help="check the environment variables",
        description="Check the environment variables that hold the credentials and, if they are set, the verification "
        "tokens. Finds missing values, white space, quotes, placeholders, variable names and keys of another kind that "
        "were copied by mistake, an id and a secret that are swapped, and short secrets. Also checks that PyJWT works. "
        "Shows no values.",
        epilog="Exit status: 0 if tokens can be signed, 1 if something must be fixed.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    findings = examine(os.environ)
    if arguments.json:
        print(as_json([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            print(f"{finding.level:4}  {finding.variable} {finding.text}")
    return 1 if any(finding.level == "fix" for finding in findings) else 0


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """One finding for each variable and for PyJWT, and one for each further problem, such as two equal variables."""
    client_id = environ.get(CLIENT_ID_VARIABLE, "")
    secret = environ.get(CLIENT_SECRET_VARIABLE, "")
    previous = environ.get(PREVIOUS_CLIENT_SECRET_VARIABLE, "")
    findings = [
        _finding(CLIENT_ID_VARIABLE, client_id, setting_problem(client_id)),
        _finding(CLIENT_SECRET_VARIABLE, secret, setting_problem(secret)),
    ]
    if previous:
        findings.append(_finding(PREVIOUS_CLIENT_SECRET_VARIABLE, previous, setting_problem(previous)))
    problem = pair_problem(client_id, (secret, previous)) if client_id and secret else None
    if problem:
        findings.append(Finding(CLIENT_ID_VARIABLE, "fix", problem))
    for variable, value in ((CLIENT_SECRET_VARIABLE, secret), (PREVIOUS_CLIENT_SECRET_VARIABLE, previous)):
        if 0 < len(value.encode(errors="replace")) < RECOMMENDED_SECRET_BYTES:
            text = (
                f"has fewer than {RECOMMENDED_SECRET_BYTES} bytes: check that you copied it all (RFC 7518 section 3.2)"
            )
            findings.append(Finding(variable, "note", text))
    if previous and previous == secret:
        text = f"is the same as {CLIENT_SECRET_VARIABLE}: set it to the earlier secret, or unset it"
        findings.append(Finding(PREVIOUS_CLIENT_SECRET_VARIABLE, "note", text))
    findings.extend(
        _finding(variable, token, token_problem(token))
        for variable in (VERIFICATION_TOKEN_VARIABLE, PREVIOUS_VERIFICATION_TOKEN_VARIABLE)
        if (token := environ.get(variable))
    )
    return [*findings, *_pyjwt()]


def _pyjwt() -> list[Finding]:
    try:
        pyjwt_hs512()
    except ConfigurationError as error:
        return [Finding("PyJWT", "fix", str(error).removeprefix("PyJWT "))]
    return [Finding("PyJWT", "ok", "works")]


def _finding(variable: str, value: str, problem: str | None) -> Finding:
    if not value:
        return Finding(variable, "fix", "is not set: copy it from the Configuration page of the Rollout dashboard")
    return Finding(variable, "fix" if problem else "ok", problem or "is set")
