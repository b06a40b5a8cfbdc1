"""The command ``rollout-auth``: create, inspect and verify connect tokens, and check the environment.

Results go to standard output, errors to standard error. Exit status: 0 for success, 1 for a refused token or something
that must be fixed, 2 for wrong usage or configuration. Credentials come from the environment alone, because other
users of a machine can read a command's arguments. The only secret in any output is the token that ``mint`` creates.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NoReturn

from rollout_auth import RolloutAuthError, ShortSecretWarning

from . import _demo, _doctor, _inspect, _mint, _simulate
from ._streams import abandon, complain

if TYPE_CHECKING:
    from collections.abc import Sequence

WRONG_USAGE = 2
INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # what a shell reports for SIGINT
BROKEN_PIPE = 141  # and for SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (``sys.argv`` by default) and return its exit status."""
    if not sys.stdout:
        complain("error", "standard output is closed: open it, or redirect it to a file")
        return WRONG_USAGE
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ShortSecretWarning)
        status = _guarded(argv)
    for warning in caught:
        complain("warning", warning.message)
    return status


def _guarded(argv: Sequence[str] | None) -> int:
    """Run a command, and turn whatever it raises into a message and a status."""
    try:
        status = _run(argv)
        print(end="", flush=True)
    except RolloutAuthError as error:
        complain("error", error)
        return WRONG_USAGE
    except BrokenPipeError:
        abandon(sys.stdout)
        return BROKEN_PIPE
    except OSError as error:
        complain("error", f"standard output: {error.strerror}")
        abandon(sys.stdout)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  a traceback of any exception could show a secret
        complain("internal error", f"{type(error).__name__}: please report what you ran")
        return INTERNAL_ERROR
    return status


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as ended:
        return int(ended.code or 0)
    status: int = arguments.run(arguments)
    return status


class _Parser(argparse.ArgumentParser):
    """Says what is wrong without repeating what was typed: an argument may contain a token, or control a terminal."""

    def error(self, message: str) -> NoReturn:
        place, _, detail = message.partition(": ")
        if place.startswith("argument ") and not detail.startswith(("expected", "write")):
            message = f"{place}: not an accepted value"
        elif place == "unrecognized arguments":
            message = "unrecognized arguments, which are not repeated here"
        complain("error", f"{message}; see {self.prog} --help")
        raise SystemExit(WRONG_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rollout-auth",
        description="Create, inspect and verify connect tokens for Rollout, and simulate Rollout against your app.",
        epilog="Credentials come from ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET and, during a rotation, "
        "ROLLOUT_PREVIOUS_CLIENT_SECRET. Start with: rollout-auth demo",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"rollout-auth {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (_demo, _simulate, _mint, _inspect, _doctor):
        command.add_parser(commands)
    return parser


def _version() -> str:
    try:
        return version("rollout-auth")
    except PackageNotFoundError:
        return "(not installed)"
