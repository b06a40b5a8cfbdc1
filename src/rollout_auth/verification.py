"""The verification token: the shared string by which you know that a request is Rollout's.

Source: "Implementing User Auth with API Key" of docs.rollout.com recommends to validate every request by the
verification token from the dashboard's Configuration page. The partner chooses its place in the request there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hmac import compare_digest

from ._secrecy import masked_repr, sealed
from ._text import checked_texts, plain_text, setting_problem
from .credentials import environment, required_variables
from .errors import BadVerificationTokenError, ConfigurationError, MissingHeaderError
from .headers import Headers, checked_header_name, header_value, without_bearer, without_repetition

VERIFICATION_TOKEN_VARIABLE = "ROLLOUT_VERIFICATION_TOKEN"
PREVIOUS_VERIFICATION_TOKEN_VARIABLE = "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN"
DEFAULT_HEADER = "X-Rollout-Verification-Token"


class RequestVerifier:
    """Checks that a request carries a configured verification token. It can be pickled, copied, and shared by threads.

    Args:
        verification_tokens: the token, or several during a rotation; each of them is accepted.
        header: the header that you have put it in, in Rollout's dashboard. A ``Bearer`` scheme in ``Authorization`` is
            removed.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigurationError: there is no token, one cannot be used (as for ``ClientCredentials``), or could not be told
            from its scheme or from joined headers; or the name is not one that a header can have.

    Source: "Implementing User Auth with API Key" of docs.rollout.com.
    """

    __slots__ = ("__dict__", "__weakref__", "_header", "_tokens", "header")

    header: str
    """The name of the header that is read."""

    @sealed
    def __init__(self, verification_tokens: str | Sequence[str], *, header: str = DEFAULT_HEADER) -> None:
        self.header = checked_header_name(header)
        self._header = self.header.lower()
        tokens = checked_texts("a verification token", verification_tokens, token_problem)
        self._tokens = tuple(token.encode() for token in tokens)
        if self._header == "authorization" and any(token[:7].lower() == b"bearer " for token in self._tokens):
            raise ConfigurationError("a verification token starts with 'Bearer ': leave the scheme out")

    @classmethod
    @sealed
    def from_env(cls, environ: Mapping[str, str] | None = None, *, header: str = DEFAULT_HEADER) -> RequestVerifier:
        """Read ``ROLLOUT_VERIFICATION_TOKEN`` and, if set, ``ROLLOUT_PREVIOUS_VERIFICATION_TOKEN``.

        ``environ`` is ``os.environ`` unless another mapping is given; an empty variable counts as unset.
        Raises ``ConfigurationError`` if the first is not set, or for a value that cannot be used.
        """
        environ = environment(environ)
        (current,) = required_variables(environ, VERIFICATION_TOKEN_VARIABLE)
        previous = environ.get(PREVIOUS_VERIFICATION_TOKEN_VARIABLE)
        return cls([current, previous] if previous else current, header=header)

    @sealed
    def verify(self, headers: Headers) -> None:
        """Return if the header holds a configured token.

        ``headers`` is any mapping of str to str in any case, a WSGI environ or Django's ``META``, ASGI's pairs, or
        ``email.message.Message``.

        Raises:
            MissingHeaderError: the header is missing or blank.
            BadVerificationTokenError: it holds another token, or two that differ.
            TypeError: ``headers`` is something else, such as a request object.
        """
        value = header_value(headers, self._header, BadVerificationTokenError)
        if self._header == "authorization":
            value = without_bearer(value)
        if value is None:
            raise MissingHeaderError(
                f"the request has no {self.header}: add it to the request in the Rollout dashboard, or pass the name of"
                " the header that it has as header",
                header=self.header,
            )
        self._compare(value)

    @sealed
    def verify_token(self, candidate: str | bytes | None) -> None:
        """Return if this is a configured token, wherever in the request it was. Blank or None never is.

        Raises ``BadVerificationTokenError``, and ``TypeError`` for anything but text. Every configured token is
        compared, in constant time.
        """
        text = bytes(candidate) if isinstance(candidate, bytes) else plain_text(candidate)
        if text is None and candidate is not None:
            raise TypeError(f"the verification token is {type(candidate).__name__}: pass it as str or bytes")
        self._compare(text)

    def _compare(self, candidate: str | bytes | None) -> None:
        texts = _encodings(candidate) if candidate else []
        matches = [compare_digest(text, token) for text in texts for token in self._tokens]
        if not any(matches):
            raise BadVerificationTokenError(
                "the verification token is not a configured one: compare it with the Rollout dashboard"
            )

    def __repr__(self) -> str:
        return masked_repr(self, "header")


def token_problem(token: str) -> str | None:
    """What is wrong with a verification token, or None."""
    problem = setting_problem(token)
    if problem is None and without_repetition(token) != token:
        return "reads like equal headers that a server has joined by commas: choose another"
    return problem


def _encodings(candidate: str | bytes) -> list[bytes]:
    """The bytes that a text may have been: servers decode a header as Latin-1, and a body as UTF-8."""
    if isinstance(candidate, bytes):
        return [candidate]
    texts = [candidate.encode("utf-8", "surrogatepass")]
    if not candidate.isascii() and max(candidate) <= "\xff":
        texts.append(candidate.encode("latin-1"))
    return texts
