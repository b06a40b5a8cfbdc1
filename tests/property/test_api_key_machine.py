"""API keys over their whole life: users, browsers, a Rollout that forgets and reorders, a partner that changes."""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from rollout_auth import (
    ApiKeyExpiredError,
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    BadSignatureError,
    ClientCredentials,
    InvalidApiKeyError,
    InvalidRefreshTokenError,
    MalformedTokenError,
    TokenExpiredError,
    VerificationError,
    generate_connect_token,
    verify_connect_token,
)
from rollout_auth.api_keys import API_KEY_TYPE, REFRESH_TOKEN_TYPE, derived_secret

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def secret(name: str) -> str:
    return f"not-a-real-secret-{name}-" + "0123456789abcdef" * 4


CREDENTIALS = ClientCredentials("client-1", secret("client"))
FOREIGN = ApiKeyIssuer(secret("foreign"))
USERS = ("user-1", "user-2", "ユーザー")
CONNECTORS = ("crm", "mail")
EXTRAS: tuple[dict[str, object], ...] = (
    {},
    {"region": "eu"},
    {"ext": {"sub": "user-9", "gid": "g", "gat": 0, "exp": 9**15}, "名": ["é\\\"'", -0.5, None, True, 2**53 - 1]},
)
LIVES = ((MINUTE, DAY), (HOUR, 180 * DAY), (SECOND, HOUR + MINUTE + SECOND), (DAY, 7 * DAY))
"""Of keys and of refresh tokens."""


def whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def outcome(call: Callable[..., object], text: str, now: datetime) -> object:
    """What is returned, or the class of the refusal; any other error is a failure of the test."""
    try:
        return call(text, now=now)
    except VerificationError as error:
        return type(error)


class Issued(NamedTuple):
    """A key with its refresh token, and what the model knows of it."""

    auth_data: AuthData
    grant: ApiKeyGrant
    secret: str
    key_ttl: timedelta
    renewable_until: datetime
    extra: Mapping[str, object]


class Connection(NamedTuple):
    """What Rollout holds, and since when."""

    issued: Issued
    read_at: datetime

    @property
    def key_ends(self) -> datetime:
        return self.read_at + timedelta(seconds=self.issued.auth_data.expires_in or 0)


def is_of_the_future(issued: Issued, now: datetime) -> bool:
    """Whether a token is of a machine whose clock is ahead by more than a day."""
    return issued.grant.issued_at > whole(now) + DAY


