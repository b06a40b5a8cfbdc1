"""How secrets stay out of what others see: representations, and the frames of an error.

Error reporters such as Sentry, and Django's debug page, send the local variables of every frame in a traceback.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from .errors import RolloutAuthError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

HIDDEN = "<hidden>"


def sealed(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function that is handed secrets raise errors whose frames hold none.

    The traceback of such an error begins here, after the arguments are gone; the frames below, which still hold them,
    are dropped. Other exceptions are bugs, and keep their whole traceback.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (RolloutAuthError, TypeError, Warning) as error:
            del args, kwargs
            raise error.with_traceback(None)  # noqa: B904

    return call


def masked_repr(value: object, *names: str, hidden: tuple[str, ...] = ()) -> str:
    """``Class(name=value, ...)``, with ``<hidden>`` for what is secret; an attribute that is not set is left out."""
    fields = {name: getattr(value, name) for name in names if hasattr(value, name)}
    parts = [f"{name}={HIDDEN if name in hidden and field else repr(field)}" for name, field in fields.items()]
    return f"{type(value).__name__}({', '.join(parts)})"
