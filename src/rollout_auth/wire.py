"""Types of everything that travels, for your own annotations: nothing else in this package imports them at run time.

>>> from rollout_auth.wire import ConnectTokenAnswer
>>> def answer() -> ConnectTokenAnswer:
...     return {"token": "...", "expiresAt": "2026-01-02T04:04:05+00:00"}

``TypedDict`` comes from typing-extensions, because pydantic accepts no other before Python 3.12. Keys that are not
listed are allowed (PEP 728) where the protocol allows them.

Sources: as for the functions that read and write each of them.
"""

from typing_extensions import NotRequired, TypedDict


class AuthDataDict(TypedDict, extra_items=object):  # type: ignore[call-arg]  # mypy does not know PEP 728 yet
    """A user's API key: ``AuthData.to_dict()``. Further fields are the connector's own."""

    apiKey: str
    refreshToken: NotRequired[str]
    """Together with ``expiresIn``, or not at all."""
    expiresIn: NotRequired[int]
    """Seconds."""


class NamespaceClaim(TypedDict, extra_items=object):  # type: ignore[call-arg]  # likewise
    """The claim ``rollout.com`` of a connect token."""

    authData: NotRequired[AuthDataDict]


class LegacyNamespaceClaim(TypedDict, extra_items=object):  # type: ignore[call-arg]  # likewise
    """The claim ``rollouthq.com`` of a connect token, on legacy Rollout."""

    authData: NotRequired[AuthDataDict]
    dev: NotRequired[bool]
    """Whether unpublished triggers and actions are shown."""


_NamespaceClaims = TypedDict(  # a class cannot have keys with a dot
    "_NamespaceClaims",
    {"rollout.com": NotRequired[NamespaceClaim], "rollouthq.com": NotRequired[LegacyNamespaceClaim]},
)


class ConnectTokenClaims(_NamespaceClaims, extra_items=object):  # type: ignore[call-arg]  # as above: PEP 728
    """The payload of a connect token: cast ``ConnectToken.claims`` to it. Times are in whole seconds since 1970."""

    iss: str
    sub: str
    iat: int
    exp: int
    nbf: NotRequired[int]


class ConnectTokenAnswer(TypedDict):
    """The body of ``connect_token_response``."""

    token: str
    expiresAt: str
    """ISO 8601, in UTC."""


class ErrorAnswer(TypedDict):
    """The body of ``error_response``."""

    error: str
    """A name of RFC 6749 section 5.2 or RFC 6750 section 3.1."""


class WebhookPayload(TypedDict, extra_items=object):  # type: ignore[call-arg]  # likewise
    """The body of a webhook: ``WebhookEvent.payload``."""

    eventId: str
    eventCreated: str
    """ISO 8601, with an offset."""
    event: str
    resourceIds: list[str]
    uri: str | None
