"""``rollout-auth mint``: print a connect token, and nothing else."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import Any

from rollout_auth import LEGACY_NAMESPACE, NAMESPACE, AuthData, InvalidAuthDataError, generate_connect_token
from rollout_auth._json import loads_object

from ._streams import read

_LONGEST = 64 * 1024
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def add_parser(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "mint",
        allow_abbrev=False,
        help="print a connect token",
        description="Print a connect token for one user, signed with the credentials in the environment.",
        epilog="Whoever has the token can act as the user until it expires: do not paste it where others can read it. "
        'Example: echo \'{"apiKey": "key-1"}\' | rollout-auth mint user-1 --auth-data - --ttl 15m',
    )
    parser.add_argument("user_id", metavar="USER_ID", help="the user's persistent, unique id, as your server knows it")
    parser.add_argument(
        "--auth-data",
        metavar="FILE",
        help="a JSON file with apiKey and, if the key can be renewed, refreshToken and expiresIn (seconds); "
        "- reads standard input, so that the key stays out of the arguments and the shell's history",
    )
    parser.add_argument(
        "--ttl", type=_duration, default="1h", help="the token's lifetime: 900, 15m or 1h (default and maximum: 1h)"
    )
    parser.add_argument(
        "--namespace",
        choices=(NAMESPACE, LEGACY_NAMESPACE),
        default=NAMESPACE,
        help=f"the claim that holds authData; {LEGACY_NAMESPACE} only for a project that still runs on legacy Rollout",
    )
    parser.add_argument("--dev", action="store_true", help="show unpublished triggers and actions (legacy only)")
    parser.set_defaults(run=_run)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,6})([smh]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError("write seconds, minutes or hours: 900, 15m or 1h")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _run(arguments: argparse.Namespace) -> int:
    print(
        generate_connect_token(
            arguments.user_id,
            _auth_data(arguments.auth_data),
            ttl=arguments.ttl,
            namespace=arguments.namespace,
            dev=arguments.dev,
        )
    )
    return 0


def _auth_data(file: str | None) -> AuthData | None:
    if file is None:
        return None
    data = read(file, _LONGEST)
    if len(data) > _LONGEST:
        raise InvalidAuthDataError(f"the text for --auth-data is longer than {_LONGEST} bytes: no token can hold it")
    return AuthData.from_dict(loads_object(data, "the text for --auth-data", InvalidAuthDataError))
