"""``RolloutAuth``: your side of Rollout in one object, in which each route is one call.

It holds the parts, which stay usable alone, and adds no rule of its own. Sources: as for the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import combinations

from ._secrecy import masked_repr, sealed
from ._text import setting_problem
from ._time import HOUR, epoch_seconds, instant
from .api_keys import (
    API_KEY_SECRET_VARIABLE,
    PREVIOUS_API_KEY_SECRET_VARIABLE,
    ApiKeyGrant,
    ApiKeyIssuer,
    IsRevoked,
)
from .auth_data import NO_EXTRA, AuthData
from .connect_token import NAMESPACE, ConnectTokenSigner, Namespace
from .credentials import (
    CLIENT_ID_VARIABLE,
    CLIENT_SECRET_VARIABLE,
    FROM_THE_DASHBOARD,
    OF_YOUR_OWN,
    PREVIOUS_CLIENT_SECRET_VARIABLE,
    ClientCredentials,
    check_credentials,
    environment,
    pair_problem,
)
from .errors import ConfigurationError, InvalidApiKeyError, MalformedRequestError
from .headers import Headers, checked_header_name, header_value, without_bearer
from .refresh import RefreshRequest, checked_field, parse_refresh_request
from .responses import ResponseParts, refresh_response, token_answer
from .verification import (
    DEFAULT_HEADER,
    PREVIOUS_VERIFICATION_TOKEN_VARIABLE,
    VERIFICATION_TOKEN_VARIABLE,
    RequestVerifier,
    token_problem,
)
from .webhooks import SignedContent, WebhookEvent, check_signed_content, verify_signed_request, verify_webhook

_OWN_KEYS = f"{OF_YOUR_OWN}, or pass own_keys=True if you have API keys of your own"


class RolloutAuth:
    """Your side of Rollout: each of your four routes is one call, and one handler answers every refusal.

    Hand ``error_response(error)`` to your framework for each ``RequestRefusedError`` that a call raises.

    Args:
        credentials: the client id and the client secret.
        verifier: checks the verification token of Rollout's requests.
        issuer: issues and checks API keys; None if you have keys of your own, and use ``connect(user_id, auth_data)``,
            ``verify`` and ``refresh_request``.
        api_key_header: the header in which Rollout sends the API key, without ``Bearer`` if it is ``Authorization``;
            None if it is elsewhere, and you pass it to ``authenticate``.
        refresh_field: the field in which Rollout sends the refresh token.
        signed_content: as for ``verify_webhook``.
        namespace: as for ``generate_connect_token``.
        ttl: how long a connect token is valid, as for ``generate_connect_token``.
        dev: as for ``generate_connect_token``.

    It can be copied, and shared by threads.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigurationError: an argument cannot be used, or one header is for both the key and the verification token.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_api_key_header",
        "_credentials",
        "_issuer",
        "_refresh_field",
        "_signed_content",
        "_signer",
        "_ttl",
        "_verifier",
    )

    @sealed
    def __init__(
        self,
        credentials: ClientCredentials,
        verifier: RequestVerifier,
        issuer: ApiKeyIssuer | None = None,
        *,
        api_key_header: str | None = "Authorization",
        refresh_field: str = "refreshToken",
        signed_content: SignedContent = "base64",
        namespace: Namespace = NAMESPACE,
        ttl: timedelta = HOUR,
        dev: bool = False,
    ) -> None:
        check_credentials(credentials)
        if not isinstance(verifier, RequestVerifier):
            raise TypeError(f"verifier is {type(verifier).__name__}: pass RequestVerifier(...)")
        if not isinstance(issuer, (ApiKeyIssuer, type(None))):
            raise TypeError(f"issuer is {type(issuer).__name__}: pass ApiKeyIssuer(...), or None for keys of your own")
        check_signed_content(signed_content)
        named = None if api_key_header is None else checked_header_name(api_key_header, "api_key_header")
        self._api_key_header = named and named.lower()
        if self._api_key_header == verifier.header.lower():
            raise ConfigurationError(
                f"{verifier.header} is the header of both the API key and the verification token: move one of them in"
                " the Rollout dashboard, and pass api_key_header or the verifier's header"
            )
        self._credentials, self._verifier, self._issuer = credentials, verifier, issuer
        self._refresh_field = checked_field(refresh_field)
        self._signed_content: SignedContent = signed_content
        self._ttl = ttl
        self._signer = ConnectTokenSigner(credentials, ttl=ttl, namespace=namespace, dev=dev)

    @classmethod
    @sealed
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        verification_header: str = DEFAULT_HEADER,
        is_revoked: IsRevoked | None = None,
        issuer: ApiKeyIssuer | None = None,
        own_keys: bool = False,
        api_key_header: str | None = "Authorization",
        refresh_field: str = "refreshToken",
        signed_content: SignedContent = "base64",
        namespace: Namespace = NAMESPACE,
        ttl: timedelta = HOUR,
        dev: bool = False,
    ) -> RolloutAuth:
        """Read the client id, the secrets and the verification token from the environment.

        The variables are ``ROLLOUT_CLIENT_ID``, ``ROLLOUT_CLIENT_SECRET``, ``ROLLOUT_VERIFICATION_TOKEN`` and, unless
        ``issuer`` or ``own_keys=True`` is passed, ``ROLLOUT_API_KEY_SECRET``; during a rotation also
        ``ROLLOUT_PREVIOUS_CLIENT_SECRET``, ``ROLLOUT_PREVIOUS_VERIFICATION_TOKEN`` and
        ``ROLLOUT_PREVIOUS_API_KEY_SECRET``. ``environ`` is ``os.environ`` unless another mapping is given; an empty
        variable counts as unset.

        Args:
            environ: the variables.
            verification_header: the header of the verification token, as for ``RequestVerifier``.
            is_revoked: as for ``ApiKeyIssuer``.
            issuer: one that you have built, in place of the one from the environment.
            own_keys: whether you have API keys of your own, so that there is no issuer.
            api_key_header: as for the class.
            refresh_field: as for the class.
            signed_content: as for the class.
            namespace: as for the class.
            ttl: as for the class.
            dev: as for the class.

        Raises:
            ConfigurationError: variables are missing, cannot be used or are equal to one another; one error names all.
            TypeError: an argument is of the wrong type, or ``is_revoked`` is passed beside ``issuer`` or ``own_keys``.
        """
        if is_revoked is not None and (issuer is not None or own_keys):
            raise TypeError("is_revoked is for the issuer from the environment: pass it to your own ApiKeyIssuer")
        issues_keys = issuer is None and not own_keys
        environ = environment(environ)
        problems = environment_problems(environ, issues_keys=issues_keys)
        if problems:
            raise ConfigurationError("; ".join(f"{variable} {problem}" for variable, problem in problems))
        if issues_keys:
            issuer = ApiKeyIssuer.from_env(environ, is_revoked=is_revoked)
        return cls(
            ClientCredentials.from_env(environ),
            RequestVerifier.from_env(environ, header=verification_header),
            issuer,
            api_key_header=api_key_header,
            refresh_field=refresh_field,
            signed_content=signed_content,
            namespace=namespace,
            ttl=ttl,
            dev=dev,
        )

    @sealed
    def connect(
        self,
        user_id: str,
        auth_data: AuthData | None = None,
        *,
        extra: Mapping[str, object] = NO_EXTRA,
        grant_id: str | None = None,
    ) -> ResponseParts:
        """Answer your own page with a connect token for the user who is signed in: ``{"token", "expiresAt"}``.

        The arguments and errors are those of ``connect_token``.
        """
        now = instant(epoch_seconds(None))
        token = self._signer.sign(user_id, self._auth_data(user_id, auth_data, extra, grant_id), now=now)
        return token_answer(token, now + self._ttl)

    @sealed
    def connect_token(
        self,
        user_id: str,
        auth_data: AuthData | None = None,
        *,
        extra: Mapping[str, object] = NO_EXTRA,
        grant_id: str | None = None,
    ) -> str:
        """A connect token for the user who is signed in, for a page that is rendered on the server.

        Args:
            user_id: the user's persistent, unique id, as for ``generate_connect_token``. Take it from your own
                session, never from the request: whoever holds the token acts as this user.
            auth_data: an API key of your own; None issues one.
            extra: further fields of the AuthData that is issued.
            grant_id: as for ``ApiKeyIssuer.issue``.

        Raises:
            InvalidUserIdError, InvalidAuthDataError: as for ``generate_connect_token``.
            ConfigurationError: there is neither ``auth_data`` nor an issuer, or ``grant_id`` cannot be used.
            TypeError: an argument is of the wrong type, or ``extra`` or ``grant_id`` is passed beside ``auth_data``.
        """
        return self._signer.sign(user_id, self._auth_data(user_id, auth_data, extra, grant_id))

    @sealed
    def authenticate(
        self, headers: Headers, *, api_key: str | bytes | None = None, is_revoked: IsRevoked | None = None
    ) -> ApiKeyGrant:
        """Whose key a request of Rollout's carries: checks the verification token, then the key.

        Args:
            headers: the request's headers, as for ``RequestVerifier.verify``.
            api_key: the key, if ``api_key_header`` is None.
            is_revoked: as for ``ApiKeyIssuer.authenticate``.

        Raises:
            MissingHeaderError, BadVerificationTokenError: as for ``RequestVerifier.verify``.
            ApiKeyExpiredError, InvalidApiKeyError: as for ``ApiKeyIssuer.authenticate``.
            TemporarilyUnavailableError: what ``is_revoked`` raised.
            ConfigurationError: there is no issuer.
            TypeError: an argument is of the wrong type, or ``api_key`` is passed although a header has it.
        """
        return self._verified_issuer(headers).authenticate(self._api_key(headers, api_key), is_revoked=is_revoked)

    @sealed
    async def authenticate_async(
        self, headers: Headers, *, api_key: str | bytes | None = None, is_revoked: IsRevoked | None = None
    ) -> ApiKeyGrant:
        """Whose key a request carries: as ``authenticate``, for an ``is_revoked`` that may be ``async``."""
        verdict = self._verified_issuer(headers).authenticate_async(
            self._api_key(headers, api_key), is_revoked=is_revoked
        )
        del headers, api_key  # others may look at the frame while the verdict is awaited
        return await verdict

    @sealed
    def refresh(self, body: bytes, headers: Headers, *, is_revoked: IsRevoked | None = None) -> ResponseParts:
        """Answer Rollout's refresh request with a new key.

        Args:
            body: the raw bytes, at most ``MAX_REFRESH_BODY``.
            headers: the request's headers, as for ``RequestVerifier.verify``.
            is_revoked: as for ``ApiKeyIssuer.refresh``.

        Raises:
            MissingHeaderError, BadVerificationTokenError: as for ``RequestVerifier.verify``.
            MalformedRequestError: as for ``parse_refresh_request``.
            InvalidRefreshTokenError: as for ``ApiKeyIssuer.refresh``.
            TemporarilyUnavailableError: what ``is_revoked`` raised.
            ConfigurationError: there is no issuer.
            TypeError: an argument is of the wrong type.
        """
        issuer, request = self._checked_issuer(), self.refresh_request(body, headers)
        return refresh_response(issuer.refresh(request.refresh_token, is_revoked=is_revoked))

    @sealed
    async def refresh_async(
        self, body: bytes, headers: Headers, *, is_revoked: IsRevoked | None = None
    ) -> ResponseParts:
        """Answer a refresh request: as ``refresh``, for an ``is_revoked`` that may be ``async``."""
        issuer, request = self._checked_issuer(), self.refresh_request(body, headers)
        del body, headers  # likewise
        return refresh_response(await issuer.refresh_async(request.refresh_token, is_revoked=is_revoked))

    @sealed
    def verify(self, headers: Headers) -> None:
        """Check the verification token alone: see ``RequestVerifier.verify``."""
        self._verifier.verify(headers)

    @sealed
    def refresh_request(self, body: bytes, headers: Headers) -> RefreshRequest:
        """A verified refresh request, to answer with ``refresh_response`` and a key of your own.

        Raises ``MissingHeaderError``, ``BadVerificationTokenError``, ``MalformedRequestError``, and ``TypeError`` for
        an argument of the wrong type. The refresh token itself is yours to look up.
        """
        self._verifier.verify(headers)
        content_type = header_value(headers, "content-type", MalformedRequestError)
        return parse_refresh_request(body, content_type, field=self._refresh_field)

    @sealed
    def webhook(self, body: bytes, headers: Headers) -> WebhookEvent:
        """Verify a webhook, and read its event: see ``verify_webhook``."""
        return verify_webhook(body, headers, credentials=self._credentials, signed_content=self._signed_content)

    @sealed
    def signed_request(self, body: bytes, headers: Headers) -> dict[str, object]:
        """Verify any other message that Rollout has signed, and read it: see ``verify_signed_request``."""
        return verify_signed_request(body, headers, credentials=self._credentials, signed_content=self._signed_content)

    def _auth_data(
        self, user_id: str, auth_data: AuthData | None, extra: Mapping[str, object], grant_id: str | None
    ) -> AuthData:
        if auth_data is not None:
            if extra is not NO_EXTRA or grant_id is not None:
                raise TypeError("extra and grant_id are for a key that is issued: leave them out beside auth_data")
            return auth_data
        return self._checked_issuer().issue(user_id, extra=extra, grant_id=grant_id)

    def _checked_issuer(self) -> ApiKeyIssuer:
        if self._issuer is None:
            raise ConfigurationError(
                "there is no issuer of API keys: pass one, or with keys of your own pass auth_data to connect, and call"
                " verify and refresh_request"
            )
        return self._issuer

    def _verified_issuer(self, headers: Headers) -> ApiKeyIssuer:
        issuer = self._checked_issuer()
        self._verifier.verify(headers)
        return issuer

    def _api_key(self, headers: Headers, api_key: str | bytes | None) -> str | bytes | None:
        if self._api_key_header is None:
            return api_key
        if api_key is not None:
            raise TypeError("api_key is passed, but a header has it: build RolloutAuth with api_key_header=None")
        value = header_value(headers, self._api_key_header, InvalidApiKeyError)
        return without_bearer(value) if self._api_key_header == "authorization" else value

    def __repr__(self) -> str:
        return masked_repr(self)


