"""What a stranger or a broken client sends: the app must refuse each request, and none may crash it."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex
from typing import NamedTuple, cast

from ._answers import check_route
from ._conversation import Conversation, Flow
from ._deliveries import event, signed, webhook
from .exchanges import Outgoing
from .mistakes import IntegrationError
from .templates import API_KEY, REFRESH_TOKEN, VERIFICATION_TOKEN, DashboardRequest

__tracebackhide__ = True

_JSON = {"Content-Type": "application/json"}


class Attack(NamedTuple):
    """A request that must be refused, and what it means if it is not."""

    outgoing: Outgoing
    code: str
    fix: str


def intrude(conversation: Conversation) -> Flow[None]:
    """Try each endpoint without knowing the secrets."""
    yield from _refused(conversation, _intrusions(conversation))


def send_garbage(conversation: Conversation) -> Flow[None]:
    """Send bodies that cannot be parsed, with the right verification token or signature, so that the app tries to."""
    yield from _refused(conversation, _garbage(conversation))


def _refused(conversation: Conversation, attacks: Iterator[Attack]) -> Flow[None]:
    for outgoing, code, fix in attacks:
        (response,) = yield [outgoing]
        known = {exchange.line for exchange in conversation.exchanges if exchange.response.is_success}
        if outgoing.line not in known:  # an app that hides from strangers returns 404 to them alone
            check_route(response, outgoing.purpose.partition(" ")[0], f"the endpoint for a {outgoing.purpose}")
        if response.status >= 500:  # noqa: PLR2004  RFC 9110 section 15.6
            problem = f"the app returned {response.status} for a request that it should refuse ({outgoing.purpose})"
            raise IntegrationError(
                "server_error",
                problem,
                "respond with 400 or 401: catch RequestRefusedError, and let the library read the body first",
            )
        if response.status < 400:  # noqa: PLR2004  RFC 9110 section 15.5
            raise IntegrationError(code, f"the app returned {response.status} for a {outgoing.purpose}", fix)


def _intrusions(conversation: Conversation) -> Iterator[Attack]:
    dashboard = conversation.dashboard
    wrong = token_hex()
    yield from _unverified(conversation, "call", dashboard.api, wrong)
    if dashboard.api.has(API_KEY):
        made_up = conversation.outgoing("call with a made-up API key", dashboard.api, auth_data={"apiKey": wrong})
        yield Attack(made_up, "api_key_not_checked", "look up the API key: ApiKeyIssuer(...).authenticate(api_key)")
    if conversation.is_refreshable:
        refresh = cast("DashboardRequest", dashboard.refresh)
        yield from _unverified(conversation, "refresh", refresh, wrong)
        if refresh.has(REFRESH_TOKEN):
            purpose = "refresh with a made-up refresh token"
            made_up = conversation.outgoing(purpose, refresh, auth_data={"refreshToken": wrong})
            yield Attack(made_up, "refresh_token_not_checked", "raise InvalidRefreshTokenError for an unknown token")
    if dashboard.webhook_path is not None:
        body = event(conversation, "peopleCreated", ["person-0"])
        verify = "verify the signature first: verify_webhook(body, headers)"
        unsigned = webhook(conversation, body, _JSON, "without a signature", "webhook without a signature")
        yield Attack(unsigned, "unverified_webhook", verify)
        badly = signed(conversation, body, wrong, "webhook with a wrong signature")
        yield Attack(badly, "unverified_webhook", verify)


def _unverified(conversation: Conversation, what: str, template: DashboardRequest, wrong: str) -> Iterator[Attack]:
    if not template.has(VERIFICATION_TOKEN):
        return
    code = f"unverified_{what}"
    fix = "check the verification token before anything else: RequestVerifier(...).verify(request.headers)"
    without = template.without(VERIFICATION_TOKEN)
    if not without.has(VERIFICATION_TOKEN):
        yield Attack(conversation.outgoing(f"{what} without the verification token", without), code, fix)
    purpose = f"{what} with a wrong verification token"
    yield Attack(conversation.outgoing(purpose, template, verification_token=wrong), code, fix)


_GARBAGE = {
    "nothing": b"",
    "invalid JSON": b"{",
    "invalid UTF-8": b"\xff\xfe\x00",
    "an array": b"[1, null]",
    "numbers instead of strings": b'{"refreshToken":1,"eventId":1}',
    "deep nesting": b"[" * 20_000 + b"]" * 20_000,
}
_UNSIGNED_GARBAGE = {"a lone surrogate": b'{"refreshToken":"\\ud800"}'}  # signed, it may be JavaScript's


def _garbage(conversation: Conversation) -> Iterator[Attack]:
    dashboard = conversation.dashboard
    secret = conversation.credentials.client_secret
    for what, body in (_GARBAGE | _UNSIGNED_GARBAGE).items():
        if dashboard.has_refresh_body and conversation.is_refreshable:
            template = cast("DashboardRequest", dashboard.refresh)
            outgoing = conversation.outgoing(f"refresh with {what} in its body", template)
            shown = f"{outgoing.line}  {len(body)} bytes"
            changed = outgoing._replace(request=outgoing.request.with_body(body), shown=shown)
            yield Attack(changed, "garbage_accepted", "read it with parse_refresh_request, which refuses it")
        if dashboard.webhook_path is not None and what in _GARBAGE:
            outgoing = signed(conversation, body, secret, f"webhook with {what} in its body")
            yield Attack(outgoing, "garbage_accepted", "read it with verify_webhook, which refuses it")
