"""The twin: a local server that answers as the APIs of Kit and Sequenzy do, with a clock that moves only when told.

    with simcore.twin(kit=[...], sequenzy=[...], port=0, key=None, state=None) as t:
        t.url, t.key        where it is, and the key that it asks for
        t.clock             .now, .advance("3 days"), .to("2026-03-06T21:00Z"); forward only
        t.outbox            all that was sent so far, as a DataFrame
        t.simulation(id)    the whole life of one sequence so far, as of simcore.simulate
        t.recorded(id)      what simcore.simulate takes to give the same
        t.happens(...)      what no call of the API does to a subscriber, such as "bounced"
        t.faults            .rate_limit(after=5), .unavailable(times=2), .slow(seconds), .cut(), .off()
        t.fork(), t.reset() another twin in the same state; back to the start

`kit`, `sequenzy`: sequences that it has from the start. `port`: 0 for any that is free. `state`: an SQLite file in
which everything stays. `host`: the address that it listens at, 127.0.0.1. `start`: what its clock shows at first.
It is the extra `twin` (starlette, uvicorn). What is due when is simcore.simulate's; rules W1 to W6 say what it serves.
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
