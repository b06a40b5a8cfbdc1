"""What a stranger or a broken client sends: each must be refused, and none may crash the app."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex
from typing import NamedTuple

from ._answers import check_route
from ._conversation import Conversation, Flow
from ._deliveries import event, signed, webhook
from .exchanges import Outgoing
from .mistakes import IntegrationError
from .templates import API_KEY, REFRESH_TOKEN, VERIFICATION_TOKEN

__tracebackhide__ = True

_JSON = {"Content-Type": "application/json"}


class Attack(NamedTuple):
    """A request that must be refused, and what it means if it is not."""

    outgoing: Outgoing
    code: str
    mend: str


def intrude(conversation: Conversation) -> Flow[None]:
    """Whoever does not know a secret tries each endpoint."""
    yield from _refused(conversation, list(_intrusions(conversation)))


def send_garbage(conversation: Conversation) -> Flow[None]:
    """Send what nobody can read, with the verification token and the signature that let it be read."""
    yield from _refused(conversation, list(_garbage(conversation)))


def _refused(conversation: Conversation, attacks: list[Attack]) -> Flow[None]:
    for outgoing, code, mend in attacks:
        (response,) = yield [outgoing]
        known = {exchange.line for exchange in conversation.exchanges if exchange.response.is_success}
        if outgoing.line not in known:  # an app that hides itself from strangers answers 404 to them alone
            check_route(response, outgoing.purpose.partition(" ")[0], f"the endpoint of a {outgoing.purpose}")
        if response.status >= 500:  # noqa: PLR2004  RFC 9110 section 15.6
            problem = f"the app answered {response.status} to a request that it should refuse ({outgoing.purpose})"
            raise IntegrationError(
                "server_error",
                problem,
                "answer 400 or 401: catch VerificationError, and let the library read the body first",
            )
        if response.status < 400:  # noqa: PLR2004  RFC 9110 section 15.5
            raise IntegrationError(code, f"the app answered {response.status} to a {outgoing.purpose}", mend)


def _intrusions(conversation: Conversation) -> Iterator[Attack]:
    dashboard = conversation.dashboard
    wrong = token_hex(32)
    verify = "check the verification token before anything else: RequestVerifier(...).verify(request.headers)"
    for what, template in (("call", dashboard.api), ("refresh", dashboard.refresh)):
        if template is None or (what == "refresh" and not conversation.is_refreshable):
            continue
        if template.has(VERIFICATION_TOKEN):
            code = f"unverified_{what}"
            without = template.without(VERIFICATION_TOKEN)
            if not without.has(VERIFICATION_TOKEN):
                yield Attack(conversation.outgoing(f"{what} without the verification token", without), code, verify)
            other = conversation.outgoing(f"{what} with a wrong verification token", template, verification_token=wrong)
            yield Attack(other, code, verify)
        if what == "call" and template.has(API_KEY):
            made_up = conversation.outgoing("call with a made-up API key", template, auth_data={"apiKey": wrong})
            yield Attack(made_up, "api_key_not_checked", "look the API key up: ApiKeyIssuer(...).authenticate(api_key)")
        if what == "refresh" and template.has(REFRESH_TOKEN):
            made_up = conversation.outgoing(
                "refresh with a made-up refresh token", template, auth_data={"refreshToken": wrong}
            )
            yield Attack(made_up, "refresh_token_not_checked", "raise InvalidRefreshTokenError for an unknown token")
    if dashboard.webhook_path is not None:
        body = event(conversation, "peopleCreated", ["person-0"])
        verify = "verify the signature first: verify_webhook(body, headers)"
        unsigned = webhook(conversation, body, _JSON, "without a signature", "webhook without a signature")
        yield Attack(unsigned, "unverified_webhook", verify)
        badly = signed(conversation, body, wrong, "webhook with a wrong signature")
        yield Attack(badly, "unverified_webhook", verify)


_GARBAGE = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe\x00",
    "no object": b"[1, null]",
    "a number for a text": b'{"refreshToken":1,"eventId":1}',
    "deep nesting": b"[" * 20_000 + b"]" * 20_000,
    "a lone surrogate": b'{"refreshToken":"\\ud800","eventId":"\\ud800"}',
}


def _garbage(conversation: Conversation) -> Iterator[Attack]:
    refresh, path = conversation.dashboard.refresh, conversation.dashboard.webhook_path
    secret = conversation.credentials.client_secret
    for what, body in _GARBAGE.items():
        if refresh is not None and conversation.dashboard.has_refresh_body and conversation.is_refreshable:
            outgoing = conversation.outgoing(f"refresh with {what} in its body", refresh)
            shown = f"{outgoing.line}  {len(body)} bytes"
            changed = outgoing._replace(request=outgoing.request.with_body(body), shown=shown)
            yield Attack(changed, "garbage_accepted", "read it by parse_refresh_request, which refuses it")
        if path is not None:
            outgoing = signed(conversation, body, secret, f"webhook with {what} in its body")
            yield Attack(outgoing, "garbage_accepted", "read it by verify_webhook, which refuses it")