def environment_problems(environ: Mapping[str, str], *, issues_keys: bool) -> list[tuple[str, str]]:
    """What is wrong with the variables: each is named, with the problem and the fix."""
    variables: dict[str, tuple[str | None, Callable[[str], str | None]]] = {
        CLIENT_ID_VARIABLE: (FROM_THE_DASHBOARD, setting_problem),
        CLIENT_SECRET_VARIABLE: (FROM_THE_DASHBOARD, setting_problem),
        PREVIOUS_CLIENT_SECRET_VARIABLE: (None, setting_problem),
        VERIFICATION_TOKEN_VARIABLE: (FROM_THE_DASHBOARD, token_problem),
        PREVIOUS_VERIFICATION_TOKEN_VARIABLE: (None, token_problem),
        API_KEY_SECRET_VARIABLE: (_OWN_KEYS if issues_keys else None, setting_problem),
        PREVIOUS_API_KEY_SECRET_VARIABLE: (None, setting_problem),
    }
    values = {name: value for name in variables if (value := environ.get(name))}
    problems: list[tuple[str, str]] = []
    for name, (source, rule) in variables.items():
        problem = rule(values[name]) if name in values else source and f"is not set: {source}"
        if problem:
            problems.append((name, problem))
    for first, second in combinations(values, 2):
        if values[first] == values[second]:
            problems.append((second, f"is the same as {first}: each is a value of its own"))
    client_id, client_secret = values.get(CLIENT_ID_VARIABLE), values.get(CLIENT_SECRET_VARIABLE)
    if client_id and client_secret and client_id != client_secret:
        problem = pair_problem(client_id, [client_secret])
        if problem:
            problems.append((CLIENT_ID_VARIABLE, problem))
    return problems
