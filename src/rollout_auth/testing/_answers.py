"""What Rollout makes of an app's answers: strict readings, which name each mistake.

Sources: "Implementing User Auth with API Key" of docs.rollout.com (the answer to a refresh), RFC 6749 section 5.1
(``no-store``).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from rollout_auth import AuthData, InvalidAuthDataError, MalformedRequestError

from .mistakes import IntegrationError

if TYPE_CHECKING:
    from .messages import Response

__tracebackhide__ = True

_ROUTES = {
    "token": ("token", "--token-path and --token-method"),
    "call": ("api", "--api-path and --api-method"),
    "refresh": ("refresh", "--refresh-path"),
    "webhook": ("webhook_path", "--webhook-path"),
}
_RENEW = "answer 200 with a new key"
_REFRESH_REFUSED = {
    400: "accept the refresh token that was given, for an hour longer than the key lives, in the field that the"
    " dashboard sends",
    401: "compare the verification token, and the header in which the dashboard sends it",
}
_KEYS = ("apiKey", "refreshToken", "expiresIn")
_LONGEST_KEY = 400 * 86_400  # seconds; longer than a year, so that yearly keys pass
_EPOCH_SECONDS = 1_000_000_000  # September 2001, or 31 years


def token_of(response: Response, field: str) -> str:
    """The connect token in the answer of the token endpoint: a field of JSON, or the whole of a text."""
    check_success(
        response,
        "token",
        "the token endpoint",
        "let a signed-in user pass: send a session in Dashboard(token=...), or by --token-header",
    )
    if response.media_type == "application/json":
        token = _object(response, "the token endpoint").get(field)
    else:
        token = response.body.decode("ascii", "replace").strip()
    if not isinstance(token, str) or not token:
        raise IntegrationError(
            "token_missing",
            "the answer of the token endpoint holds no token",
            f"answer with connect_token_response(token), or name the field: here, it is {field!r}",
        )
    _check_no_store(response, "the token endpoint", "connect_token_response")
    return token


def renewed(response: Response, before: AuthData) -> AuthData:
    """The authData in the answer to a refresh, which must have all that the key before it had."""
    check_success(response, "refresh", "the refresh endpoint", _REFRESH_REFUSED.get(response.status, _RENEW))
    if response.status != 200:  # noqa: PLR2004  RFC 6749 section 5.1
        raise IntegrationError(
            "refresh_status", f"the refresh endpoint answered {response.status}", "answer with refresh_response"
        )
    if response.media_type != "application/json":
        raise IntegrationError(
            "refresh_type",
            "the answer to a refresh is not of type application/json",
            "answer with refresh_response, which sets Content-Type",
        )
    _check_no_store(response, "the refresh endpoint", "refresh_response")
    fields = _object(response, "the refresh endpoint")
    _check_fields(fields, before)
    check_units(fields["expiresIn"], "the answer to a refresh", before)
    try:
        return AuthData.from_dict(fields)
    except InvalidAuthDataError as error:
        problem = str(error)
    raise IntegrationError(
        "refresh_fields", f"the answer to a refresh is not authData: {problem}", "answer with refresh_response"
    )


def _check_fields(fields: dict[str, object], before: AuthData) -> None:
    missing = [name for name in _KEYS if name not in fields]
    if missing:
        raise IntegrationError(
            "refresh_fields",
            f"the answer to a refresh lacks {', '.join(missing)}",
            "answer with refresh_response: it names them apiKey, refreshToken and expiresIn",
        )
    lost = [name for name in before.extra if name not in fields]
    if lost:
        raise IntegrationError(
            "refresh_loses_fields",
            f"the answer to a refresh takes the place of authData, and lacks its {', '.join(lost)}",
            "give each refresh the same extra as the connect token",
        )


def check_units(seconds: object, where: str, before: AuthData | None = None) -> None:
    """Raise if a number in ``expiresIn`` is hardly one of seconds: an instant, or milliseconds."""
    if type(seconds) is not int:
        return
    if seconds >= _EPOCH_SECONDS:
        raise IntegrationError(
            "expires_in_instant",
            f"expiresIn of {where} is {seconds}, which looks like an instant",
            "pass the number of seconds that the key is valid",
        )
    is_thousandfold = before is not None and before.expires_in is not None and seconds == 1000 * before.expires_in
    is_odd = seconds >= 10 * 60_000 and seconds % 60_000 == 0 and seconds % 86_400 != 0
    if is_thousandfold or is_odd or seconds > _LONGEST_KEY:
        raise IntegrationError(
            "expires_in_milliseconds",
            f"expiresIn of {where} is {seconds}, and looks like milliseconds ({seconds / 86_400:.0f} days if not)",
            "pass seconds, such as 3600 for an hour",
        )


def check_success(response: Response, code: str, who: str, fix: str) -> None:
    """Raise unless the status is 2xx: an error of the server is another mistake than a refusal."""
    if response.status >= 500:  # noqa: PLR2004  RFC 9110 section 15.6
        raise IntegrationError("server_error", f"{who} answered {response.status}", "read the app's own log")
    check_route(response, code, who)
    if not response.is_success:
        raise IntegrationError(f"{code}_refused", f"{who} answered {response.status}", fix)


def check_route(response: Response, code: str, who: str) -> None:
    """Raise for a status by which a framework says that it has no such path or method."""
    if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        setting, option = _ROUTES[code]
        raise IntegrationError(
            "no_such_route",
            f"{who} answered {response.status}",
            f"name the app's own path and method: Dashboard({setting}=...), or {option}",
        )


def is_refusal(response: Response) -> bool:
    """Whether the app says that the request is wrong: a status of 4xx."""
    return 400 <= response.status <= 499  # noqa: PLR2004  RFC 9110 section 15.5


def _object(response: Response, who: str) -> dict[str, object]:
    try:
        return response.json()
    except MalformedRequestError as error:
        problem = str(error)
    raise IntegrationError("malformed_json", f"the answer of {who} is not usable: {problem}", "answer with JSON")


def _check_no_store(response: Response, who: str, builder: str) -> None:
    directives = {part.strip().lower() for part in response.header("Cache-Control").split(",")}
    if "no-store" not in directives:
        raise IntegrationError(
            "cacheable_answer",
            f"the answer of {who} holds a secret, and has no 'Cache-Control: no-store'",
            f"send every header of {builder}",
        )
