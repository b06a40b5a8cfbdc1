"""Runs the demonstration where nothing may be written, and where OpenSSL has no MD5 and no SHA-1."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import Any, NoReturn

from rollout_auth.cli import main

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


def read_only(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what changes a file (docs.python.org, "Audit events table")."""
    changes = event in CHANGES or (event == "open" and arguments[2] & WRITING and arguments[0] != os.devnull)
    if changes:
        raise OSError(30, f"Read-only file system: {event} {arguments}")


def refuse(*_: object, **__: object) -> NoReturn:
    """What a hash that the policy forbids does."""
    raise ValueError("disabled for FIPS")


def forbid(*names: str) -> None:
    """Let ``hashlib`` have these hashes no more, in any way to reach them."""
    new = hashlib.new

    def allowed(name: str, *arguments: Any, **options: Any) -> Any:
        return refuse() if name.lower().replace("-", "") in names else new(name, *arguments, **options)

    hashlib.new = allowed
    for name in names:
        setattr(hashlib, name, refuse)


if __name__ == "__main__":
    forbid("md5", "sha1")
    sys.addaudithook(read_only)
    sys.exit(main(["demo"]))
