"""How secrets stay out of what others see: the local variables of our frames, warnings and representations.

Error reporters such as Sentry, and Django's debug page, send the local variables of every frame in a traceback.
``sealed`` clears those of this package, and leaves file names and line numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import FrozenInstanceError, fields, is_dataclass
from functools import wraps
from inspect import currentframe, iscoroutinefunction
from types import CodeType, FrameType
from typing import Any, TypeVar, cast

T = TypeVar("T")
Sealed = TypeVar("Sealed", bound=Callable[..., Any])

HIDDEN = "<hidden>"
__tracebackhide__ = True  # pytest leaves the frames of this module out: they have nothing to show

_PACKAGE = __name__.partition(".")[0]
_waiting: ContextVar[tuple[Warning, ...]] = ContextVar("_waiting", default=())


def sealed(target: Sealed) -> Sealed:
    """Clear local variables from tracebacks, but keep file names and line numbers.

    Of a function, ``async`` or not, whatever ends it, ``SystemExit`` included. A class gets a sealed constructor,
    becomes immutable, and cannot be derived from: a subclass would have a constructor of its own, unchecked and
    unsealed.
    """
    if isinstance(target, type):
        return cast("Sealed", _sealed_class(target))
    if iscoroutinefunction(target):
        return cast("Sealed", _sealed_coroutine(target))

    @wraps(target)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the target's own types
        held: list[Any] = [kwargs, args]
        del args, kwargs
        try:
            return target(*held.pop(), **held.pop())  # popped, so that this frame holds none of them meanwhile
        except BaseException as error:
            try:
                _clear_frames(error)
                held.clear()
            except BaseException as second:  # of a signal, such as gunicorn's SystemExit; the first is its context
                _clear_frames(second)
                held.clear()
                raise
            raise
        finally:
            if _waiting.get() and not _is_inside_a_seal():
                _give_warnings()

    return cast("Sealed", call)


def _sealed_coroutine(target: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(target)
    async def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the target's own types
        held: list[Any] = [kwargs, args]
        del args, kwargs
        try:
            return await target(*held.pop(), **held.pop())
        except BaseException as error:
            try:
                _clear_frames(error)
                held.clear()
            except BaseException as second:  # likewise
                _clear_frames(second)
                held.clear()
                raise
            raise

    return call


def users_own(function: Callable[..., T], *args: object) -> T:
    """Call a function of the user's own inside a seal: the frames of its errors keep their local variables."""
    return function(*args)


async def users_own_awaited(answer: Awaitable[T]) -> T:
    """Await what a function of the user's own returned, inside a seal: the frames of its errors keep theirs too."""
    return await answer


_TO_THE_USERS = (users_own.__code__, users_own_awaited.__code__)


def warn_outside(warning: Warning) -> None:
    """Give a warning at the caller's line when the outermost seal is left, and no frame of ours holds a secret."""
    _waiting.set((*_waiting.get(), warning))


def masked_repr(value: object, *names: str, hidden: tuple[str, ...] = ()) -> str:
    """``Class(name=value, ...)`` of a dataclass, or of the named attributes of another object.

    A field that is declared with ``repr=False``, and an attribute in ``hidden``, shows as ``<hidden>``; what is not set
    is left out.
    """
    if is_dataclass(value):
        shown = {field.name: field.repr for field in fields(value)}
    else:
        shown = dict.fromkeys(names, True) | dict.fromkeys(hidden, False)
    parts = [
        f"{name}={repr(getattr(value, name)) if shown[name] or not getattr(value, name) else HIDDEN}"
        for name in shown
        if hasattr(value, name)
    ]
    return f"{type(value).__name__}({', '.join(parts)})"


def _sealed_class(cls: type) -> type:
    def refuse_subclass(subclass: type) -> None:
        raise TypeError(f"{cls.__name__} is final: hold one in a field of {subclass.__name__} instead of deriving")

    methods: dict[str, object] = {
        "__init__": sealed(vars(cls)["__init__"]),
        "__setattr__": _refuse_change,
        "__delattr__": _refuse_change,
        "__init_subclass__": cast("object", classmethod(refuse_subclass)),
    }
    for name, method in methods.items():
        setattr(cls, name, method)
    return cls


def _refuse_change(self: object, name: str, *value: object) -> None:
    """Raise ``FrozenInstanceError``; what ``dataclass`` writes keeps the value, and with slots it fails obscurely."""
    del value
    raise FrozenInstanceError(f"{type(self).__name__} is immutable: build another one instead of changing {name!r}")


def _clear_frames(error: BaseException) -> None:
    """Remove the local variables of every frame of ours, and of what it called, from an error and what led to it.

    An error that the caller was handling, or that the user's own function has handled, starts in a frame that is not
    ours: it keeps them.
    """
    links, ours = [error], set[FrameType]()
    for link in links:
        traceback = link.__traceback__
        if traceback is None or (ours and traceback.tb_frame not in ours):
            continue
        while traceback is not None:
            ours.add(traceback.tb_frame)
            try:  # noqa: SIM105  suppress() is Python code, in which Ctrl-C could end the clearing
                traceback.tb_frame.clear()
            except RuntimeError:  # it still runs: the seal itself, or a frame of an error that is raised again
                pass
            traceback = None if traceback.tb_frame.f_code in _TO_THE_USERS else traceback.tb_next
        for origin in (link.__cause__, link.__context__):
            if origin is not None and all(origin is not other for other in links):
                links.append(origin)


def _is_inside_a_seal() -> bool:
    codes: list[CodeType] = []
    frame = currentframe()
    while frame is not None and frame.f_code not in _TO_THE_USERS:
        codes.append(frame.f_code)
        frame = frame.f_back
    _, seal, *outer = codes
    return seal in outer


def _give_warnings() -> None:
    pending = _waiting.get()
    _waiting.set(())
    level, frame = 1, currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
        level += 1
        frame = frame.f_back
    for warning in pending:
        warnings.warn(warning, stacklevel=level)
