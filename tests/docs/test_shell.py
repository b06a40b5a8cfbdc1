"""The shell that runs the blocks of a page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder."""
    shell = Shell(tmp_path)
    yield shell
    shell.close()


def test_goes_on(shell: Shell, tmp_path: Path) -> None:
    """A later block has the folder, the variables and the files of an earlier one, and the interpreter of the tests."""
    assert shell.run("mkdir inner && cd inner\nNAME=value") is None
    assert shell.run('echo "$NAME" > file') is None
    assert (tmp_path / "inner" / "file").read_text("utf-8") == "value\n"
    assert shell.run("python -c 'import rollout_auth' && rollout-auth --version") is None


@pytest.mark.parametrize(
    "failing", ["false\necho more", "false | true", "echo $(exit 3) && (exit 4)", "exit 0", "echo 'a"]
)
def test_fails(failing: str, shell: Shell) -> None:
    """A command that fails, an end of the shell and what is no command are told, with what was printed."""
    assert "and printed:\nseen" in shell.run(f"echo seen\n{failing}")


def test_input(shell: Shell) -> None:
    """A command that reads its input finds an end, and not the next block."""
    assert shell.run("cat > read && [ ! -s read ]") is None
    assert shell.run("true") is None


@pytest.mark.parametrize("last", ["true", "false"])
def test_background(last: str, tmp_path: Path) -> None:
    """What a block leaves in the background has ended with the shell, whether or not a block has failed."""
    os.mkfifo(tmp_path / "held")
    reader = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    shell = Shell(tmp_path)
    assert shell.run("exec 9> held; sleep 1000 & (sleep 1000; true) &") is None
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    shell.run(last)
    shell.close()
    assert os.read(reader, 1) == b""
    os.close(reader)
