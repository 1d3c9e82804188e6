"""How a command ends when it is told to: in order, so that nothing half written stays behind."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = ("SIGTERM", "SIGHUP")
"""Those that would end Python at once; an interrupt (SIGINT) is an exception already. Windows has the first alone."""


@contextmanager
def in_order() -> Iterator[None]:
    """In here such a signal ends the program as an exception does, with status 128 + its number.

    One that whoever started the program has it ignore, as nohup does, stays ignored.
    """
    given = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    heeded = [each for each in given if signal.getsignal(each) is signal.SIG_DFL]

    def end(number: int, frame: Any) -> None:
        for each in heeded:  # terminals send it twice; the second must not disturb what is tidied up
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for each in heeded:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
