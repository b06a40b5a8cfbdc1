from __future__ import annotations

import copy
import inspect
import pickle
from datetime import datetime, timedelta, timezone

import pytest

import rollout_auth
from rollout_auth import errors

WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
ATTRIBUTES = {
    errors.TokenExpiredError: {"expired_at": WHEN},
    errors.TokenNotYetValidError: {"valid_from": WHEN},
    errors.InvalidClaimError: {"claim": "exp"},
    errors.MissingHeaderError: {"header": "X-Rollout-Signature"},
    errors.TemporarilyUnavailableError: {"retry_after": timedelta(minutes=5)},
}
CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.RolloutAuthError)]

TREE = """
RolloutAuthError Exception 500 rollout_auth_error -
ConfigurationError RolloutAuthError,ValueError 500 invalid_configuration -
InvalidAuthDataError RolloutAuthError,ValueError 500 invalid_auth_data -
InvalidUserIdError RolloutAuthError,ValueError 500 invalid_user_id -
RequestRefusedError RolloutAuthError 400 request_refused invalid_request
TemporarilyUnavailableError RequestRefusedError 503 temporarily_unavailable temporarily_unavailable
VerificationError RequestRefusedError 401 verification_failed invalid_token
MalformedTokenError VerificationError 401 malformed_token invalid_token
BadSignatureError VerificationError 401 bad_signature invalid_token
TokenExpiredError VerificationError 401 token_expired invalid_token
TokenNotYetValidError VerificationError 401 token_not_yet_valid invalid_token
InvalidClaimError VerificationError 401 invalid_claim invalid_token
MissingHeaderError VerificationError 401 missing_header invalid_client
BadVerificationTokenError VerificationError 401 bad_verification_token invalid_client
InvalidApiKeyError VerificationError 401 invalid_api_key invalid_token
ApiKeyExpiredError InvalidApiKeyError 401 api_key_expired invalid_token
MalformedRequestError VerificationError 400 malformed_request invalid_request
InvalidRefreshTokenError VerificationError 400 invalid_refresh_token invalid_grant
"""


def test_tree() -> None:
    """Each error has its place in the tree, its status, its code and what the answer says, and there is no other."""
    found = {
        f"{cls.__name__} {','.join(base.__name__ for base in cls.__bases__)} {cls.status} {cls.code} "
        f"{getattr(cls, 'error', '-')}"
        for cls in CLASSES
    }
    assert found == set(TREE.strip().splitlines())


def test_codes_are_unique() -> None:
    """A code names one class."""
    assert len({cls.code for cls in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("cls", CLASSES)
def test_tree_is_drawn(cls: type[errors.RolloutAuthError]) -> None:
    """The drawing in the module's docstring shows each class with its status and code."""
    drawing = errors.__doc__ or ""
    line = next(line for line in drawing.splitlines() if cls.__name__ in line)
    assert cls is errors.RolloutAuthError or f"{cls.status}  {cls.code}" in line


@pytest.mark.parametrize("cls", [*CLASSES, errors.ShortSecretWarning])
def test_exported(cls: type[Exception]) -> None:
    """Users import every error from the package itself."""
    assert getattr(rollout_auth, cls.__name__) is cls


@pytest.mark.parametrize("cls", CLASSES)
def test_default_message(cls: type[errors.RolloutAuthError]) -> None:
    """An error that is raised without a message has one of its own, and a given one replaces it."""
    assert str(cls()) == cls._message
    assert str(cls("another")) == "another"
    assert str(cls("")) == ""


def test_default_messages_are_unique() -> None:
    """Each class has a message of its own."""
    assert len({cls._message for cls in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, *(lambda e, p=p: pickle.loads(pickle.dumps(e, p)) for p in range(6))],
    ids=["copy", "deepcopy", *(f"pickle{p}" for p in range(6))],
)
def test_survives_process_borders(cls: type[errors.RolloutAuthError], clone: object) -> None:
    """An error that was copied or pickled has the same class, message and attributes."""
    error = cls("why", **ATTRIBUTES.get(cls, {}))
    twin = clone(error)
    assert (type(twin), str(twin), vars(twin)) == (cls, "why", vars(error))


@pytest.mark.parametrize("cls", CLASSES)
def test_built_from_its_args(cls: type[errors.RolloutAuthError]) -> None:
    """``Class(*error.args)``, by which task queues rebuild an error, gives the same message."""
    for error in (cls(), cls("why")):
        assert str(cls(*error.args)) == str(error)


@pytest.mark.parametrize("cls", ATTRIBUTES)
def test_attributes(cls: type[errors.RolloutAuthError]) -> None:
    """What went wrong is an attribute, which is None if whoever raised the error did not say."""
    ((name, value),) = ATTRIBUTES[cls].items()
    assert getattr(cls(**{name: value}), name) == value
    assert getattr(cls(), name) == (timedelta(seconds=30) if name == "retry_after" else None)


def test_retry_after() -> None:
    """An application says when to come back, in whole seconds; 30 seconds unless it does."""
    assert errors.TemporarilyUnavailableError().retry_after == timedelta(seconds=30)
    assert errors.TemporarilyUnavailableError(retry_after=timedelta(0)).retry_after == timedelta(0)


@pytest.mark.parametrize("duration", [timedelta(seconds=-1), timedelta(milliseconds=1500), timedelta(microseconds=-1)])
def test_retry_after_has_no_fraction(duration: timedelta) -> None:
    """Retry-After has no form for a fraction or a negative number of seconds."""
    with pytest.raises(errors.ConfigurationError, match="whole seconds"):
        errors.TemporarilyUnavailableError(retry_after=duration)


def test_retry_after_is_a_duration() -> None:
    """A bare number, whose unit would be a guess, is refused."""
    with pytest.raises(TypeError, match=r"timedelta\(seconds="):
        errors.TemporarilyUnavailableError(retry_after=30)
