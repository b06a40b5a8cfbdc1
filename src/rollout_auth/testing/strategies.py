"""Strategies for hypothesis, which must be installed: valid values, the requests that carry them, and hostile input.

``st.from_type(AuthData)`` works as soon as hypothesis is imported, as it does for ``ConnectToken``, ``RefreshRequest``
and ``WebhookEvent``.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar
from urllib.parse import urlencode

from hypothesis import strategies as st

from rollout_auth import AuthData, ClientCredentials, ConnectToken, InvalidUserIdError, RefreshRequest, WebhookEvent
from rollout_auth._text import checked_user_id, text_problem
from rollout_auth._time import TEN_YEARS
from rollout_auth.auth_data import MAX_SAFE_INTEGER
from rollout_auth.connect_token import MAX_LIFETIME
from rollout_auth.webhooks import SIGNATURE_HEADER

from .credentials import CREDENTIALS
from .messages import Request
from .webhook_signing import sign_webhook, webhook_body

T = TypeVar("T")

_SIZE = 40
_WELL_FORMED = st.text(st.characters(exclude_categories=["Cs"]), max_size=_SIZE)
_INTEGERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_EARLIEST, _LATEST = datetime(1970, 1, 2), datetime(9998, 1, 1)  # noqa: DTZ001  the strategy sets the zone
_INSTANTS = st.datetimes(_EARLIEST, _LATEST, timezones=st.just(timezone.utc))
_NOTHING = ("", " ", "null", "undefined", "0")
_CONTROL = ("\x00", "\r\n", "a\r\nX-Injected: 1", "\t", "\x7f", "\u200b", "\ufeff", "\x85")
_LONG = ("x" * 9000, "a," * 3000, "=" * 100)
_HOSTILE_TEXT = st.one_of(
    st.sampled_from(
        [*_NOTHING, *_CONTROL, *_LONG, "Bearer", "Bearer ", "Bearer a b", "basic Og==", "é", "\ud800", "a, b"]
    ),
    st.text(max_size=_SIZE),
)
_HOSTILE_JSON = (
    *(
        b"",
        b"null",
        b"[]",
        b'""',
        b"{",
        b"{}",
        b"NaN",
        b'{"refreshToken":NaN}',
        b'{"a":1e999}',
        b'{"a":18446744073709551616}',
    ),
    *(
        b'{"refreshToken":"a","refreshToken":"b"}',
        b'{"refreshToken":"\\ud800"}',
        b'{"refreshToken":1}',
        b"\xef\xbb\xbf{}",
    ),
    *(b"[" * 20_000, b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 20_000, b"9" * 60_000, b"\xff\xfe{\x00}\x00"),
    *(b"refreshToken=a&refreshToken=b", b"refreshToken=%zz", b"refreshToken", b"refreshToken=%ED%A0%80", b"&&=&"),
)


def user_ids() -> st.SearchStrategy[str]:
    """User ids that ``generate_connect_token`` accepts."""
    return _texts().filter(_is_user_id)


def auth_data(*, refreshable: bool | None = None) -> st.SearchStrategy[AuthData]:
    """AuthData of every form, or only those whose keys can (True) or cannot (False) be renewed."""

    def built(api_key: str, renewal: tuple[str, int] | None, extra: dict[str, object]) -> AuthData:
        refresh_token, expires_in = renewal or (None, None)
        return AuthData(api_key, refresh_token, expires_in, extra)

    renewals = st.tuples(_texts(), st.integers(1, TEN_YEARS))
    if refreshable is None:
        return st.builds(built, _texts(), st.none() | renewals, _extra())
    return st.builds(built, _texts(), renewals if refreshable else st.none(), _extra())


def connect_tokens() -> st.SearchStrategy[ConnectToken]:
    """What verified connect tokens say."""

    def built(ids: tuple[str, str], data: AuthData | None, issued: datetime, life: int) -> ConnectToken:
        issued = issued.replace(microsecond=0)
        return ConnectToken(*ids, data, issued, issued + timedelta(seconds=life))

    ids = st.tuples(_texts(), _texts())
    return st.builds(built, ids, st.none() | auth_data(), _INSTANTS, st.integers(1, MAX_LIFETIME))


def refresh_requests(refresh_tokens: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[RefreshRequest]:
    """Parsed refresh requests. ``refresh_tokens`` generates your own refresh tokens; None generates any text."""
    tokens = _texts() if refresh_tokens is None else refresh_tokens
    return st.builds(RefreshRequest, tokens, _fields(_WELL_FORMED, "refreshToken"))


def refresh_messages(
    refresh_tokens: st.SearchStrategy[str] | None = None, *, field: str = "refreshToken"
) -> st.SearchStrategy[Request]:
    """Refresh requests over HTTP, as JSON and as forms, for ``RefreshEndpoint.handle(body, headers)``.

    ``refresh_tokens`` generates your own refresh tokens, and ``field`` is the field that holds them.
    """
    tokens = _texts() if refresh_tokens is None else refresh_tokens

    def message(token: str, fields: dict[str, Any], is_form: bool) -> Request:
        values = {**fields, field: token}
        body = urlencode(values).encode() if is_form else json.dumps(values, ensure_ascii=False).encode()
        content_type = "application/x-www-form-urlencoded" if is_form else "application/json"
        return Request("POST", "/rollout/refresh", [("Content-Type", content_type)], body)

    return st.builds(message, tokens, _fields(_WELL_FORMED), st.booleans())


def webhook_events() -> st.SearchStrategy[WebhookEvent]:
    """What verified webhooks say."""
    return _payloads().map(_event)


def webhooks(credentials: ClientCredentials = CREDENTIALS, **settings: Any) -> st.SearchStrategy[Request]:
    """Correctly signed webhooks over HTTP. ``settings`` are those of ``sign_webhook``."""

    def message(payload: dict[str, object]) -> Request:
        body = webhook_body(payload)
        headers = sign_webhook(body, credentials=credentials, **settings)
        return Request("POST", "/rollout/webhook", headers.items(), body)

    return _payloads().map(message)


def hostile_headers() -> st.SearchStrategy[list[tuple[str, str]]]:
    """Pairs of names and values, none of them a credential: blank, repeated, too long, with control characters."""
    names = st.sampled_from(
        ["Authorization", "X-Rollout-Verification-Token", SIGNATURE_HEADER, "Content-Type", "content-type", "", "X Y"]
    )
    return st.lists(st.tuples(names, _HOSTILE_TEXT), max_size=6)


def hostile_bodies() -> st.SearchStrategy[bytes]:
    """Bodies that no strict parser accepts as a refresh request or a webhook; some are large."""
    others = st.binary(max_size=_SIZE).filter(lambda data: not data.startswith(b"{"))
    return st.sampled_from(_HOSTILE_JSON) | others


def _texts() -> st.SearchStrategy[str]:
    characters = st.characters(exclude_categories=["Cs", "Cc"])
    return st.text(characters, min_size=1, max_size=_SIZE).filter(lambda text: text_problem(text) is None)


def _is_user_id(text: str) -> bool:
    try:
        return checked_user_id(text) == text
    except InvalidUserIdError:  # the text of a user who is not signed in, such as "None"
        return False


def _extra() -> st.SearchStrategy[dict[str, object]]:
    scalars = st.one_of(st.none(), st.booleans(), _INTEGERS, _FLOATS, _WELL_FORMED)
    values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | _fields(inner), max_leaves=5)
    return _fields(values, "apiKey", "refreshToken", "expiresIn")


def _fields(values: st.SearchStrategy[T], *reserved: str) -> st.SearchStrategy[dict[str, T]]:
    return st.dictionaries(_WELL_FORMED.filter(lambda key: key not in reserved), values, max_size=3)


def _payloads() -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {
            "eventId": _texts(),
            "eventCreated": _INSTANTS.map(datetime.isoformat),
            "event": _texts(),
            "resourceIds": st.lists(_texts(), max_size=3),
            "uri": st.none() | _texts(),
        }
    )


def _event(payload: dict[str, Any]) -> WebhookEvent:
    created_at = datetime.fromisoformat(payload["eventCreated"])
    ids = tuple(payload["resourceIds"])
    return WebhookEvent(payload["eventId"], payload["event"], created_at, ids, payload["uri"], payload)
