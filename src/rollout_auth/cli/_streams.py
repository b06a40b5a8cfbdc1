"""The command's standard streams, each of which may be closed, full, endless or a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from rollout_auth import ConfigurationError


def complain(kind: str, message: object) -> None:
    """Write one line to standard error, if there is one."""
    if sys.stderr:
        try:
            print(f"rollout-auth: {kind}: {printable(str(message))}", file=sys.stderr, flush=True)
        except OSError:
            abandon(sys.stderr)


def printable(text: str) -> str:
    """The text in ASCII, in which nothing controls a terminal."""
    return text.encode("unicode_escape").decode("ascii")


def abandon(stream: TextIO) -> None:
    """Let the interpreter's last flush go nowhere, so that it has nothing to say about a pipe that is gone.

    Source: docs.python.org/3/library/signal.html, "Note on SIGPIPE".
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def read(file: str, limit: int) -> bytes:
    """What a file holds, or standard input for ``-``; of more than ``limit`` bytes, one byte more than that.

    Raises ``ConfigurationError`` for what cannot be read.
    """
    if file == "-" and not sys.stdin:
        raise ConfigurationError("standard input is closed: open it, or name a file")
    try:
        if file == "-":
            return sys.stdin.buffer.read(limit + 1)
        with Path(file).open("rb") as stream:
            return stream.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not the name of a file"
    raise ConfigurationError(f"{'standard input' if file == '-' else file}: {reason}")
