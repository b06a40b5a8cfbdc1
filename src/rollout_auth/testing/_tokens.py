"""How Rollout reads a connect token: it accepts the token, or the mistake is named.

Source: docs.rollout.com/documentation/authenticating-with-rollout, through ``verify_connect_token``. A token whose
authData Rollout would lose is refused too.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from rollout_auth import (
    BadSignatureError,
    ClientCredentials,
    ConnectToken,
    InvalidClaimError,
    MalformedTokenError,
    TokenExpiredError,
    TokenNotYetValidError,
    VerificationError,
    verify_connect_token,
)
from rollout_auth._json import as_object, loads_object
from rollout_auth._jws import read_token
from rollout_auth.connect_token import MAX_LIFETIME, Namespace

from ._answers import check_units
from .mistakes import IntegrationError

__tracebackhide__ = True


def judged_token(token: str, credentials: ClientCredentials, namespace: Namespace, now: datetime) -> ConnectToken:
    """What a token says, if Rollout accepts it and loses nothing in it."""
    try:
        verified = verify_connect_token(token, credentials=credentials, namespace=namespace, now=now)
    except VerificationError as error:
        mistake = _token_mistake(token, error, namespace, now)
    else:
        if verified.auth_data is not None:
            check_units(verified.auth_data.expires_in, "the connect token")
        return verified
    raise mistake


def _token_mistake(token: str, error: VerificationError, namespace: Namespace, now: datetime) -> IntegrationError:
    reason = f"Rollout refuses the connect token: {error}"
    use = "sign with generate_connect_token"
    if isinstance(error, MalformedTokenError):
        is_other = _header_of(token).get("alg", "HS512") != "HS512"
        return IntegrationError("wrong_algorithm" if is_other else "malformed_token", reason, use)
    if isinstance(error, BadSignatureError):
        return IntegrationError(
            "wrong_secret", reason, "sign with the simulator's client secret (ROLLOUT_CLIENT_SECRET)"
        )
    if isinstance(error, (TokenExpiredError, TokenNotYetValidError)):
        code = "token_expired" if isinstance(error, TokenExpiredError) else "token_not_yet_valid"
        fix = f"sign a new token for each page, and use Rollout's clock, which says {now:%H:%M:%S} UTC (Clock)"
        return IntegrationError(code, reason, fix)
    claim = cast("InvalidClaimError", error).claim
    if claim == "sub":
        value = _claims_of(token).get("sub")
        if isinstance(value, int):
            return IntegrationError(
                "user_id_not_text", "the user id (sub) is a number, but Rollout expects a string", "pass str(user.pk)"
            )
        return IntegrationError("user_id_unusable", reason, "pass str(user.pk)")
    if claim == "iss":
        return IntegrationError("wrong_client_id", reason, "sign with the simulator's client id (ROLLOUT_CLIENT_ID)")
    if claim in ("iat", "exp", "nbf"):
        fix = f"{use}, which signs whole seconds, for at most {MAX_LIFETIME} s"
        return IntegrationError("wrong_times", reason, fix)
    if claim == "aud":
        return IntegrationError("audience", reason, use)
    if claim == namespace:
        details = as_object(_claims_of(token).get(namespace)) or {}
        check_units((as_object(details.get("authData")) or {}).get("expiresIn"), "the connect token")
        return IntegrationError("auth_data_unusable", reason, "pass AuthData")
    lost = f"authData is not under {namespace!r}, where Rollout looks for it, and is lost without an error"
    return IntegrationError("wrong_claim_name", f"{lost} ({error})", f"{use}, which uses the right name")


def _header_of(token: str) -> dict[str, object]:
    try:
        return read_token(token)[0]
    except VerificationError:
        return {}


def _claims_of(token: str) -> dict[str, object]:
    return loads_object(read_token(token)[1], "the payload", MalformedTokenError)
