"""A twin that runs: its server on a thread of its own, and what tests and people do with it."""

import copy
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd

from simcore.answers.projection import Simulation
from simcore.clock.instants import Instant
from simcore.errors import SimcoreError, shown
from simcore.plan.platform import platform_of
from simcore.twin import own_api
from simcore.twin.answers import Refused
from simcore.twin.faults import Faults
from simcore.twin.kept import Arguments
from simcore.twin.key import Key
from simcore.twin.stamps import instant_us, length_us, stamp
from simcore.twin.world import World

START = "2026-01-01T00:00Z"
LOOPBACK = "127.0.0.1"
_IDLE = 75
"""So many seconds a connection may be idle: a test that is slow between two calls keeps it."""
_WAIT: float = 10
"""So many seconds a server has to start, and to end."""


class Clock:
    """The twin's clock, which moves only when it is told to, and only forward."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __repr__(self) -> str:
        return f"<a clock at {self.now.isoformat()}>"

    @property
    def now(self) -> pd.Timestamp:
        """What time it is, in UTC."""
        return stamp(self._world.now_us)

    def advance(self, length: Any) -> pd.Timestamp:
        """Moves on by a length of time, a timedelta or a text such as "3 days"; all that is due happens.

        A day is 24 hours. Returns the new time.
        """
        with self._world.lock:
            self._world.do("clock", to_us=self._world.now_us + length_us(length))
        return self.now

    def to(self, instant: Instant) -> pd.Timestamp:
        """Moves on to an instant, with its offset; all that is due up to then, and at that very time, happens.

        Returns the new time. Raises SimcoreError for an instant that is past.
        """
        self._world.do("clock", to_us=instant_us(instant, "to"))
        return self.now


class Twin:
    """A local server that answers as the APIs of Kit and Sequenzy do, with a clock that is told (see `simcore.twin`).

    `clock`, `faults`: what moves its time, and what makes calls go wrong.
    """

    def __init__(self, world: World, key: Key, host: str, port: int) -> None:
        self._world, self._key, self._host, self._port = world, key, host, port
        self._server: Any = None
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._forks: list[Twin] = []
        self.clock = Clock(world)
        self.faults = Faults()

    def __repr__(self) -> str:
        where = self.url if self._server is not None else "not running"
        return f"<a twin, {where}, {self.clock.now.isoformat()}>"

    # ---------------------------------------------------------------- the server

    def __enter__(self) -> Self:
        if self._server is None:
            try:
                self._start()
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        try:
            import uvicorn

            from simcore.twin.server import application
        except ModuleNotFoundError as absent:
            if (absent.name or "").partition(".")[0] not in {"starlette", "uvicorn", "anyio", "h11"}:
                raise
            raise SimcoreError('the twin needs starlette and uvicorn: pip install "simcore[twin]"') from None

        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # With the protocol said, asyncio sends what there is at once.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except (OSError, OverflowError) as error:
            listener.close()
            told = getattr(error, "strerror", None) or error
            raise SimcoreError(f"{self._host} port {self._port}: {told}") from None
        self._listener, self._port = listener, listener.getsockname()[1]
        config = uvicorn.Config(
            application(self._world, self.faults, self._key),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            loop="asyncio",
            http="auto",
            ws="none",
            interface="asgi3",
            server_header=False,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="simcore-twin", daemon=True
        )
        self._thread.start()
        ready = threading.Event()
        for _ in range(int(_WAIT * 1000)):
            if self._server.started:
                return
            ready.wait(0.001)
        raise SimcoreError("the twin's server did not start")

    def close(self) -> None:
        """Ends the server, and those of its forks; the state in a file stays."""
        for each in self._forks:
            each.close()
        self._forks.clear()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_WAIT)
            self._server = self._thread = None
        if self._listener is not None:
            self._listener.close()
        self._world.record.close()

    def serve(self) -> None:
        """Waits until the server ends, as it does at an interrupt."""
        with self:
            while self._thread is not None and self._thread.is_alive():
                self._thread.join(0.5)

    @property
    def url(self) -> str:
        """Where it is, such as http://127.0.0.1:8765. Kit's API is at `/v4` there, Sequenzy's at `/api/v1`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def key(self) -> str:
        """The key that it asks for: `X-Kit-Api-Key`, or `Authorization: Bearer`."""
        return self._key.reveal()

    # ---------------------------------------------------------------- what happened

    @property
    def outbox(self) -> pd.DataFrame:
        """All that was sent so far: the timelines of `simcore.simulate` with a column `sequence_id` in front.

        Sequences come in the order in which they were made, their rows as in the timeline. The zone of `send_at` is
        that of the sequence, or UTC where those of several differ.
        """
        return self._world.outbox()

    def simulation(self, sequence_id: int | str) -> Simulation:
        """The whole life of one sequence so far: `timeline`, `subscribers` and `journal`, as of `simcore.simulate`.

        Raises SimcoreError for a draft, which has none.
        """
        with self._world.lock:
            found: Simulation = self._recorded(sequence_id).kept.standing(self._world.now_us)
            return Simulation(*(frame.copy() for frame in found))

    def recorded(self, sequence_id: int | str) -> dict[str, Any]:
        """What `simcore.simulate` takes to give the same: `sequence, entries, events, changes, enabled_at, until`.

        Raises SimcoreError for a draft.
        """
        with self._world.lock:
            found: Arguments = self._recorded(sequence_id).arguments()
            events = None if found.events is None else found.events.copy()
            found = found._replace(events=events, changes=[*found.changes])  # which the twin goes on with
            return {**found._asdict(), "until": stamp(self._world.now_us + 1), "seed": 0}

    def _recorded(self, sequence_id: int | str) -> Any:
        known: dict[Any, Any] = {**self._world.kit.sequences, **self._world.sequenzy.sequences}
        if sequence_id not in known:
            raise SimcoreError(
                f"no sequence {shown(sequence_id)}; there are: {', '.join(map(str, known)) or 'none'}"
            )
        if sequence_id not in self._world.kept():
            raise SimcoreError(
                f"sequence {shown(sequence_id)} is a draft: it takes nobody in until it is enabled"
            )
        return known[sequence_id]

    # ---------------------------------------------------------------- what is done

    def happens(
        self,
        platform: str,
        subscriber_id: int | str,
        event: str,
        ref: int | str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Something happens to a subscriber that no call of the API does, such as "bounced" or "segment_entered".

        `ref`: the id of what it is about, where it is about something. `properties`: what else the event says, of
        Sequenzy's. "removed" ends their runs in all sequences.
        """
        who, about = (each.item() if isinstance(each, np.generic) else each for each in (subscriber_id, ref))
        kept = copy.deepcopy(properties)  # which whoever gave them may change
        with _told():
            own_api.happens(self._world, platform, who, event, ref=about, properties=kept)

    def fork(self) -> "Twin":
        """Another twin to which the same was done, with the same key, at an address of its own; in memory.

        It runs already, where this one does, and ends with it.
        """
        found = Twin(self._world.fork(), self._key, self._host, 0)
        if self._server is not None:
            self._forks.append(found.__enter__())
        return found

    def reset(self) -> None:
        """Back to what it was at the start: the sequences that it was given, and its clock."""
        self._world.reset()
        self.faults.off()


def twin(
    *,
    kit: Any = (),
    sequenzy: Any = (),
    port: int = 0,
    key: str | Key | None = None,
    state: str | PathLike[str] | None = None,
    host: str = LOOPBACK,
    start: Instant = START,
) -> Twin:
    """A local server that answers as the APIs of Kit and Sequenzy do, with a clock that moves only when told.

    `kit`, `sequenzy`: sequences that it has from the start, those of Sequenzy enabled. `port`: 0 for any that is free.
    `key`: the key that it asks for; None for a new one. `state`: an SQLite file in which everything stays, and from
    which the twin goes on where it is there already; None keeps it in memory. `host`: the address that it listens at;
    only this machine reaches the usual one. `start`: what its clock shows at first.

    Use it in a `with` block, which starts and ends the server.

    >>> import simcore
    >>> with simcore.twin() as t:
    ...     _ = t.clock.advance("3 days")
    ...     print(t.clock.now)
    2026-01-04 00:00:00+00:00
    """
    secret = key if isinstance(key, Key) else Key(secrets.token_urlsafe(24) if key is None else key)
    del key
    given = [
        (f"{name}.load", sequence)
        for name, some in (("kit", kit), ("sequenzy", sequenzy))
        for sequence in _listed(some)
    ]
    operations = [(name, _load(name, sequence)) for name, sequence in given]
    world = World(instant_us(start, "start"), state)
    try:
        with _told():
            world.begin(operations)
    except BaseException:
        world.record.close()
        raise
    return Twin(world, secret, host, port)


@contextmanager
def _told() -> Iterator[None]:
    """What a call would be refused is an error, with the same texts."""
    try:
        yield
    except Refused as refused:
        raise SimcoreError("; ".join(refused.errors)) from None


def _listed(some: Any) -> list[Any]:
    """One sequence, or several."""
    return [*some] if isinstance(some, Iterable) else [some]


def _load(name: str, sequence: Any) -> dict[str, Any]:
    """The operation's data for a sequence that is given."""
    platform = platform_of(sequence).name
    wanted = name.partition(".")[0]
    if platform != wanted:
        raise SimcoreError(f"{wanted}: found {shown(sequence)}, expected sequences of simcore.{wanted}")
    body = sequence.to_api()
    return {"payload": body} if wanted == "kit" else {"body": body}
