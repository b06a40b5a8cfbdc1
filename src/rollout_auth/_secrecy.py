"""How secrets stay out of what others see: representations, and the frames of an error.

Error reporters such as Sentry, and Django's debug page, send the local variables of every frame in a traceback.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from functools import wraps
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform  # for type checkers alone
else:

    def dataclass_transform(**_: object) -> Callable[[T], T]:
        return lambda decorator: decorator


P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
C = TypeVar("C", bound=type)

HIDDEN = "<hidden>"
__tracebackhide__ = True  # pytest leaves frames of this module out: they have nothing to show


def sealed(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function that is handed secrets raise errors whose traceback has every line, and no local variable."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            del args, kwargs
            clear_frames(error)
            raise

    return call


def clear_frames(error: BaseException) -> None:
    """Remove the local variables of every frame that an error has left so far."""
    import traceback  # noqa: PLC0415  imported late: most calls succeed

    traceback.clear_frames(error.__traceback__)


def sealed_class(cls: C) -> C:
    """Seal the construction of an immutable class, and let its refusal of an assignment forget the value.

    The refusal that ``dataclass`` writes keeps the value in its frame, and with slots it fails for unknown names.
    """
    methods = {"__init__": sealed(vars(cls)["__init__"]), "__setattr__": _refuse, "__delattr__": _refuse}
    for name, method in methods.items():
        setattr(cls, name, method)
    return cls


@dataclass_transform(frozen_default=True)
def immutable(cls: type[T]) -> type[T]:
    """Make a sealed dataclass of a ``Value`` that checks and sets its fields in its own ``__init__``.

    ``dataclass`` is asked for as little as it can do, because it compiles the methods that it writes at each import.
    """
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    vars(made)["__dataclass_params__"].frozen = True  # a frozen dataclass can be derived from frozen ones alone
    return sealed_class(made)


class Value:
    """Equality, hash and copies of an immutable class by its fields, which ``__match_args__`` names.

    What ``dataclass`` would write is the same.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __hash__(self) -> int:
        return hash(self._fields())

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._fields()

    def _fields(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)


def _refuse(self: object, name: str, *value: object) -> None:
    del value
    raise FrozenInstanceError(f"{type(self).__name__} is immutable: build another one instead of changing {name!r}")


def masked_repr(value: object, *names: str, hidden: tuple[str, ...] = ()) -> str:
    """``Class(name=value, ...)``, with ``<hidden>`` for what is secret; an attribute that is not set is left out."""
    fields = {name: getattr(value, name) for name in names if hasattr(value, name)}
    parts = [f"{name}={HIDDEN if name in hidden and field else repr(field)}" for name, field in fields.items()]
    return f"{type(value).__name__}({', '.join(parts)})"
