"""How Rollout reads an app's responses: strictly, and with a name for each mistake.

Sources: "Implementing User Auth with API Key" of docs.rollout.com (the response to a refresh), RFC 6749 section 5.1
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
_RENEW = "respond with 200 and a new key"
_REFRESH_REFUSED = {
    400: "read the refresh token from the field that the dashboard sends, and accept it until an hour after the key"
    " expires",
    401: "check the verification token, and the header in which the dashboard sends it",
}
_KEYS = ("apiKey", "refreshToken", "expiresIn")
_LONGEST_KEY = 400 * 86_400  # seconds; longer than a year, so that yearly keys pass
_EPOCH_SECONDS = 1_000_000_000  # as an instant, September 2001; as a duration, 31 years


def token_of(response: Response, field: str) -> str:
    """The connect token in the token endpoint's response: a field of JSON, or the whole body of any other type."""
    check_success(
        response,
        "token",
        "the token endpoint",
        "accept a signed-in user: send the user's session with Dashboard(token=...), or with --token-header",
    )
    if response.media_type == "application/json":
        token = _object(response, "the token endpoint").get(field)
    else:
        token = response.body.decode("ascii", "replace").strip()
    if not isinstance(token, str) or not token:
        raise IntegrationError(
            "token_missing",
            "the response from the token endpoint contains no token",
            f"respond with connect_token_response(token), or name the field: the simulator reads {field!r}",
        )
    _check_no_store(response, "the token endpoint", "connect_token_response")
    return token


def renewed(response: Response, before: AuthData) -> AuthData:
    """The authData in the response to a refresh, which must have every field that the previous authData had."""
    check_success(response, "refresh", "the refresh endpoint", _REFRESH_REFUSED.get(response.status, _RENEW))
    if response.status != 200:  # noqa: PLR2004  RFC 6749 section 5.1
        raise IntegrationError(
            "refresh_status", f"the refresh endpoint returned {response.status}", "respond with refresh_response"
        )
    if response.media_type != "application/json":
        raise IntegrationError(
            "refresh_type",
            "the response to a refresh is not of type application/json",
            "respond with refresh_response, which sets Content-Type",
        )
    _check_no_store(response, "the refresh endpoint", "refresh_response")
    fields = _object(response, "the refresh endpoint")
    _check_fields(fields, before)
    check_units(fields["expiresIn"], "the response to a refresh", before)
    try:
        return AuthData.from_dict(fields)
    except InvalidAuthDataError as error:
        problem = str(error)
    raise IntegrationError(
        "refresh_fields", f"the response to a refresh is not valid authData: {problem}", "respond with refresh_response"
    )


def _check_fields(fields: dict[str, object], before: AuthData) -> None:
    missing = [name for name in _KEYS if name not in fields]
    if missing:
        raise IntegrationError(
            "refresh_fields",
            f"the response to a refresh lacks {', '.join(missing)}",
            "respond with refresh_response, which names them apiKey, refreshToken and expiresIn",
        )
    lost = [name for name in before.extra if name not in fields]
    if lost:
        raise IntegrationError(
            "refresh_loses_fields",
            f"the response to a refresh replaces authData, but lacks its {', '.join(lost)}",
            "return the same extra from each refresh as in the connect token",
        )


def check_units(seconds: object, where: str, before: AuthData | None = None) -> None:
    """Raise if ``expiresIn`` does not look like seconds, but like an instant or like milliseconds."""
    if type(seconds) is not int:
        return
    if seconds >= _EPOCH_SECONDS:
        raise IntegrationError(
            "expires_in_instant",
            f"expiresIn in {where} is {seconds}, which looks like a timestamp",
            "pass the number of seconds for which the key is valid",
        )
    is_thousandfold = before is not None and before.expires_in is not None and seconds == 1000 * before.expires_in
    is_odd = seconds >= 10 * 60_000 and seconds % 60_000 == 0 and seconds % 86_400 != 0
    if is_thousandfold or is_odd or seconds > _LONGEST_KEY:
        raise IntegrationError(
            "expires_in_milliseconds",
            f"expiresIn in {where} is {seconds}, which looks like milliseconds ({seconds / 86_400:.0f} days if not)",
            "pass seconds, such as 3600 for an hour",
        )


def check_success(response: Response, code: str, who: str, fix: str) -> None:
    """Raise unless the status is 2xx. A server error and a refusal are different mistakes."""
    if response.status >= 500:  # noqa: PLR2004  RFC 9110 section 15.6
        raise IntegrationError("server_error", f"{who} returned {response.status}", "read the app's log")
    check_route(response, code, who)
    if not response.is_success:
        raise IntegrationError(f"{code}_refused", f"{who} returned {response.status}", fix)


def check_route(response: Response, code: str, who: str) -> None:
    """Raise for a status with which a framework says that it has no such path or method."""
    if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        setting, option = _ROUTES[code]
        raise IntegrationError(
            "no_such_route",
            f"{who} returned {response.status}",
            f"set your app's path and method: Dashboard({setting}=...), or {option}",
        )


def is_refusal(response: Response) -> bool:
    """Whether the app says that the request is wrong: a 4xx status."""
    return 400 <= response.status <= 499  # noqa: PLR2004  RFC 9110 section 15.5


def _object(response: Response, who: str) -> dict[str, object]:
    try:
        return response.json()
    except MalformedRequestError as error:
        problem = str(error)
    raise IntegrationError("malformed_json", f"the response from {who} cannot be used: {problem}", "respond with JSON")


def _check_no_store(response: Response, who: str, builder: str) -> None:
    directives = {part.strip().lower() for part in response.header("Cache-Control").split(",")}
    if "no-store" not in directives:
        raise IntegrationError(
            "cacheable_answer",
            f"the response from {who} contains a secret, but has no 'Cache-Control: no-store'",
            f"send every header that {builder} returns",
        )
