"""A log of what was really sent, as arrays, and how well a timeline explains it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.projection import Projection
from simcore.clock import instants
from simcore.clock.gates import Poll
from simcore.clock.zones import MINUTE_US, SECOND_US, Ints
from simcore.engine import events as event_log
from simcore.errors import EntryError, shown
from simcore.plan.log import whole_id

if TYPE_CHECKING:
    from simcore.plan.plan import Epoch

POLLS = tuple(timedelta(minutes=minutes) for minutes in (15, 1, 5, 30, 60))  # the default first
_FIX = "fix those rows, or leave them out"


class Fit(NamedTuple):
    """How well a timeline explains a log (see `calibrate`). `short`: the sum of errors as shares of the tolerance.
    `logged`: the share of the projected sends within the log's time that are in the log."""

    explained: float
    exact: float
    median_error: np.timedelta64
    p95_error: np.timedelta64
    unmatched: int
    extra: int
    short: float
    logged: float


class Log:
    """A log of sends, as arrays [sends]: to whom (`who` int64, indices in `ids`), which email (`email` int64, indices
    in `email_ids`), and when (`sent_us` int64 [µs])."""

    def __init__(self, observed: Any, usual: Projection, how: instants.Reader) -> None:
        if not isinstance(observed, pd.DataFrame):
            raise EntryError(
                f"observed: found {shown(observed)}, expected a DataFrame with subscriber_id, sent_at, and email_id "
                "or position"
            )
        event_log.columns("observed", observed, ("subscriber_id", "sent_at"), ("email_id", "position"))
        named = next((name for name in ("email_id", "position") if name in observed.columns), None)
        if named is None:
            raise EntryError(
                "observed: no column email_id, and no column position instead; the columns are: "
                f"{', '.join(map(str, observed.columns))}"
            )
        if not len(observed):
            raise EntryError("observed: found no rows, expected at least one send for assumptions to explain")
        self.sent_us, faults = how.read(observed["sent_at"])
        _refuse(observed["sent_at"], faults)
        subscriber = observed["subscriber_id"]
        _refuse(
            subscriber, dict.fromkeys(np.flatnonzero(event_log.no_ids(subscriber)).tolist(), event_log.NO_ID)
        )
        _refuse(subscriber, dict.fromkeys(np.flatnonzero(subscriber.isna()).tolist(), "missing"))
        known = usual.people.runs.subscriber_id
        kinds = [pd.api.types.infer_dtype(ids, skipna=True) for ids in (subscriber, known)]
        if len(known) and kinds[0] != kinds[1]:
            raise EntryError(
                f"observed: subscriber_id is {subscriber.dtype} here and {known.dtype} in entries, expected the same "
                'type, since 1 and "1" never match'
            )
        self.who, self.ids = event_log.factorized(subscriber)
        steps = [epoch.plan.steps for epoch in usual.epochs]
        self.email_ids = [*dict.fromkeys(step.email_id for in_force in steps for step in in_force)]
        code, distinct = event_log.factorized(observed[named])
        number = [whole_id(value) for value in distinct]
        if named == "email_id":
            self.email = self.emails(number)[code]
            fault = f"not the id of an email of the sequence, expected one of: {', '.join(map(str, self.email_ids))}"
        else:
            most = max(map(len, steps))
            order = np.full((len(steps), most + 1), -1)
            for row, in_force in enumerate(steps):
                order[row, : len(in_force)] = [self.email_ids.index(step.email_id) for step in in_force]
            position = np.array([most if at is None or not 0 <= at < most else at for at in number])
            epoch = np.searchsorted([epoch.at_us for epoch in usual.epochs[1:]], self.sent_us, "right")
            self.email = order[epoch, position[code]]
            fault = "not the position of an email, from 0, in the order in force then"
        _refuse(observed[named], dict.fromkeys(np.flatnonzero(self.email < 0).tolist(), fault))

    def polls(self, epochs: list["Epoch"]) -> list[tuple[timedelta, timedelta]]:
        """The values of (poll_every, poll_phase) to try; the default first."""
        steps = [step for epoch in epochs for step in epoch.plan.steps if isinstance(step.gate, Poll)]
        if not steps:
            return [(POLLS[0], timedelta(0))]
        polled = [self.email_ids.index(step.email_id) for step in steps]
        sent_us = self.sent_us[np.isin(self.email, polled)]
        found = []
        for every in POLLS:
            past_us = sent_us % (every // timedelta(microseconds=1))
            phases = [0, *(_commonest(past_us // unit_us) * unit_us for unit_us in (MINUTE_US, SECOND_US))]
            found += [(every, timedelta(microseconds=phase)) for phase in dict.fromkeys(phases)]
        return found

    def subscribers(self, subscriber_ids: Any) -> Ints:
        """The index of each subscriber in `ids`; -1 for those not in the log."""
        found: Ints = pd.Index(self.ids).get_indexer(pd.Index(subscriber_ids)).astype(np.int64)
        return found

    def emails(self, email_ids: Any) -> Ints:
        """The index of each email in `email_ids`; -1 for none."""
        here, there = (pd.Index([*ids], dtype=object) for ids in (self.email_ids, email_ids))
        found: Ints = here.get_indexer(there).astype(np.int64)
        return found


def _refuse(values: "pd.Series[Any]", faults: dict[int, str]) -> None:
    if faults:
        raise instants.explain_faults(f"observed: {values.name}", values, faults, _FIX)


def _commonest(values: Ints) -> int:
    """The most frequent value, the lowest if there are several; 0 if there is none."""
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()]) if distinct.size else 0
