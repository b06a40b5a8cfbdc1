"""The whole conversation in steps, each of which is checked: what ``rollout-auth simulate`` and ``demo`` run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter
from typing import Literal, NamedTuple

from ._attacks import intrude, send_garbage
from ._calls import call, connect, renew, renew_at_once
from ._conversation import Conversation, Flow
from ._deliveries import deliver, event
from .mistakes import IntegrationError
from .report import Report, StepResult

__tracebackhide__ = True

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_APART = timedelta(seconds=30)


def scenario(conversation: Conversation, on_step: Callable[[StepResult], object] | None = None) -> Flow[Report]:
    """Run every step, even after one that failed, unless it builds on that one."""
    results: list[StepResult] = []
    for step in _STEPS:
        is_unreachable = any(result.error and result.error.code == "unreachable" for result in results)
        reason = _why_not(conversation, step.needs, is_unreachable=is_unreachable)
        before, began = len(conversation.exchanges), perf_counter()
        error = None
        if not reason:
            try:
                yield from step.flow(conversation)
            except IntegrationError as caught:
                error, reason = caught.with_traceback(None), caught.reason
        outcome: Literal["passed", "failed", "skipped"] = "failed" if error else "skipped" if reason else "passed"
        exchanges = tuple(conversation.exchanges[before:])
        if error:
            error.transcript = "\n".join(map(str, exchanges))
        results.append(StepResult(step.name, outcome, reason, error, exchanges, perf_counter() - began))
        if on_step is not None:
            on_step(results[-1])
    return Report(tuple(results))


def _why_not(conversation: Conversation, needs: str, *, is_unreachable: bool) -> str:
    """Why a step cannot run, or an empty string."""
    if is_unreachable:
        return "the app cannot be reached"
    if needs in ("connection", "refresh") and conversation.connection is None:
        return "nobody is connected"
    if needs == "refresh" and not conversation.is_refreshable:
        return "the key does not expire"
    if needs in ("webhook", "rotation") and conversation.dashboard.webhook_path is None:
        return "there are no webhooks"
    has_refreshes = conversation.is_refreshable and conversation.dashboard.has_refresh_body
    if needs == "reader" and conversation.dashboard.webhook_path is None and not has_refreshes:
        return "no endpoint reads a body"
    if needs == "rotation" and len(conversation.credentials.secrets) == 1:
        return "there is no previous client secret"
    return ""


def _connect(conversation: Conversation) -> Flow[None]:
    conversation.tokens.clear()
    yield from connect(conversation)


def _connect_again(conversation: Conversation) -> Flow[None]:
    """The same user comes back with a fresh token."""
    known = conversation.connected().user_id
    verified = yield from connect(conversation)
    if verified.user_id != known:
        raise IntegrationError(
            "user_id_changes",
            "two tokens for one user have different user ids (sub)",
            "pass the user's id in your database: str(user.pk)",
        )


def _clocks_apart(conversation: Conversation) -> Flow[None]:
    for skew in (-_APART, _APART):
        conversation.skew = skew
        try:
            yield from connect(conversation)
        finally:
            conversation.skew = timedelta(0)


def _call(conversation: Conversation) -> Flow[None]:
    yield from call(conversation)


def _key_ends(conversation: Conversation) -> Flow[None]:
    """The key is about to expire while the first token is still valid; a key that is valid longer is renewed early."""
    latest = _end_of_first_token(conversation) - 2 * _MINUTE
    if conversation.renew_at() > latest:
        yield from renew(conversation)
    yield from _call_in_time(conversation, latest)


def _lost_answer(conversation: Conversation) -> Flow[None]:
    conversation.loses_next_answer = True
    yield from renew(conversation)
    yield from call(conversation)


def _two_at_once(conversation: Conversation) -> Flow[None]:
    for auth_data in (yield from renew_at_once(conversation, 2)):
        conversation.store(auth_data)
        yield from call(conversation)


def _stale_browser(conversation: Conversation) -> Flow[None]:
    """A page that was opened almost an hour ago connects, and later the refresh token that it brings is used."""
    _advance_to(conversation, _end_of_first_token(conversation) - _MINUTE)
    yield from connect(conversation, next(iter(conversation.tokens)))
    yield from call(conversation)
    yield from _call_in_time(conversation, conversation.renew_at())


def _later(conversation: Conversation) -> Flow[None]:
    """The key from the last refresh is used until it is about to expire, long after the first token has expired."""
    _advance_to(conversation, conversation.renew_at() - _SECOND)
    yield from call(conversation)
    yield from _call_in_time(conversation, conversation.renew_at())


def _call_in_time(conversation: Conversation, latest: datetime) -> Flow[None]:
    if conversation.renew_at() <= latest:
        _advance_to(conversation, conversation.renew_at())
    yield from call(conversation)


def _advance_to(conversation: Conversation, moment: datetime) -> None:
    conversation.clock.advance(max(moment - conversation.clock.now(), timedelta(0)))


def _end_of_first_token(conversation: Conversation) -> datetime:
    return next(iter(conversation.tokens.values()))


def _webhook(conversation: Conversation) -> Flow[None]:
    yield from deliver(conversation, [event(conversation, "peopleCreated", ["person-1"])])


def _unusual_webhook(conversation: Conversation) -> Flow[None]:
    """JSON whose bytes change when it is parsed and written again."""
    unusual = event(conversation, "peopleUpdated", ["persön-1", "人-2"], note="a/b </script>", score=1e-7)
    as_javascript_writes = unusual.replace(b'"score":1e-07', b'"score":1e-7')
    yield from deliver(conversation, [as_javascript_writes])


def _twice(conversation: Conversation) -> Flow[None]:
    conversation.loses_next_answer = True
    yield from deliver(conversation, [event(conversation, "peopleUpdated", ["person-1"])], times=2)


def _reordered(conversation: Conversation) -> Flow[None]:
    events = [event(conversation, name, ["person-3"]) for name in ("peopleCreated", "peopleUpdated")]
    yield from deliver(conversation, events[::-1])


def _previous_secret(conversation: Conversation) -> Flow[None]:
    events = [event(conversation, "peopleCreated", ["person-4"])]
    yield from deliver(conversation, events, is_signed_with_previous=True)


class _Step(NamedTuple):
    name: str
    needs: Literal["nothing", "connection", "refresh", "webhook", "rotation", "reader"]
    flow: Callable[[Conversation], Flow[None]]


_STEPS = (
    _Step("a user connects", "nothing", _connect),
    _Step("the same user connects again", "connection", _connect_again),
    _Step("the clocks are half a minute apart", "connection", _clocks_apart),
    _Step("a call with the key", "connection", _call),
    _Step("the key is about to expire", "refresh", _key_ends),
    _Step("the response to a refresh is lost", "refresh", _lost_answer),
    _Step("two refreshes at once", "refresh", _two_at_once),
    _Step("a browser with a token that is about to expire", "refresh", _stale_browser),
    _Step("the renewed key is about to expire", "refresh", _later),
    _Step("a webhook", "webhook", _webhook),
    _Step("a webhook with unusual text", "webhook", _unusual_webhook),
    _Step("the same webhook several times", "webhook", _twice),
    _Step("two webhooks in the wrong order", "webhook", _reordered),
    _Step("a webhook signed with the previous secret", "rotation", _previous_secret),
    _Step("a stranger", "connection", intrude),
    _Step("garbage", "reader", send_garbage),
)
