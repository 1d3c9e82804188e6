"""The accounts of both platforms under one clock, and all that was done to them."""

import threading
from collections.abc import Callable
from os import PathLike
from typing import Any

import pandas as pd

from simcore.errors import SimcoreError
from simcore.twin import kit_account, sequenzy_account
from simcore.twin.answers import Answer, Call
from simcore.twin.kept import Kept
from simcore.twin.record import Operation, Record
from simcore.twin.stamps import checked, text

_OPERATIONS = frozenset({
    *("kit.load", "kit.create", "kit.change", "kit.enter", "kit.subscribe", "kit.edit", "kit.happen"),
    *("kit.tag", "kit.add_tag", "kit.remove_tag"),
    *("sequenzy.load", "sequenzy.create", "sequenzy.update", "sequenzy.switch"),
    *("sequenzy.subscribe", "sequenzy.edit", "sequenzy.event", "sequenzy.tag", "sequenzy.untag"),
    *("sequenzy.make_list", "sequenzy.add_to_list", "sequenzy.happen", "sequenzy.enroll"),
    *("clock",),
})


_AT_START = frozenset({"kit.load", "sequenzy.load"})


class World:
    """What a twin holds. `lock`: whoever looks or does anything holds it."""

    def __init__(self, start_us: int, state: str | PathLike[str] | None = None) -> None:
        self.lock = threading.RLock()
        self.record = Record(state)
        done = self.record.operations
        self._start_us = done[0].at_us if done else start_us
        try:
            self._again()
        except BaseException:
            self.record.close()
            raise

    def _again(self) -> None:
        """Does from the start all that is written down, and nothing else."""
        self.now_us = self._start_us
        self.kit = kit_account.Account()
        self.sequenzy = sequenzy_account.Account()
        for operation in self.record.operations:
            self._apply(operation)

    def do(self, name: str, /, **data: Any) -> Any:
        """Does one thing now, and writes it down; what is refused is not, and what cannot be written is not done."""
        with self.lock:
            operation = Operation(self.now_us, name, data)
            found = self._apply(operation)
            try:
                self.record.add(operation)
            except BaseException:
                self._again()
                raise
            return found

    def _apply(self, operation: Operation) -> Any:
        if operation.name not in _OPERATIONS:
            raise SimcoreError(f"{operation.name}: not an operation of a twin of this version")
        if operation.name == "clock":
            return self._move(operation.data["to_us"])
        platform, _, what = operation.name.partition(".")
        return getattr(getattr(self, platform), what)(operation.at_us, **operation.data)

    def _move(self, to_us: int) -> None:
        if to_us < self.now_us:
            raise SimcoreError(
                f"the clock only goes forward: it is {text(self.now_us)}, and {text(to_us)} is before that"
            )
        self.now_us = checked(to_us)
        self.sequenzy.write_goals(self.now_us)

    def begin(self, operations: list[tuple[str, dict[str, Any]]]) -> None:
        """What it has from the start, where nothing was done to it before: all of it, or nothing."""
        with self.lock:
            if self.record.operations:
                return
            try:
                for name, data in operations:
                    self.do(name, **data)
            except BaseException:
                self.record.cut(0)
                raise

    def reset(self) -> None:
        """Back to the start: what was loaded stays, which is done at the start alone."""
        with self.lock:
            self.record.cut(sum(each.name in _AT_START for each in self.record.operations))
            self._again()

    def fork(self) -> "World":
        """Another one, in memory, to which the same was done."""
        with self.lock:
            found = World(self._start_us)
            for operation in self.record.operations:
                found._apply(operation)
                found.record.add(operation)
            return found

    # ---------------------------------------------------------------- the outbox

    def kept(self) -> dict[Any, Kept]:
        """What is kept of each sequence that can send, by its id, in the order in which they were made."""
        found: dict[Any, Kept] = {number: each.kept for number, each in self.kit.sequences.items()}
        return found | {
            name: each.kept for name, each in self.sequenzy.sequences.items() if each.enabled_us is not None
        }

    def address(self, subscriber: int | str) -> str:
        """The email address of a subscriber of either platform."""
        if isinstance(subscriber, str):
            return self.sequenzy.subscribers[subscriber].email
        return self.kit.subscribers[subscriber].email_address

    def outbox(self) -> pd.DataFrame:
        """All that was sent so far: the timelines, one after the other, with the sequence's id in front."""
        with self.lock:
            found = {key: each.sent(self.now_us).timeline for key, each in self.kept().items()}
        return together(found)


Handler = Callable[[World, Call], Answer]
"""What answers a call."""


def together(timelines: dict[Any, pd.DataFrame]) -> pd.DataFrame:
    """Timelines of several sequences, in one zone: theirs, or UTC where they differ."""
    zones = {str(each["send_at"].dt.tz) for each in timelines.values()}
    parts = []
    for key, each in timelines.items():
        part = each.assign(subject=0) if len(timelines) > 1 else each.copy()
        if len(zones) > 1:
            part["send_at"] = part["send_at"].dt.tz_convert("UTC").astype("datetime64[us, UTC]")
        part.insert(
            0, "sequence_id", pd.Series(key, part.index, dtype="int64" if isinstance(key, int) else "str")
        )
        parts.append(part)
    if not parts:
        return _EMPTY.copy()
    if len(parts) == 1:
        return parts[0]
    whole = pd.concat(parts, ignore_index=True)
    return whole.assign(
        subject=pd.api.types.union_categoricals([each["subject"] for each in timelines.values()])
    )


_EMPTY = pd.DataFrame({
    "sequence_id": pd.Series(dtype="int64"),
    "subscriber_id": pd.Series(dtype="int64"),
    "run": pd.Series(dtype="int32"),
    "position": pd.Series(dtype="int16"),
    "email_id": pd.Series(dtype="int64"),
    "subject": pd.Series(dtype="category"),
    "send_at": pd.Series(dtype="datetime64[us, UTC]"),
})
