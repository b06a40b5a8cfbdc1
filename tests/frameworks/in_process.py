"""Runs the whole scenario with an example in this process, in every way that reaches it, and prints how it went."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import Any

from rollout_auth import ApiKeyGrant, ClientCredentials, RolloutAuth, TemporarilyUnavailableError
from rollout_auth.testing import AsyncRolloutSimulator, Clock, Dashboard, DashboardRequest, Report, RolloutSimulator

DASHBOARD = Dashboard(token=DashboardRequest("GET", "/rollout/token", headers={"X-Demo-Session": "demo-session"}))


def ways(name: str) -> dict[str, Any]:
    """The app itself, and for Django its two test clients."""
    module, _, attribute = name.partition(":")
    app = getattr(importlib.import_module(module), attribute)
    if module != "django_app":
        return {"app": app}
    from django.test import AsyncClient, Client  # noqa: PLC0415  the example configures Django

    return {
        "app": app,
        "client": Client(headers={"host": "localhost"}),
        "async client": AsyncClient(headers={"host": "localhost"}),
    }


def outcomes(report: Report) -> list[str]:
    """What became of each step, with the reason of what did not pass."""
    return [f"{step.outcome} {step.reason}".strip() for step in report.steps]


def is_revoked(_: ApiKeyGrant) -> bool:
    """Stands for a store that is away."""
    raise TemporarilyUnavailableError


def while_away(name: str, options: dict[str, Any]) -> list[tuple[int, object, str]]:
    """The answers to a call and a refresh while the store cannot be asked about a grant."""
    module = importlib.import_module(name.partition(":")[0])
    app = next(iter(ways(name).values()))
    with Clock().installed() as clock:
        simulator = RolloutSimulator(app, dashboard=DASHBOARD, clock=clock, **options)
        simulator.connect()
        module.rollout = RolloutAuth.from_env(is_revoked=is_revoked)
        answers = [simulator.send(request) for request in (DASHBOARD.api, DASHBOARD.refresh)]
    return [(answer.status, json.loads(answer.body), answer.header("Retry-After")) for answer in answers]


def main(name: str, options: dict[str, Any]) -> None:
    """Print the outcomes by way, and the answers of an app whose store is away."""
    results: dict[str, list[str]] = {}
    for way, app in ways(name).items():
        with Clock().installed() as clock:
            if way != "async client":
                results[way] = outcomes(RolloutSimulator(app, dashboard=DASHBOARD, clock=clock, **options).run())
        with Clock().installed() as clock:
            simulator = AsyncRolloutSimulator(app, dashboard=DASHBOARD, clock=clock, **options)
            if way != "client":
                results[f"{way}, awaited"] = outcomes(asyncio.run(simulator.run()))
    sys.stdout.write(json.dumps([results, while_away(name, options)]))


if __name__ == "__main__":
    main(
        sys.argv[1],
        {
            "credentials": ClientCredentials.from_env(),
            "verification_token": os.environ["ROLLOUT_VERIFICATION_TOKEN"],
        },
    )
