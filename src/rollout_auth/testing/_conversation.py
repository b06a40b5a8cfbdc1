"""Rollout's side of the conversation, without a transport: what it knows, and what it can send.

The steps are in ``_calls``, ``_deliveries`` and ``_attacks``: generators that yield requests and are sent responses.
``_simulator`` runs them, with and without ``async``; ``_answers`` and ``_tokens`` check what comes back.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from rollout_auth import AuthData, ClientCredentials, ConfigurationError

from ._answers import is_refusal
from ._masks import Mask
from .clock import Clock
from .dashboard import Dashboard
from .exchanges import Exchange, Outgoing
from .messages import Response
from .mistakes import IntegrationError
from .templates import VERIFICATION_TOKEN, DashboardRequest

__tracebackhide__ = True

R = TypeVar("R")
Flow = Generator[Sequence[Outgoing], Sequence[Response], R]

_EARLY = timedelta(minutes=5)


@dataclass
class Connection:
    """What Rollout has stored about a user, until the user connects again."""

    user_id: str
    auth_data: AuthData | None
    read_at: datetime
    """When the key was read; ``expiresIn`` counts from then."""
    is_proven: bool = False
    """Whether the app has accepted the key."""


class Conversation:
    """Rollout's state in its conversation with one app, and the requests that follow from it."""

    def __init__(
        self, credentials: ClientCredentials, verification_token: str | None, dashboard: Dashboard, clock: Clock
    ) -> None:
        self.credentials = credentials
        self.dashboard = dashboard
        self.clock = clock
        self.skew: timedelta = timedelta(0)
        self.loses_next_answer: bool = False
        self.tokens: dict[str, datetime] = {}
        self.connection: Connection | None = None
        self.exchanges: list[Exchange] = []
        self.verification_token = verification_token
        self.mask: Mask = Mask()
        self.mask.learn("client secret", *credentials.secrets)
        if verification_token is not None:
            self.mask.learn("verification token", verification_token)

    def now(self) -> datetime:
        """The time on Rollout's clock, which may differ from the app's."""
        return self.clock.now() + self.skew

    # --- the requests -----------------------------------------------------------------------------------------------

    def outgoing(
        self,
        purpose: str,
        template: DashboardRequest,
        *,
        auth_data: Mapping[str, object] | None = None,
        verification_token: str | None = None,
    ) -> Outgoing:
        """A request from the dashboard, filled in with what is stored, except for the values that are given here."""
        connection = self.connection
        context: dict[str, object] = {}
        if connection is not None:
            stored = {} if connection.auth_data is None else connection.auth_data.to_dict()
            context = {"userId": connection.user_id, "authData": {**stored, **(auth_data or {})}}
        values: dict[str, object] = {"context": context}
        token = verification_token or self.verification_token
        if token is not None:
            values["verificationToken"] = token
        try:
            request = template.fill(values)
        except ConfigurationError as error:
            problem, _, fix = str(error).rpartition(": ")
            if token is None and VERIFICATION_TOKEN in problem:
                fix = "pass verification_token=... to the simulator, or set ROLLOUT_VERIFICATION_TOKEN"
        else:
            return Outgoing(purpose, request, f"{template.method} {template.path}", str(template))
        raise IntegrationError("cannot_fill", f"the {purpose} request cannot be built, because {problem}", fix)

    def record(self, outgoing: Outgoing, response: Response) -> Exchange:
        """Record an exchange, and what may be shown of it."""
        start, lost = f"{self.now():%H:%M:%S}  {outgoing.purpose}: ", " (the response is lost)" * outgoing.is_lost
        summary = f"{start}{outgoing.line} -> {response.status}{lost}"
        answer = f"{response.status} {self.mask.show(response)}".rstrip()
        shown = f"{start}{outgoing.shown} -> {answer}{lost}"
        fields = (outgoing.request, response, outgoing.is_lost, outgoing.line, summary, shown)
        exchange = Exchange(outgoing.purpose, self.now(), *fields)
        self.exchanges.append(exchange)
        return exchange

    def store(self, auth_data: AuthData) -> None:
        """Store a key, whose lifetime starts now."""
        connection = self.connected()
        self.mask.learn_auth_data(auth_data)
        connection.auth_data, connection.read_at, connection.is_proven = auth_data, self.now(), False

    @property
    def is_refreshable(self) -> bool:
        """Whether somebody is connected with a key that can be renewed."""
        if self.connection is None or self.connection.auth_data is None:
            return False
        return self.dashboard.refresh is not None and self.connection.auth_data.is_refreshable

    def renew_at(self) -> datetime:
        """When Rollout renews the key: a few minutes before it expires, or halfway through a short lifetime."""
        life = timedelta(seconds=cast("int", self.refreshable().expires_in))
        return self.connected().read_at + life - min(_EARLY, life / 2)

    def refreshable(self) -> AuthData:
        """The stored authData, if its key can be renewed."""
        connection = self.connected()
        if not self.is_refreshable:
            raise ConfigurationError("the key cannot be renewed: sign AuthData with refresh_token and expires_in")
        return cast("AuthData", connection.auth_data)

    def connected(self) -> Connection:
        """The current connection."""
        if self.connection is None:
            raise ConfigurationError("nobody is connected: call connect() first")
        return self.connection

    def until_answered(self, outgoing: Outgoing, code: str, fix: str) -> Flow[Response]:
        """The response to a request, which is sent again if the first response is to be lost."""
        if not self.loses_next_answer:
            (response,) = yield [outgoing]
            return response
        self.loses_next_answer = False
        (lost,) = yield [outgoing._replace(is_lost=True)]
        (response,) = yield [outgoing]
        if lost.is_success and is_refusal(response):
            problem = f"the response to a {outgoing.purpose} was lost, and the repeated request got {response.status}"
            raise IntegrationError(code, problem, fix)
        return response
