"""A shell for a page: its variables, its folder and its background processes go on from block to block."""

from __future__ import annotations

import fcntl
import os
import signal
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path
from select import select
from subprocess import PIPE, STDOUT, Popen

PATIENCE = 60  # seconds until a block that hangs fails


class Shell:
    """One ``bash -e -o pipefail`` in a folder, with this interpreter's programs first on the PATH.

    Pages name ports, so one page at a time has a shell, in whatever process. What a block leaves in the background ends
    with the shell: all of it is of the shell's own process group.
    """

    def __init__(self, folder: Path, *python_path: Path) -> None:
        self._lock = (Path(tempfile.gettempdir()) / f"rollout-auth-pages-{os.getuid()}.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._private = tempfile.TemporaryDirectory()
        self._output = Path(self._private.name) / "output"
        path = [sysconfig.get_path("scripts"), os.environ["PATH"]]
        known = [*map(str, python_path), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._done, done = os.pipe()
        self._alive, alive = os.pipe()
        self._mark = done
        with self._output.open("wb") as output:
            self._bash = Popen(
                ["bash", "-e", "-o", "pipefail"],
                cwd=folder,
                env={**os.environ, "PATH": os.pathsep.join(path), "PYTHONPATH": os.pathsep.join(known)},
                stdin=PIPE,
                stdout=output,
                stderr=STDOUT,
                pass_fds=[done, alive],
                start_new_session=True,
            )
        os.close(done)
        os.close(alive)

    def run(self, source: str) -> str | None:
        """Run a block; None if each of its commands succeeded, or else what it printed."""
        block, before = Path(self._private.name) / "block", self._output.stat().st_size
        block.write_text(source, "utf-8")
        with suppress(BrokenPipeError):
            self._bash.stdin.write(f"source {block} </dev/null\nprintf . >&{self._mark}\n".encode())
            self._bash.stdin.flush()
        if self._is_done():
            return None
        printed = self._output.read_bytes()[before:].decode(errors="replace")
        return f"the shell ended with {self._bash.poll()} (None: it hangs) in:\n{source}\nand printed:\n{printed}"

    def close(self) -> None:
        """End the shell and whatever it has started, and wait until all of it is gone."""
        for deadly in (signal.SIGTERM, signal.SIGKILL):
            if not select([self._alive], [], [], 0)[0]:
                os.killpg(self._bash.pid, deadly)
                select([self._alive], [], [], PATIENCE)
        self._bash.stdin.close()
        self._bash.wait()
        os.close(self._done)
        os.close(self._alive)
        self._private.cleanup()
        self._lock.close()

    def _is_done(self) -> bool:
        for _ in range(10 * PATIENCE):
            if select([self._done], [], [], 0.1)[0]:
                mark = os.read(self._done, 1)
                if not mark:
                    self._bash.wait(PATIENCE)
                return bool(mark)
            if self._bash.poll() is not None:
                return False
        return False
