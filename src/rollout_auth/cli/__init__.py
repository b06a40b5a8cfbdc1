"""The command ``rollout-auth``: make, read and judge connect tokens, and check the environment.

Results go to standard output, errors to standard error. Exit status: 0 for success, 1 for a refused token or something
that must be mended, 2 for wrong usage or configuration. Credentials come from the environment alone, because other
users of a machine can read a command's arguments. No output contains a secret, but for the token that ``mint`` makes.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING

from rollout_auth import RolloutAuthError, ShortSecretWarning, VerificationError

from . import _demo, _doctor, _inspect, _mint

if TYPE_CHECKING:
    from collections.abc import Sequence

REFUSED = 1
WRONG_USAGE = 2
INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # what a shell reports for SIGINT
BROKEN_PIPE = 141  # and for SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (``sys.argv`` by default) and return its exit status.

    Raises ``SystemExit`` for ``--help``, ``--version`` and arguments that argparse refuses.
    """
    arguments = _parser().parse_args(argv)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ShortSecretWarning)
        status = _guarded(arguments)
    for warning in caught:
        _complain("warning", warning.message)
    return status


def _guarded(arguments: argparse.Namespace) -> int:
    """Run a command, and turn whatever it raises into a message and a status."""
    try:
        status: int = arguments.run(arguments)
        print(end="", flush=True)
    except RolloutAuthError as error:
        _complain("error", error)
        return REFUSED if isinstance(error, VerificationError) else WRONG_USAGE
    except BrokenPipeError:
        return _abandon_output(BROKEN_PIPE)
    except OSError as error:
        _complain("error", f"{error.filename or 'output'}: {error.strerror}")
        return WRONG_USAGE if error.filename else _abandon_output(WRONG_USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  whatever it is, a traceback would show its locals
        _complain("internal error", f"{type(error).__name__}: please report what you ran")
        return INTERNAL_ERROR
    return status


def _complain(kind: str, message: object) -> None:
    print(f"rollout-auth: {kind}: {message}", file=sys.stderr)


def _abandon_output(status: int) -> int:
    """Let the interpreter's last flush go nowhere, so that it has nothing to say about a pipe that is gone.

    Source: docs.python.org/3/library/signal.html, "Note on SIGPIPE".
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rollout-auth",
        description="Make, read and judge connect tokens for Rollout.",
        epilog="Credentials come from ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET and, during a rotation, "
        "ROLLOUT_PREVIOUS_CLIENT_SECRET. Start with: rollout-auth demo",
    )
    parser.add_argument("--version", action="version", version=f"rollout-auth {version('rollout-auth')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (_demo, _mint, _inspect, _doctor):
        command.add_parser(commands)
    return parser