class World:
    """The partner, the users' browsers and Rollout; everything that the library says is compared with the model."""

    def __init__(self, key_ttl: timedelta = HOUR, refresh_token_ttl: timedelta = 180 * DAY) -> None:
        self.now = START
        self.seen: Counter[str] = Counter()
        self.made = 1
        self.pages: list[tuple[str, datetime, Issued]] = []
        self.connections: dict[tuple[str, str], Connection] = {}
        self.answers: list[tuple[tuple[str, str], Issued]] = []
        self.all_issued: list[Issued] = []
        self.revoked_until: dict[str, datetime] = {}
        self.revoked_ids: set[str] = set()
        self.deploy([secret("0")], key_ttl, refresh_token_ttl)

    # the partner

    def deploy(self, secrets: list[str], key_ttl: timedelta, refresh_token_ttl: timedelta) -> None:
        self.secrets, self.key_ttl, self.refresh_token_ttl = secrets, key_ttl, refresh_token_ttl
        self.issuer = ApiKeyIssuer(
            secrets, api_key_ttl=key_ttl, refresh_token_ttl=refresh_token_ttl, is_revoked=self.is_revoked
        )

    def is_revoked(self, grant: ApiKeyGrant) -> bool:
        until = self.revoked_until.get(grant.user_id)
        return grant.grant_id in self.revoked_ids or (until is not None and grant.granted_at <= until)

    def rotate(self) -> None:
        self.deploy([secret(str(self.made)), *self.secrets], self.key_ttl, self.refresh_token_ttl)
        self.made += 1
        self.seen["rotate"] += 1

    def drop_secret(self) -> None:
        self.deploy(self.secrets[:-1], self.key_ttl, self.refresh_token_ttl)
        self.seen["drop"] += 1

    def revoke_user(self, user_id: str) -> None:
        self.revoked_until[user_id] = self.now
        self.now += timedelta(milliseconds=1)
        self.seen["revoke user"] += 1

    def revoke_grant(self, grant_id: str) -> None:
        self.revoked_ids.add(grant_id)
        self.seen["revoke grant"] += 1

    def open_page(self, user_id: str, extra: Mapping[str, object], grant_id: str | None = None) -> None:
        auth_data = self.issuer.issue(user_id, extra=extra, grant_id=grant_id, now=self.now)
        if grant_id is None:
            grant_id = self.issuer.authenticate(auth_data.api_key, now=self.now).grant_id
            assert grant_id not in {issued.grant.grant_id for issued in self.all_issued}
        granted_at = self.now.replace(microsecond=self.now.microsecond // 1000 * 1000)
        issued = self.recorded(auth_data, grant_id, user_id, granted_at, extra)
        self.pages.append(
            (generate_connect_token(user_id, auth_data, credentials=CREDENTIALS, now=self.now), self.now, issued)
        )

    def recorded(
        self, auth_data: AuthData, grant_id: str, user_id: str, granted_at: datetime, extra: Mapping[str, object]
    ) -> Issued:
        begins = whole(self.now)
        grant = ApiKeyGrant(grant_id, user_id, granted_at, begins, begins + self.key_ttl + HOUR + MINUTE)
        ends = begins + self.refresh_token_ttl
        issued = Issued(auth_data, grant, self.secrets[0], self.key_ttl, ends, extra)
        assert auth_data.expires_in == self.key_ttl.total_seconds()
        assert auth_data.extra == extra
        self.all_issued.append(issued)
        return issued

    # Rollout

    def connect(self, page: tuple[str, datetime, Issued], connector: str) -> None:
        """Rollout reads authData from a page's connect token, any number of times while it is valid."""
        token, opened, issued = page
        if self.now < whole(opened) + HOUR:
            read = verify_connect_token(token, credentials=CREDENTIALS, leeway=timedelta(0), now=self.now)
            assert (read.user_id, read.auth_data) == (issued.grant.user_id, issued.auth_data)
            place = (read.user_id, connector)
            before = self.connections.get(place)
            if before and before.issued.grant.issued_at > issued.grant.issued_at:
                self.seen["older page"] += 1
            self.connections[place] = Connection(issued, self.now)

    def ask(self, place: tuple[str, str]) -> Issued | None:
        """A refresh whose answer is yet to arrive."""
        old = self.connections[place].issued
        if self.refresh_problem(old):
            self.check(old)
            return None
        answer = self.issuer.refresh(old.auth_data.refresh_token or "", now=self.now)
        grant = old.grant
        return self.recorded(answer, grant.grant_id, grant.user_id, grant.granted_at, old.extra)

    def deliver(self, place: tuple[str, str], answer: Issued | None) -> None:
        """An answer arrives, at most one hour late, and takes the place of whatever Rollout holds."""
        if answer is not None and self.now < answer.grant.issued_at + HOUR:
            if self.connections[place].issued.grant.issued_at > answer.grant.issued_at:
                self.seen["late answer"] += 1
            self.connections[place] = Connection(answer, self.now)
            self.seen["renewed"] += 1

    def use_key(self, connection: Connection) -> None:
        """Rollout calls with its key, which it believes good until the seconds of expiresIn are over."""
        issued = connection.issued
        if self.now < connection.key_ends and issued.secret in self.secrets and not self.is_revoked(issued.grant):
            grant = self.issuer.authenticate(issued.auth_data.api_key, now=self.now)
            assert (grant.user_id, grant.grant_id) == (issued.grant.user_id, issued.grant.grant_id)
            assert grant.granted_at == issued.grant.granted_at
            self.seen["key used"] += 1

    def live_on(self, place: tuple[str, str]) -> None:
        """The next renewal that goes well."""
        self.now = max(self.now, self.connections[place].key_ends - SECOND)
        self.use_key(self.connections[place])
        self.deliver(place, self.ask(place))

    # what must hold

    def key_problem(self, issued: Issued, now: datetime) -> type[Exception] | None:
        if issued.secret not in self.secrets or is_of_the_future(issued, now):
            return InvalidApiKeyError
        if now >= issued.grant.expires_at:
            return ApiKeyExpiredError
        return InvalidApiKeyError if self.is_revoked(issued.grant) else None

    def refresh_problem(self, issued: Issued, now: datetime | None = None) -> type[Exception] | None:
        now = now or self.now
        is_good = issued.secret in self.secrets and now < issued.renewable_until and not is_of_the_future(issued, now)
        return None if is_good and not self.is_revoked(issued.grant) else InvalidRefreshTokenError

    def check(self, issued: Issued, lag: timedelta = timedelta(0)) -> None:
        """Both tokens do exactly what they should, also on a machine whose clock lags behind."""
        now = self.now - lag
        api_key, refresh_token = issued.auth_data.api_key, issued.auth_data.refresh_token or ""
        problem = self.key_problem(issued, now)
        assert outcome(self.issuer.authenticate, api_key, now) == (problem or issued.grant)
        renewed, refusal = outcome(self.issuer.refresh, refresh_token, now), self.refresh_problem(issued, now)
        if refusal:
            assert renewed is refusal
        else:
            assert isinstance(renewed, AuthData)
            assert (renewed.expires_in, renewed.extra) == (self.key_ttl.total_seconds(), issued.extra)
            grant = self.issuer.authenticate(renewed.api_key, now=now)
            ends = whole(now) + self.key_ttl + HOUR + MINUTE
            assert grant == ApiKeyGrant(
                issued.grant.grant_id, issued.grant.user_id, issued.grant.granted_at, whole(now), ends
            )
        assert outcome(self.issuer.authenticate, refresh_token, now) is InvalidApiKeyError
        assert outcome(self.issuer.refresh, api_key, now) is InvalidRefreshTokenError
        self.seen[f"key: {problem.__name__ if problem else 'good'}"] += 1
        self.seen[f"refresh: {'refused' if refusal else 'good'}"] += 1

    def check_foreign(self, user_id: str) -> None:
        """Another application's tokens, which say all that ours do, are refused; and ours are by it."""
        theirs = FOREIGN.issue(user_id, now=self.now)
        assert outcome(self.issuer.authenticate, theirs.api_key, self.now) is InvalidApiKeyError
        assert outcome(self.issuer.refresh, theirs.refresh_token or "", self.now) is InvalidRefreshTokenError
        for issued in self.all_issued[-1:]:
            ours = issued.auth_data
            assert outcome(FOREIGN.authenticate, ours.api_key, self.now) is InvalidApiKeyError
            assert outcome(FOREIGN.refresh, ours.refresh_token or "", self.now) is InvalidRefreshTokenError


def pick(values: Iterable[T], number: int) -> T:
    several = list(values)
    return several[number % len(several)]


numbers = st.integers(0, 23)
waits = st.sampled_from([timedelta(milliseconds=1), SECOND, MINUTE, 59 * MINUTE, HOUR, HOUR + MINUTE])
befores = st.sampled_from([timedelta(milliseconds=1), SECOND, MINUTE, 10 * MINUTE])
has_connections = precondition(lambda self: self.world.connections)
seen_by_all: Counter[str] = Counter()


class Machine(RuleBasedStateMachine):
    """Rules draw numbers, and never what the library made: a run repeats although grant ids are random."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(*LIVES[0])

    def place(self, number: int) -> tuple[str, str]:
        return pick(self.world.connections, number)

    def go_to(self, instant: datetime) -> None:
        self.world.now = max(self.world.now, instant)

    @rule(user_id=st.sampled_from(USERS), extra=st.sampled_from(EXTRAS), named=st.booleans(), connector=numbers)
    def open_page_and_connect(self, user_id: str, extra: dict[str, object], named: bool, connector: int) -> None:
        self.world.open_page(user_id, extra, f"grant-{len(self.world.revoked_ids)}-of-{user_id}" if named else None)
        self.world.connect(self.world.pages[-1], pick(CONNECTORS, connector))

    @rule(user_id=st.sampled_from(USERS))
    def open_page(self, user_id: str) -> None:
        self.world.open_page(user_id, EXTRAS[1])

    @precondition(lambda self: self.world.pages)
    @rule(number=numbers, connector=st.sampled_from(CONNECTORS))
    def connect(self, number: int, connector: str) -> None:
        self.world.connect(pick(self.world.pages[::-1], number), connector)

    @rule(wait=waits)
    def wait(self, wait: timedelta) -> None:
        self.world.now += wait

    @precondition(lambda self: self.world.all_issued)
    @rule(number=numbers, before=st.sampled_from([timedelta(0), timedelta(microseconds=1), SECOND]), end=numbers)
    def wait_for_an_end(self, number: int, before: timedelta, end: int) -> None:
        issued = pick(self.world.all_issued[::-1], number)
        self.go_to((issued.grant.expires_at if end else issued.renewable_until) - before)
        self.world.check(issued)

    def ask_near_the_end(self, number: int, before: timedelta) -> tuple[tuple[str, str], Issued | None]:
        place = self.place(number)
        self.go_to(self.world.connections[place].key_ends - before)
        self.world.use_key(self.world.connections[place])
        return place, self.world.ask(place)

    @has_connections
    @rule(number=numbers, before=befores)
    def renew(self, number: int, before: timedelta) -> None:
        self.world.deliver(*self.ask_near_the_end(number, before))

    @has_connections
    @rule(number=numbers, before=befores)
    def answer_is_lost(self, number: int, before: timedelta) -> None:
        _, answer = self.ask_near_the_end(number, before)
        self.world.seen["lost answer"] += answer is not None

    @has_connections
    @rule(number=numbers, before=befores)
    def answer_is_late(self, number: int, before: timedelta) -> None:
        place, answer = self.ask_near_the_end(number, before)
        if answer:
            self.world.answers.append((place, answer))

    @precondition(lambda self: self.world.answers)
    @rule(number=numbers, again=st.booleans())
    def answer_arrives(self, number: int, again: bool) -> None:
        at = number % len(self.world.answers)
        place, answer = self.world.answers[at] if again else self.world.answers.pop(at)
        self.world.deliver(place, answer)

    @has_connections
    @rule(number=numbers, between=st.sampled_from([timedelta(0), SECOND]), in_order=st.booleans())
    def two_renew_at_once(self, number: int, between: timedelta, in_order: bool) -> None:
        place = self.place(number)
        first = self.world.ask(place)
        self.world.now += between
        second = self.world.ask(place)
        for answer in (first, second) if in_order else (second, first):
            self.world.deliver(place, answer)
        if first and second:
            self.world.seen["two at once"] += 1

    @precondition(lambda self: len(self.world.secrets) < 4)
    @rule()
    def rotate(self) -> None:
        self.world.rotate()

    @precondition(lambda self: len(self.world.secrets) > 1)
    @rule(patient=st.sampled_from([True, True, True, False]))
    def drop_secret(self, patient: bool) -> None:
        for place in self.world.connections if patient else ():
            self.world.deliver(place, self.world.ask(place))
        self.world.drop_secret()

    @rule(lives=st.sampled_from(LIVES))
    def change_lives(self, lives: tuple[timedelta, timedelta]) -> None:
        self.world.deploy(self.world.secrets, *lives)

    @has_connections
    @rule(number=numbers, back=st.booleans())
    def revoke_user(self, number: int, back: bool) -> None:
        place = self.place(number)
        self.world.revoke_user(place[0])
        if back:
            self.world.open_page(place[0], EXTRAS[1])
            self.world.connect(self.world.pages[-1], place[1])

    @has_connections
    @rule(number=numbers)
    def revoke_grant(self, number: int) -> None:
        self.world.revoke_grant(self.world.connections[self.place(number)].issued.grant.grant_id)

    @rule(lag=st.sampled_from([timedelta(0), SECOND, HOUR, DAY, DAY + SECOND]))
    def check_latest(self, lag: timedelta) -> None:
        for issued in self.world.all_issued[-8:]:
            self.world.check(issued, lag)

    @rule(user_id=st.sampled_from(USERS))
    def check_foreign(self, user_id: str) -> None:
        self.world.check_foreign(user_id)

    @invariant()
    def connections_live_on(self) -> None:
        for connection in self.world.connections.values():
            self.world.use_key(connection)
            self.world.check(connection.issued)

    def teardown(self) -> None:
        for issued in self.world.all_issued:
            self.world.check(issued)
        seen_by_all.update(self.world.seen)


EVENTS = (
    *("renewed", "key used", "lost answer", "late answer", "two at once", "older page", "rotate", "drop"),
    *("revoke user", "revoke grant", "refresh: good", "refresh: refused"),
    *("key: good", "key: ApiKeyExpiredError", "key: InvalidApiKeyError"),
)


def test_any_life() -> None:
    """Whatever happens in whichever order, each token does exactly what it should, and every event does happen."""
    seen_by_all.clear()
    run_state_machine_as_test(Machine, settings=settings(max_examples=100, stateful_step_count=60))
    assert {event: seen_by_all[event] for event in EVENTS if seen_by_all[event] < 5} == {}


# --- one life, one case at a time -----------------------------------------------------------------------------------


PLACE = ("user-1", "crm")


def test_every_fault_on_the_way() -> None:
    """A connection outlives a slow browser, lost, late, doubled and crossed answers, and a page with older authData."""
    world = World(*LIVES[0])
    world.open_page("user-1", EXTRAS[2])
    world.now += 59 * MINUTE
    world.connect(world.pages[0], "crm")
    world.live_on(PLACE)

    assert world.ask(PLACE)
    world.now += HOUR
    world.live_on(PLACE)

    late = world.ask(PLACE)
    for _ in range(3):
        world.now += MINUTE
        world.live_on(PLACE)
        world.deliver(PLACE, late)
    world.live_on(PLACE)
    assert world.seen["late answer"] == 3

    crossed = world.ask(PLACE), world.ask(PLACE)
    for answer in crossed[::-1]:
        world.deliver(PLACE, answer)
    world.live_on(PLACE)

    world.open_page("user-1", EXTRAS[2])
    world.connect(world.pages[1], "crm")
    world.now += 40 * MINUTE
    world.deliver(PLACE, world.ask(PLACE))
    world.connect(world.pages[1], "crm")
    world.live_on(PLACE)

    for issued in world.all_issued:
        world.check(issued)
    assert world.seen["older page"] == 1
    assert world.seen["renewed"] == 14
    assert world.seen["refresh: good"] == len(world.all_issued) == 15


def test_every_change_on_the_way() -> None:
    """A connection survives years, and each rotation after which it was renewed; a revocation ends earlier ones."""
    world = World()
    world.open_page("user-1", EXTRAS[2])
    world.connect(world.pages[0], "crm")
    for _ in range(4):
        world.rotate()
        world.check(world.connections[PLACE].issued)
        world.live_on(PLACE)
        world.drop_secret()
        world.check(world.connections[PLACE].issued)
        world.now = world.connections[PLACE].issued.renewable_until - SECOND
        world.live_on(PLACE)
    assert world.now - START > 700 * DAY
    assert world.seen["renewed"] == 8

    world.open_page("user-2", {})
    world.connect(world.pages[-1], "crm")
    world.revoke_grant(world.connections["user-2", "crm"].issued.grant.grant_id)
    assert world.ask(("user-2", "crm")) is None
    world.live_on(PLACE)
    world.revoke_user("user-1")
    assert world.ask(PLACE) is None
    world.open_page("user-1", EXTRAS[1])
    world.connect(world.pages[-1], "crm")
    world.live_on(PLACE)
    assert world.seen["renewed"] == 10
    for issued in world.all_issued:
        world.check(issued)


SECRET = secret("0")
ISSUER = ApiKeyIssuer(SECRET)


def test_browser_that_waits() -> None:
    """A page that connects 59 minutes after it was opened has a key for all of the hour that its expiresIn says."""
    auth_data = ISSUER.issue("user-1", extra=EXTRAS[1], grant_id="grant-1", now=START)
    token = generate_connect_token("user-1", auth_data, credentials=CREDENTIALS, now=START)
    read_at = START + 59 * MINUTE
    read = verify_connect_token(token, credentials=CREDENTIALS, now=read_at).auth_data
    assert read == auth_data
    assert auth_data.expires_in == 3600
    last = ISSUER.authenticate(auth_data.api_key, now=read_at + HOUR - SECOND)
    assert (last.user_id, last.grant_id, last.granted_at) == ("user-1", "grant-1", START.replace(microsecond=123_000))
    renewed = ISSUER.refresh(auth_data.refresh_token or "", now=read_at + HOUR)
    assert ISSUER.authenticate(renewed.api_key, now=read_at + HOUR).granted_at == last.granted_at


@pytest.mark.parametrize(("key_ttl", "refresh_token_ttl"), LIVES)
def test_ends(key_ttl: timedelta, refresh_token_ttl: timedelta) -> None:
    """A key is good for an hour and a minute longer than it says, a refresh token until its end, to the second."""
    issuer = ApiKeyIssuer(SECRET, api_key_ttl=key_ttl, refresh_token_ttl=refresh_token_ttl)
    auth_data = issuer.issue("user-1", now=START)
    key_ends = whole(START) + key_ttl + HOUR + MINUTE
    assert issuer.authenticate(auth_data.api_key, now=key_ends - SECOND).expires_at == key_ends
    assert outcome(issuer.authenticate, auth_data.api_key, key_ends) is ApiKeyExpiredError
    assert outcome(issuer.authenticate, auth_data.api_key, key_ends + SECOND) is ApiKeyExpiredError
    refresh_token, ends = auth_data.refresh_token or "", whole(START) + refresh_token_ttl
    assert isinstance(issuer.refresh(refresh_token, now=ends - SECOND), AuthData)
    assert outcome(issuer.refresh, refresh_token, ends) is InvalidRefreshTokenError
    assert outcome(issuer.refresh, refresh_token, ends + SECOND) is InvalidRefreshTokenError


def test_end_of_the_connect_token() -> None:
    """Rollout reads authData until the connect token expires, and a key read in the last second stays valid."""
    auth_data = ISSUER.issue("user-1", now=START)
    token = generate_connect_token("user-1", auth_data, credentials=CREDENTIALS, now=START)
    last = whole(START) + HOUR - SECOND
    strict = {"credentials": CREDENTIALS, "leeway": timedelta(0)}
    assert verify_connect_token(token, now=last, **strict).auth_data == auth_data
    with pytest.raises(TokenExpiredError):
        verify_connect_token(token, now=last + SECOND, **strict)
    assert ISSUER.authenticate(auth_data.api_key, now=last + HOUR).user_id == "user-1"


def test_clock_that_lags() -> None:
    """A machine whose clock lags by up to a day takes a new key and renews it; one that lags by more does neither."""
    auth_data = ISSUER.issue("user-1", now=START)
    tokens = (ISSUER.authenticate, auth_data.api_key), (ISSUER.refresh, auth_data.refresh_token or "")
    for (call, text), refusal in zip(tokens, (InvalidApiKeyError, InvalidRefreshTokenError), strict=True):
        assert not isinstance(outcome(call, text, START - DAY), type)
        assert outcome(call, text, START - DAY - SECOND) is refusal


def kinds(client_secret: str, refusal: type[Exception]) -> list[tuple[Callable[..., object], str, type[Exception]]]:
    """Of each kind of token: who reads it, a good one, and how another one is refused there."""
    credentials = ClientCredentials("client-1", client_secret)
    auth_data = ISSUER.issue("user-1", now=START)
    token = generate_connect_token("user-1", auth_data, credentials=credentials, now=START)
    return [
        (lambda text, now: verify_connect_token(text, credentials=credentials, now=now), token, refusal),
        (ISSUER.authenticate, auth_data.api_key, InvalidApiKeyError),
        (ISSUER.refresh, auth_data.refresh_token or "", InvalidRefreshTokenError),
    ]


each_secret = pytest.mark.parametrize("client_secret", [SECRET, secret("client")], ids=["equal", "different"])


@each_secret
def test_no_token_in_the_place_of_another(client_secret: str) -> None:
    """A connect token, an API key and a refresh token are each refused where another belongs, whatever the secrets."""
    three = kinds(client_secret, MalformedTokenError)
    for call, own, refusal in three:
        assert not isinstance(outcome(call, own, START), type)
        for other in {text for _, text, _ in three} - {own}:
            assert outcome(call, other, START) is refusal


@each_secret
def test_each_kind_has_a_key_of_its_own(client_secret: str) -> None:
    """What one kind of token says is refused, as forged, if it was signed with the key of another kind."""
    three = kinds(client_secret, BadSignatureError)
    keys = (client_secret, derived_secret(SECRET, API_KEY_TYPE), derived_secret(SECRET, REFRESH_TOKEN_TYPE))
    for (call, own, refusal), own_key in zip(three, keys, strict=True):
        message = own.rpartition(".")[0]
        for key in {*keys, SECRET}:
            mac = hmac.digest(key.encode(), message.encode(), "sha512")
            text = f"{message}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
            assert (text == own) == (key == own_key)
            assert text == own or outcome(call, text, START) is refusal
