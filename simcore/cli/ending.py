"""How a command ends when a signal stops it: cleanly, so that no half-written file stays behind."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = ("SIGTERM", "SIGHUP")
"""The signals that would end Python at once. SIGINT is not one of them: it raises an exception. Windows has only the
first."""


@contextmanager
def in_order() -> Iterator[None]:
    """Inside this block such a signal ends the program by an exception, with status 128 + its number.

    A signal that was ignored when the program started (as nohup does) stays ignored.
    """
    given = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    heeded = [each for each in given if signal.getsignal(each) is signal.SIG_DFL]

    def end(number: int, frame: Any) -> None:
        for each in heeded:  # terminals send it twice; the second must not interrupt the clean-up
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for each in heeded:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)


@contextmanager
def at_once() -> Iterator[None]:
    """Inside this block such a signal, or Ctrl+C, ends the program on the spot: there is nothing to clean up."""
    given = [getattr(signal, name) for name in ("SIGINT", *_SIGNALS) if hasattr(signal, name)]
    before = {each: signal.getsignal(each) for each in given if callable(signal.getsignal(each))}
    for each in before:
        signal.signal(each, signal.SIG_DFL)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
