"""The twin: a local server that answers as the APIs of Kit and Sequenzy do, with a clock that moves only when told.

    with simcore.twin() as t:     t.url, t.key, t.clock, t.outbox, t.faults, t.fork(), t.reset()

It is the extra `twin` (starlette, uvicorn). What is due when is `simcore.simulate`'s: `RULES.md` says how.
"""

import inspect
import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """This package, which can be called: `simcore.twin()`, a function that is called as the package is."""

    def __call__(self, *, key: str | None = None, **given: Any) -> Any:
        """See `simcore.twin.running.twin`."""
        from simcore.twin.key import Key
        from simcore.twin.running import twin

        secret = None if key is None else Key(key)
        del key  # which a traceback with variables would show
        return twin(key=secret, **given)

    @property
    def __signature__(self) -> inspect.Signature:
        from simcore.twin.running import twin

        return inspect.signature(twin)


sys.modules[__name__].__class__ = _Room
