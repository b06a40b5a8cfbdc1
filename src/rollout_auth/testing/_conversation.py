"""Rollout's side of the conversation, without a transport: generators that yield requests and are sent the answers.

``_simulator`` drives them, with and without ``async``. What each answer is judged by stands in ``_answers``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from rollout_auth import AuthData, ClientCredentials, ConfigurationError, ConnectToken

from ._answers import check_success, is_refusal, judged_token, renewed, token_of
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
_LONG = 12


@dataclass
class Connection:
    """What Rollout has stored of a user, until the user connects again."""

    user_id: str
    auth_data: AuthData | None
    read_at: datetime
    """When the key was read, from which ``expiresIn`` counts."""
    is_proven: bool = False
    """Whether the app has accepted the key."""


def _long_texts(value: object) -> Iterator[str]:
    """The texts in a JSON value that may be secrets: a short one, such as a region, is a word like others."""
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _long_texts(item)
    elif isinstance(value, str) and len(value) >= _LONG:
        yield value


class Conversation:
    """The state of one Rollout, and the steps of its conversation with one app."""

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
        """The time as Rollout has it, which may differ from the app's."""
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
        """A request of the dashboard, filled in with what is stored, or with something in its place."""
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
            problem, _, mend = str(error).partition(": ")
            if token is None and VERIFICATION_TOKEN in problem:
                mend = "pass verification_token=... to the simulator, or set ROLLOUT_VERIFICATION_TOKEN"
        else:
            return Outgoing(purpose, request, f"{template.method} {template.path}", str(template))
        raise IntegrationError("cannot_fill", f"the {purpose} request cannot be made, because {problem}", mend)

    def record(self, outgoing: Outgoing, response: Response) -> Exchange:
        """Keep an exchange, with how it may be shown."""
        start, lost = f"{self.now():%H:%M:%S}  {outgoing.purpose}: ", " (the answer is lost)" * outgoing.is_lost
        summary = f"{start}{outgoing.line} -> {response.status}{lost}"
        answer = f"{response.status} {self.mask.show(response)}".rstrip()
        shown = f"{start}{outgoing.shown} -> {answer}{lost}"
        fields = (outgoing.request, response, outgoing.is_lost, outgoing.line, summary, shown)
        exchange = Exchange(outgoing.purpose, self.now(), *fields)
        self.exchanges.append(exchange)
        return exchange

    # --- the steps --------------------------------------------------------------------------------------------------

    def fetch_token(self) -> Flow[str]:
        """The partner's page gets a token from the partner's server."""
        (response,) = yield [self.outgoing("token", self.dashboard.token)]
        token = token_of(response, self.dashboard.token_field)
        self.mask.learn("connect token", token)
        return token

    def connect(self, token: str | None = None) -> Flow[ConnectToken]:
        """A browser brings a token: Rollout judges it, and stores its authData in the place of what it had."""
        if token is None:
            token = yield from self.fetch_token()
        verified = judged_token(token, self.credentials, self.dashboard.namespace, self.now())
        self.tokens[token] = verified.expires_at
        self.connection = Connection(verified.user_id, None, self.now())
        if verified.auth_data is not None:
            self.store(verified.auth_data)
        return verified

    def store(self, auth_data: AuthData) -> None:
        """Keep a key, whose life begins now."""
        connection = self.connected()
        self.mask.learn("API key", auth_data.api_key)
        if auth_data.refresh_token is not None:
            self.mask.learn("refresh token", auth_data.refresh_token)
        self.mask.learn("authData", *_long_texts(dict(auth_data.extra)))
        connection.auth_data, connection.read_at, connection.is_proven = auth_data, self.now(), False

    @property
    def is_refreshable(self) -> bool:
        """Whether somebody is connected whose key can be renewed."""
        if self.connection is None or self.connection.auth_data is None:
            return False
        return self.dashboard.refresh is not None and self.connection.auth_data.is_refreshable

    def renew_at(self) -> datetime:
        """When Rollout renews the key: some minutes before its end, or half its life if that is shorter."""
        connection, auth_data = self.connected(), self._refreshable()
        life = timedelta(seconds=auth_data.expires_in or 0)
        return connection.read_at + life - min(_EARLY, life / 2)

    def _refreshable(self) -> AuthData:
        auth_data = self.connected().auth_data
        if auth_data is None or not self.is_refreshable:
            raise ConfigurationError("the key cannot be renewed: sign AuthData with refresh_token and expires_in")
        return auth_data

    def connected(self) -> Connection:
        """The connection there is."""
        if self.connection is None:
            raise ConfigurationError("nobody is connected: call connect() before")
        return self.connection

    def call(self, template: DashboardRequest | None = None) -> Flow[Response]:
        """Rollout calls the app with the key, which it renews first if that is about to end."""
        connection = self.connected()
        if self.is_refreshable and self.renew_at() <= self.now():
            yield from self.renew()
        (response,) = yield [self.outgoing("call", template or self.dashboard.api)]
        if response.status in (401, 403) and connection.is_proven:
            raise self._ended_early(connection)
        mend = (
            "accept the key that it has given, and look for it and the verification token where Dashboard(api=...) says"
        )
        check_success(response, "call", "the API", mend)
        connection.is_proven = True
        return response

    def send(self, template: DashboardRequest) -> Flow[Response]:
        """Any request, whose answer nobody judges."""
        (response,) = yield [self.outgoing("request", template)]
        return response

    def _ended_early(self, connection: Connection) -> IntegrationError:
        passed = (self.now() - connection.read_at) // timedelta(seconds=1)
        said = connection.auth_data and connection.auth_data.expires_in
        life = "without an end" if said is None else f"for {said} s"
        return IntegrationError(
            "key_ended_early",
            f"the key is valid {life} by its expiresIn, and was refused {passed} s after Rollout has read it",
            "accept keys an hour longer than they say, and give expiresIn in seconds",
        )

    def renew(self) -> Flow[AuthData]:
        """Rollout asks for a new key, and stores it."""
        outgoing, before = self._refresh()
        response = yield from self.until_answered(
            outgoing, "refresh_not_repeatable", "accept an old refresh token for an hour at least"
        )
        return self._renewed(response, before)

    def renew_at_once(self, count: int) -> Flow[list[AuthData]]:
        """Several of Rollout's machines ask for a new key at the same time, with the same refresh token."""
        if count < 1:
            raise ConfigurationError("count is less than one: pass how many refreshes are sent at once")
        outgoing, before = self._refresh()
        responses = yield [outgoing] * count
        for response in responses:
            if is_refusal(response) and any(other.is_success for other in responses):
                raise IntegrationError(
                    "refresh_race",
                    f"of {count} refreshes at once with one refresh token, one was answered {response.status}",
                    "accept an old refresh token for an hour at least",
                )
        return [self._renewed(response, before) for response in responses]

    def _refresh(self) -> tuple[Outgoing, AuthData]:
        before = self._refreshable()
        return self.outgoing("refresh", cast("DashboardRequest", self.dashboard.refresh)), before

    def _renewed(self, response: Response, before: AuthData) -> AuthData:
        auth_data = renewed(response, before)
        self.store(auth_data)
        return auth_data

    def until_answered(self, outgoing: Outgoing, code: str, mend: str) -> Flow[Response]:
        """The answer to a request, which is sent again if the first answer is to be lost."""
        if not self.loses_next_answer:
            (response,) = yield [outgoing]
            return response
        self.loses_next_answer = False
        (lost,) = yield [outgoing._replace(is_lost=True)]
        (response,) = yield [outgoing]
        if lost.is_success and is_refusal(response):
            problem = f"the answer to a {outgoing.purpose} was lost, and the same again was answered {response.status}"
            raise IntegrationError(code, problem, mend)
        return response
