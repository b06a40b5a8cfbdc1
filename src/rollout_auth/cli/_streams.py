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
    """The text in ASCII, without anything that controls a terminal."""
    return text.encode("unicode_escape").decode("ascii")


def abandon(stream: TextIO) -> None:
    """Redirect the stream to nowhere, so that the interpreter's last flush does not complain about a broken pipe.

    Source: docs.python.org/3/library/signal.html, "Note on SIGPIPE".
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def read(file: str, limit: int) -> bytes:
    """What a file contains, or standard input for ``-``. A longer one is cut off one byte after ``limit``.

    Raises ``ConfigurationError`` if it cannot be read.
    """
    if file == "-" and not sys.stdin:
        raise ConfigurationError("standard input is closed: open it, or name a file")
    try:
        if file == "-":
            return sys.stdin.buffer.read(limit + 1)
        with Path(file).open("rb") as stream:
            return stream.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid file name"
    raise ConfigurationError(f"{'standard input' if file == '-' else file}: {reason}")
