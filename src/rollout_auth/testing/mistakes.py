"""The error for an app that Rollout could not work with."""

from __future__ import annotations


class IntegrationError(AssertionError):
    """The app under test made a mistake, which ``code`` names; ``str`` has the fix and the exchanges before it.

    It is an ``AssertionError``, so that it fails a test. It contains no secret that the simulator knows.
    """

    code: str
    """A stable name for the mistake; docs/how-to/testing.md lists them all."""
    problem: str
    """What the app did."""
    fix: str
    """What to change."""
    transcript: str
    """The exchanges that led to it, with secrets masked."""

    def __init__(self, code: str, problem: str, fix: str) -> None:
        super().__init__(code, problem, fix)
        self.code, self.problem, self.fix = code, problem, fix
        self.transcript = ""

    @property
    def reason(self) -> str:
        """The problem, the fix and the code, on one line."""
        return f"{self.problem}: {self.fix} [{self.code}]"

    def __str__(self) -> str:
        return f"{self.reason}\n\n{self.transcript}" if self.transcript else self.reason
