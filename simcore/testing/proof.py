"""Proves a promise for every entry of a range, without sampling.

If nothing but the entry happens to a subscriber, each send is a step function of the entry: on pieces of the range it
either stays at one instant, or moves along with the entry, microsecond by microsecond. Going through the plan gives
the pieces (see `simcore.answers.pieces`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd

from simcore.answers.options import PlanOptions, read, takes
from simcore.answers.pieces import beyond_entry, pieces
from simcore.answers.projection import make, plan_of
from simcore.clock import instants
from simcore.clock.gates import MOST_STEPS
from simcore.clock.instants import Instant
from simcore.clock.words import clock
from simcore.clock.zones import Ints, zone
from simcore.errors import EntryError, SimcoreError, TooLateError, TooManyError, shown
from simcore.plan.plan import OneAtATime, Plan, Step
from simcore.plan.platform import Sequence
from simcore.verbs import preview

_BLOCK = 1 << 15  # pieces that are looked at together
_HOUR = timedelta(hours=1)


class Send(NamedTuple):
    """One email that goes out to one subscriber, as predicates see it; the times are in the sequence's zone.

    They are pandas Timestamps, whose differences are real lengths of time. (The difference of two Python datetimes in
    the same zone is a difference of wall clocks: an hour off if the clocks change in between.)
    """

    position: int
    email_id: int | str
    subject: str
    entered_at: pd.Timestamp
    send_at: pd.Timestamp


Predicate = Callable[[tuple[Send, ...]], object]


@takes(PlanOptions)
def assert_for_all_entries(
    sequence: Sequence,
    predicate: Predicate,
    start: Instant,
    end: Instant,
    *,
    every: timedelta = _HOUR,
    **options: Unpack[PlanOptions],
) -> None:
    """Asserts that `predicate` holds for a subscriber who enters at any microsecond from `start` to before `end`.

    `predicate`: a function of the sends of one subscriber who enters and to whom nothing else happens, as in
    `simcore.preview`. It gets a tuple of `Send`, in order, without drafts and without emails that cannot go out. It
    returns True or False, or uses `assert` and returns nothing. `start`, `end`: aware datetimes, or strings; without
    an offset they are read in `naive_time_zone`.

    Nothing is sampled. The range is cut into pieces. On a piece, each send either stays at one instant or moves along
    with the entry. Whatever moves, the entry too, stays within one date and one hour of the sequence's wall clock
    (`every`: within one part of an hour, such as 15 minutes). The predicate is called at the first and the last
    microsecond of each piece. This is a proof for every predicate that, if it holds at both ends of a piece, also
    holds in between. Such a predicate may

    - say anything about sends that wait for a slot or a poll, since they stay at one instant;
    - use the weekday, date or hour of the entry and of sends that move (sends without such a wait: at once, or a
      length of time later);
    - compare times, or the length between two of them, with a limit (`<`, `<=`, `>`, `>=`, `==`);
    - join all of these by `and` or `all(...)`.

    It is not a proof for a predicate that can hold at both ends of a piece and fail in between, such as `!=`, or
    limits joined by `or`, on times that move. A smaller `every` checks more instants.

    Raises AssertionError, which names the first entry that breaks the predicate, to the microsecond (within a piece,
    by bisection), with its sends and their reasons. Raises SimcoreError for a range or a sequence that is not valid.

    >>> import simcore
    >>> from simcore import kit
    >>> def never_too_soon(sends):
    ...     return sends[3].send_at - sends[0].send_at >= timedelta(hours=24)
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> assert_for_all_entries(welcome, never_too_soon, "2026-03-01T00:00-05:00", "2026-04-01T00:00-04:00")
    """
    __tracebackhide__ = True
    given = read(assert_for_all_entries, options)
    instants.check_zone(given.naive_time_zone)
    plan = plan_of(sequence, given.assumptions, given.include_drafts)
    _refuse_events(plan)
    first_us = instants.read_one(start, "start", given.naive_time_zone)
    end_us = instants.read_one(end, "end", given.naive_time_zone)
    if first_us >= end_us:
        raise SimcoreError(f"end: found {shown(end)}, expected an instant after start ({shown(start)})")
    if not isinstance(every, timedelta) or every <= timedelta(0) or _HOUR % every:
        raise SimcoreError(
            f"every: found {shown(every)}, expected a whole part of an hour, such as timedelta(minutes=15)"
        )
    asked = _Asked(sequence, plan, predicate)
    try:
        begins_us = pieces(plan, first_us, end_us, every // timedelta(microseconds=1))
    except TooManyError as error:
        raise _too_many(error.count) from None
    lasts_us = np.append(begins_us[1:], end_us) - 1
    for at in range(0, begins_us.size, _BLOCK):
        block = slice(at, at + _BLOCK)
        edges_us = np.stack([begins_us[block], lasts_us[block]], axis=1).reshape(-1)
        edge = next((edge for edge, fault in enumerate(asked.faults(edges_us)) if fault is not None), None)
        if edge is not None:
            piece = at + edge // 2
            first, until = asked.broken(int(begins_us[piece]), int(lasts_us[piece]), from_begin=edge % 2 == 0)
            shows: PlanOptions = {"include_drafts": given.include_drafts, "assumptions": given.assumptions}
            raise AssertionError(
                f"{asked.report(first, shows)}\nIt breaks from there to the entry at {_iso(until)}, included; "
                f"{'the next one keeps it' if until < lasts_us[piece] else 'later entries were not checked'}.\n"
                f"No earlier entry breaks it: it holds at both ends of every piece before ({piece:,} of "
                f"{begins_us.size:,} pieces from {_iso(first_us)} to before {_iso(end_us)})."
            )


class _Asked(NamedTuple):
    """A predicate, and the sequence whose sends it is about."""

    sequence: Any
    plan: Plan
    predicate: Predicate

    def faults(self, edges_us: Ints) -> Iterator[str | None]:
        """What is wrong for each entry, None for nothing. `edges_us`: first and last instants of pieces, in turn."""
        sent = self._sent(edges_us)
        lengths_us = np.diff(edges_us)[::2]
        for step, at_us in sent:
            moved_us = np.diff(at_us)[::2]
            if ((moved_us != 0) & (moved_us != lengths_us)).any():
                raise RuntimeError(
                    f"the sends of the email at position {step.position} neither stay nor move along: this is a fault "
                    "of simcore, please report it with the sequence"
                )
        times_us = np.stack([edges_us, *(at_us for _, at_us in sent)])
        distinct_us, index = np.unique(times_us, return_inverse=True)
        stamps = np.array([*instants.show(distinct_us, self.plan.time_zone)], object)
        entered, *at = stamps[index.reshape(times_us.shape)]
        of_emails = [
            map(Send, repeat(step.position), repeat(step.email_id), repeat(step.subject), entered, stamped)
            for (step, _), stamped in zip(sent, at, strict=True)
        ]
        sends: Iterable[tuple[Send, ...]] = (
            zip(*of_emails, strict=True) if sent else repeat((), edges_us.size)
        )
        return map(self._fault, sends)

    def _sent(self, entered_us: Ints) -> list[tuple[Step, Ints]]:
        """The instants of each email's sends [µs, entries], in order."""
        try:
            # Every entry counts, as in a preview: no rule of enrolment rejects it.
            plan = replace(self.plan, entry=OneAtATime())
            projection = make(self.sequence, instants.show(entered_us, "UTC"), plan=plan)
        except TooLateError as error:
            raise EntryError(
                f"end: an entry at {_iso(int(entered_us[error.rows[0]]))} would get emails after 2200-01-01 UTC: give "
                "an earlier end, or shorten the delays"
            ) from None
        return [(item.step, item.at.all_us()) for item in projection.outcome.sends]

    def _fault(self, sends: tuple[Send, ...]) -> str | None:
        try:
            held = self.predicate(sends)
        except AssertionError as error:
            return f"failed: {error}" if str(error) else "failed an assertion"
        if not (held is None or isinstance(held, bool | np.bool_)):
            raise SimcoreError(f"predicate: returned {shown(held)}, expected True, False or None")
        return None if held is None or held else "returned False"

    def _one(self, entered_us: int) -> str | None:
        return next(self.faults(np.array([entered_us, entered_us])))

    def broken(self, begin_us: int, last_us: int, *, from_begin: bool) -> tuple[int, int]:
        """The first and last entry of a piece that break it, which its start (`from_begin`) or its end does."""
        if not from_begin:
            return self._turn(begin_us, last_us), last_us
        return begin_us, last_us if self._one(last_us) is not None else self._turn(last_us, begin_us)

    def _turn(self, holds_us: int, breaks_us: int) -> int:
        """Between two entries of a piece, the last one that breaks it on the way to the one that keeps it."""
        while abs(holds_us - breaks_us) > 1:
            middle_us = (holds_us + breaks_us) // 2
            if self._one(middle_us) is None:
                holds_us = middle_us
            else:
                breaks_us = middle_us
        return breaks_us

    def report(self, entered_us: int, shows: PlanOptions) -> str:
        """A message about an entry that breaks the predicate, with its sends and their reasons."""
        entered_at = instants.show(np.array([entered_us]), self.plan.time_zone)[0]
        some = any(step.sends for step in self.plan.steps)
        return (
            f"{clock(entered_us, zone(self.plan.time_zone))} ({_iso(entered_us)}) is the first entry that breaks the "
            f"predicate, which {self._one(entered_us)}\n"
            f"{preview(self.sequence, entered_at, **shows) if some else 'There is no email.'}"
        )


def _refuse_events(plan: Plan) -> None:
    """Raises SimcoreError where what is sent depends on more than the entry."""
    step = beyond_entry(plan)
    if step is not None:
        what = "is a branch" if step.branch is not None else "waits for what events say"
        raise SimcoreError(
            f"sequence: the step at position {step.position} (id {step.email_id}) {what}, so what is sent depends "
            "on more than the entry, and nothing can be proved for all entries"
        )


def _too_many(count: int) -> SimcoreError:
    return SimcoreError(
        f"start to end: found {count:,} pieces or more, expected at most {MOST_STEPS:,}: give a shorter range, or "
        "a longer every"
    )


def _iso(instant_us: int) -> str:
    """An instant in UTC, to the microsecond."""
    return f"{np.datetime64(instant_us, 'us')}Z"
