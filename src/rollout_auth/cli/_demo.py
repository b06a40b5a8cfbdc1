"""``rollout-auth demo``: a connect token from its making to its refusal, without any configuration."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from secrets import token_urlsafe
from typing import Any

from rollout_auth import (
    AuthData,
    ClientCredentials,
    VerificationError,
    generate_connect_token,
    verify_connect_token,
)
from rollout_auth._checks import epoch_seconds
from rollout_auth._json import loads_object
from rollout_auth._jws import read_token

from ._show import as_json, lifetime, masked, masked_claims, masked_token

_DAY = timedelta(days=1)


def add_parser(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "demo",
        allow_abbrev=False,
        help="watch a connect token being made, verified and refused",
        description="Make throw-away credentials and a connect token, show what the token says, verify it, and show "
        "what a tampered, an expired and a wrongly signed token get. Needs no configuration.",
        epilog="Exit status: 0 if every step went as the protocol has it.",
    )
    parser.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    now = datetime.now(timezone.utc)
    credentials = ClientCredentials("demo-client", token_urlsafe(48))
    auth_data = AuthData(token_urlsafe(24), token_urlsafe(24), 3600, {"region": "eu"})
    token = generate_connect_token("user-1", auth_data, credentials=credentials, now=now)
    header, payload, *_ = read_token(token)
    claims = loads_object(payload, "the token's payload", VerificationError)

    print("1. Credentials, made for this run\n")
    print(f"   client id      {credentials.client_id}")
    print(f"   client secret  {masked(credentials.client_secret)}\n")
    print("2. generate_connect_token('user-1', auth_data)\n")
    print(f"   {masked_token(token)}")
    _print_indented(f"header {as_json(header)}")
    _print_indented(f"claims {as_json(masked_claims(claims))}")
    print(f"   {lifetime(claims, epoch_seconds(now))}\n")
    print("3. verify_connect_token(token)\n")
    verified = verify_connect_token(token, credentials=credentials, now=now)
    for field in ("client_id", "user_id", "auth_data", "issued_at", "expires_at"):
        print(f"   {field:13}  {getattr(verified, field)}")
    print("\n4. What other tokens get\n")
    others = ClientCredentials(credentials.client_id, token_urlsafe(48))
    changed = generate_connect_token("user-2", auth_data, credentials=others, now=now).rpartition(".")[0]
    refusals = [
        _refusal("tampered", f"{changed}.{token.rpartition('.')[2]}", credentials, now),
        _refusal(
            "expired", generate_connect_token("user-1", credentials=credentials, now=now - _DAY), credentials, now
        ),
        _refusal("wrongly signed", generate_connect_token("user-1", credentials=others, now=now), credentials, now),
    ]
    return 0 if verified.auth_data == auth_data and all(refusals) else 1


def _print_indented(text: str) -> None:
    for line in text.splitlines():
        print(f"   {line}")


def _refusal(name: str, token: str, credentials: ClientCredentials, now: datetime) -> bool:
    """Print what a token gets; whether it was refused."""
    try:
        verify_connect_token(token, credentials=credentials, now=now)
    except VerificationError as error:
        print(f"   {name:14}  {type(error).__name__} ({error.code})\n{'':19}{error}")
        return True
    print(f"   {name:14}  accepted, and should not be")
    return False
