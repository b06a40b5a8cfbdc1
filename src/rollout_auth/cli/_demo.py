"""``rollout-auth demo``: the whole conversation between Rollout and a partner's app, on this machine."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Generator
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import Any

from rollout_auth import ClientCredentials


def add_parser(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "demo",
        allow_abbrev=False,
        help="watch a simulated Rollout talk to a sample app",
        description="Start a small sample app on a free port of this machine, and let a simulator of Rollout talk to "
        "it over HTTP: a user connects, the key is used, expires and is renewed, responses are lost, webhooks arrive, "
        "and a stranger is refused. Credentials are generated for the run. Nothing waits: the demo moves the clock.",
        epilog="Exit status: 0 if every step followed the protocol, 1 if one did not.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from rollout_auth.testing import Clock, RolloutSimulator, serve  # noqa: PLC0415  other commands do not need it

    from ._partner_app import PartnerApp  # noqa: PLC0415  likewise
    from ._steps import run  # noqa: PLC0415  likewise

    credentials = ClientCredentials("demo-client", token_urlsafe(48), [token_urlsafe(48)])
    verification_token = token_urlsafe(24)
    app = PartnerApp(credentials, verification_token, token_urlsafe(48))
    with _silence(), Clock().installed() as clock, serve(app) as url:
        if not arguments.json:
            print(f"A simulated Rollout talks to a sample app at {url}:\n")
        simulator = RolloutSimulator(url, credentials=credentials, verification_token=verification_token, clock=clock)
        return run(simulator, as_machine=arguments.json, shows_exchanges=True)


@contextmanager
def _silence() -> Generator[None, None, None]:
    """Do not log the refusals, because the demo shows them itself."""
    logger, handler = logging.getLogger("rollout_auth"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
