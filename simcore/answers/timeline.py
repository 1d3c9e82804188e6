"""Sends, runs and notes, as the DataFrames that people read.

The frames are built from finished arrays without copying them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.answers.sentences import Texts, column
from simcore.clock import instants
from simcore.clock.instants import NAT_US
from simcore.clock.zones import LAST_US, Ints
from simcore.engine.people import ENTRY_WORDS, Audience, Rejected
from simcore.engine.rounds import ACTIVE, STATES, Note, Outcome, Passed
from simcore.engine.times import Times
from simcore.errors import SimcoreError, shown
from simcore.plan.plan import STATUSES, Plan, Step
from simcore.plan.runs import Runs

KEY = ["subscriber_id", "run", "email_id"]
"""The columns that identify a send of a timeline."""
_Words = Callable[[Passed, Ints | slice], Texts]
"""Takes a round and some of its runs, and gives a text for each."""
_RUNS = 1 << 15
_BLOCK = 1 << 12  # rows that are written together, so that they stay in the processor's cache


class _Layout(NamedTuple):
    """Where each send goes: the instants of the rows; the round of each (None if all runs have all rounds); and the
    run of each if rows do not follow the runs, or else how many rows each run has."""

    send_us: Ints
    which: npt.NDArray[np.integer[Any]] | None
    run: Ints | None
    per_run: Ints | int


def timeline(
    runs: Runs,
    rounds: Sequence[Passed],
    steps: Sequence[Step],
    time_zone: str,
    *,
    by_email: bool,
    text_ids: bool = False,
    rendered: _Words | None = None,
    words: _Words | None = None,
) -> pd.DataFrame:
    """The timeline of rounds, which each run has in this order; columns and dtypes as in `simcore.project`.

    Rows are in the order of runs, then of sends; with `by_email` they are email by email, in the order of `steps`.
    `text_ids`: whether the emails' ids are texts. `rendered` and `words` make the columns `rendered_subject` and
    `reason` [str].
    """
    layout = _by_email(runs, rounds, steps) if by_email else _by_run(runs, rounds)
    emails = [item.step for item in rounds]

    def of_run(values: Any) -> Any:
        if layout.run is not None:
            return values[layout.run]
        if not by_email:
            return values.repeat(layout.per_run)
        if isinstance(values, np.ndarray):
            return np.tile(values, len(rounds))
        return values.take(np.tile(np.arange(len(runs)), len(rounds)))

    def of_round(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if layout.which is None:
            shape = (len(rounds), len(runs))
            return (
                np.broadcast_to(values[:, None], shape).reshape(-1)
                if by_email
                else np.tile(values, len(runs))
            )
        taken: npt.NDArray[Any] = values[layout.which]
        return taken

    waited_for = [step for step in steps if step.queued and step.sends]
    subjects = list(dict.fromkeys(step.subject for step in (*waited_for, *emails)))
    codes = {subject: code for code, subject in enumerate(subjects)}
    code = np.array([codes[step.subject] for step in emails], _code_dtype(len(subjects)))
    category = pd.CategoricalDtype(pd.Index(subjects, dtype="str"))
    columns = {
        "subscriber_id": _as_given(of_run(runs.subscriber_id)),
        # Most lists have nobody twice, and ones are written faster than copied.
        "run": of_run(runs.number) if (runs.number != 1).any() else np.ones(len(layout.send_us), np.int32),
        "position": of_round(np.array([step.position for step in emails], np.int16)),
        "email_id": _named([step.email_id for step in emails], of_round(np.arange(len(emails))), texts=True)
        if text_ids
        else of_round(np.array([step.email_id for step in emails], np.int64)),
        "subject": pd.Categorical.from_codes(of_round(code), dtype=category, validate=False),
    }
    if rendered is not None:
        columns["rendered_subject"] = _texts(rounds, layout, by_email, rendered)
    columns["send_at"] = instants.show(layout.send_us, time_zone)
    if words is not None:
        columns["reason"] = _texts(rounds, layout, by_email, words)
    return pd.DataFrame(columns, copy=False)


def subscribers(people: Audience, outcome: Outcome, plan: Plan, zone: str, stop_us: int) -> pd.DataFrame:
    """One row for each run, with its final state (see `simcore.simulate`). `plan`: the one in force then."""
    runs, statuses = people.runs, people.statuses
    ended_by = np.array([STATUSES.index(_plainly(name) or "active") for name in statuses], np.int8)
    outside = (outcome.state == ACTIVE) & (runs.end_us < stop_us)
    own = np.array([STATUSES.index(name) for name in STATES], np.int8)
    status = np.where(outside, ended_by[runs.end_status], own[outcome.state])
    live = status == 0
    sends, last_us = tally(runs, outcome.sends)
    waits = live & (outcome.queued >= 0)
    due_us = np.where(waits & plan.active & (outcome.due_us <= LAST_US), outcome.due_us, NAT_US)
    ended_us = np.where(outside, runs.end_us, np.where(live, NAT_US, outcome.ended_us))
    return pd.DataFrame(
        {
            # Copies: runs may be the very arrays that the caller gave.
            "subscriber_id": _as_given(runs.subscriber_id.copy()),
            "run": runs.number,
            "via": category(runs.via, people.vias),
            "entered_at": instants.show(runs.entered_us.copy(), zone),
            "status": category(status, STATUSES),
            "sends": sends,
            "last_send_at": instants.show(last_us.copy(), zone),
            "next_email_id": _named(outcome.email_ids, np.where(waits, outcome.queued, -1), plan.text_ids),
            "next_send_at": instants.show(due_us, zone),
            "ended_at": instants.show(ended_us, zone),
        },
        copy=False,
    )


def journal(people: Audience, outcome: Outcome, plan: Plan, zone: str, stop_us: int) -> pd.DataFrame:
    """Everything that happened except the sends, by entry, then by instant (see `simcore.simulate`)."""
    runs, rejected = people.runs, people.rejected
    outside = np.flatnonzero((outcome.state == ACTIVE) & (runs.end_us < stop_us))
    notes = list(outcome.notes)
    for code, status in enumerate(people.statuses):
        ended = outside[runs.end_status[outside] == code]
        if ended.size:
            notes.append(Note(status, ended, Times(runs.end_us[ended])))
    fates = [ENTRY_WORDS[code] for code in np.unique(rejected.fate).tolist()]
    # What the platform has no words for stands behind what it has, without a detail.
    details = dict.fromkeys([*plan.words, *(note.what for note in notes), *fates], "") | dict(plan.words)
    whats = [*details]
    layout = _by_run(runs, notes)
    which = np.tile(np.arange(len(notes)), len(runs)) if layout.which is None else layout.which
    places = {email_id: place for place, email_id in enumerate(outcome.email_ids)}
    email = [-1 if note.email_id is None else places[note.email_id] for note in notes]
    code_of = _code_dtype(len(whats))
    columns = {
        "subscriber_id": runs.subscriber_id.repeat(layout.per_run),
        "run": runs.number.repeat(layout.per_run),
        "at": layout.send_us,
        "what": np.array([whats.index(note.what) for note in notes], code_of)[which],
        "email_id": np.array(email, np.int64)[which],
    }
    of_run = np.ones(which.size, np.bool_)
    if len(rejected.row):
        row = runs.row.repeat(layout.per_run)
        columns, of_run = _with_rejected(columns, row, rejected, whats)
    names, texts = [*dict.fromkeys(map(_plainly, whats))], [*dict.fromkeys(details.values())]
    plain = np.array([names.index(_plainly(what)) for what in whats], code_of)
    detail = np.array([texts.index(text) for text in details.values()], code_of)
    return pd.DataFrame(
        {
            "subscriber_id": _as_given(columns["subscriber_id"]),
            "run": pd.arrays.IntegerArray(columns["run"].astype(np.int32, copy=False), ~of_run),
            "at": instants.show(columns["at"], zone),
            "what": category(plain[columns["what"]], names),
            "email_id": _named(outcome.email_ids, columns["email_id"], plan.text_ids),
            "detail": category(detail[columns["what"]], texts),
        },
        copy=False,
    )


def _with_rejected(
    columns: dict[str, Any], row: Ints, rejected: Rejected, whats: Sequence[str]
) -> tuple[dict[str, Any], npt.NDArray[np.bool_]]:
    """A journal with the rejected entries among the others, in the order of entries; and which rows belong to runs.
    `row` [rows of the journal]: the entry of each."""
    order = np.argsort(np.concatenate([row, rejected.row]), kind="stable")
    none = np.zeros(len(rejected.row), np.int64)
    codes = [whats.index(what) if what in whats else -1 for what in ENTRY_WORDS]
    others = {
        "subscriber_id": rejected.subscriber_id,
        "run": none,
        "at": rejected.at_us,
        "what": np.array(codes, columns["what"].dtype)[rejected.fate],
        "email_id": none - 1,
    }
    both = {name: pd.concat([pd.Series(columns[name]), pd.Series(others[name])]).array for name in columns}
    of_run = np.append(np.ones(len(row), np.bool_), none != 0)[order]
    return {name: _plain(values.take(order)) for name, values in both.items()}, of_run


def check(name: str, given: Any) -> None:
    """Raises SimcoreError for what is not a timeline."""
    expected = f"expected a timeline from simcore.project, with {', '.join(KEY)} and send_at"
    if not isinstance(given, pd.DataFrame):
        raise SimcoreError(f"{name}: found {shown(given)}, {expected}")
    missing = [column for column in (*KEY, "send_at") if column not in given.columns]
    if missing:
        raise SimcoreError(f"{name}: no column {missing[0]}; {expected}")
    if not isinstance(given["send_at"].dtype, pd.DatetimeTZDtype):
        raise SimcoreError(f"{name}: send_at is {given['send_at'].dtype}; {expected}, an instant with a zone")


def _as_given(ids: Any) -> Any:
    """Ids as a column of their own dtype: texts among objects stay objects."""
    return pd.Series(ids, dtype=object, copy=False) if ids.dtype == object else ids


def _plainly(what: str) -> str:
    """What happened, without the cause that may follow a colon."""
    return what.partition(":")[0]


def _plain(values: Any) -> Any:
    return values.to_numpy() if type(values) is pd.arrays.NumpyExtensionArray else values


def _by_run(runs: Runs, rounds: Sequence[Passed | Note]) -> _Layout:
    """Rows in the order of runs; those of a run as they come in the list, which is as they happened."""
    if all(item.rows is None for item in rounds):
        return _Layout(_matrix(rounds, len(runs)).reshape(-1), None, None, len(rounds))
    counts = np.zeros(len(runs), np.int64)
    for item in rounds:
        counts[_rows(item)] += 1
    cursor = np.cumsum(counts) - counts
    total = int(counts.sum())
    send_us, which = np.empty(total, np.int64), np.empty(total, np.min_scalar_type(len(rounds)))
    # The rows of a round are in the order of runs: some runs at a time, all rounds write to the same few pages.
    edges = [*range(0, len(runs), _RUNS), len(runs)]
    cuts = [edges if item.rows is None else np.searchsorted(item.rows, edges).tolist() for item in rounds]
    for block in range(len(edges) - 1):
        for number, item in enumerate(rounds):
            part = slice(cuts[number][block], cuts[number][block + 1])
            if part.start < part.stop:
                rows = part if item.rows is None else item.rows[part]
                target = cursor[rows].copy()  # a slice gives a view
                cursor[rows] = target + 1
                us, index = item.at.distinct_us, item.at.index
                send_us[target] = us[part] if index is None else us[index[part]]
                which[target] = number
    return _Layout(send_us, which, None, counts)


def _by_email(runs: Runs, rounds: Sequence[Passed], steps: Sequence[Step]) -> _Layout:
    if all(item.rows is None for item in rounds):
        send_us = np.empty((len(rounds), len(runs)), np.int64)
        for number, item in enumerate(rounds):
            index = item.at.index
            if index is None:
                send_us[number] = item.at.distinct_us
            else:
                item.at.distinct_us.take(index, out=send_us[number], mode="clip")  # "raise" would copy
        return _Layout(send_us.reshape(-1), None, None, 0)
    rank = {step.email_id: at for at, step in enumerate(steps)}
    email = np.array([rank[item.step.email_id] for item in rounds])
    run = np.concatenate([np.arange(len(runs)) if item.rows is None else item.rows for item in rounds])
    which = np.repeat(np.arange(len(rounds), dtype=np.int32), [len(item.at) for item in rounds])
    send_us = np.concatenate([item.at.all_us() for item in rounds])
    order = np.lexsort((run, email[which]))
    return _Layout(send_us[order], which[order], run[order], 0)


def _rows(item: Passed | Note) -> Ints | slice:
    return slice(None) if item.rows is None else item.rows


def _matrix(rounds: Sequence[Passed | Note], runs: int) -> Ints:
    """The instant of each run's every send [int64, runs x rounds]."""
    at_us = np.empty((runs, len(rounds)), np.int64)
    index = rounds[-1].at.index if rounds else None
    if index is None:
        for column, item in enumerate(rounds):
            at_us[:, column] = item.at.all_us()
        return at_us
    # Most rounds share the last one's index: whole rows of a table of their distinct instants are copied, and
    # the few rounds before them are written over them while the rows are still in the processor's cache.
    shared = rounds[-1].at
    table = np.stack([(item.at if item.at.index is index else shared).distinct_us for item in rounds], axis=1)
    others = [(column, item.at) for column, item in enumerate(rounds) if item.at.index is not index]
    for row in range(0, runs, _BLOCK):
        block = slice(row, row + _BLOCK)
        table.take(index[block], axis=0, out=at_us[block], mode="clip")  # "raise" would write to a copy first
        for column, times in others:
            us, own = times.distinct_us, times.index
            at_us[block, column] = us[block] if own is None else us[own[block]]
    return at_us


def tally(runs: Runs, rounds: Sequence[Passed]) -> tuple[npt.NDArray[np.int32], Ints]:
    """How many sends each run has [int32], and when its last one is [µs, `NAT_US` for none]."""
    if rounds and all(item.rows is None for item in rounds):
        return np.full(len(runs), len(rounds), np.int32), rounds[-1].at.all_us()
    sends, last_us = np.zeros(len(runs), np.int32), np.full(len(runs), NAT_US)
    for item in rounds:
        sends[_rows(item)] += 1
        last_us[_rows(item)] = item.at.all_us()
    return sends, last_us


def _texts(rounds: Sequence[Passed], layout: _Layout, by_email: bool, words: _Words) -> Any:
    """A column of texts; `words` gives those of a round."""
    texts = [words(item, _rows(item)) for item in rounds]
    before = np.cumsum([0, *map(len, texts)])
    if layout.which is None:
        size = len(texts[0].which) if texts else 0
        # Narrow, since there is one for each row: half as much to write and to read.
        which = np.empty((len(texts), size) if by_email else (size, len(texts)), _code_dtype(int(before[-1])))
        for each, start, out in zip(texts, before[:-1], which if by_email else which.T, strict=True):
            np.add(each.which, start, out=out, casting="same_kind")
    else:
        # The rows of a round are in the order of runs, as it has them itself.
        which = np.empty(layout.which.size, _code_dtype(int(before[-1])))
        places = [each.which + start for each, start in zip(texts, before[:-1], strict=True)]
        which[np.argsort(layout.which, kind="stable")] = np.concatenate(places)
    return column(Texts([part for each in texts for part in each.texts], which.reshape(-1)))


def _named(email_ids: Sequence[int | str], codes: Ints, texts: bool) -> Any:
    """A column of emails' ids, integers or texts, by their indices in `email_ids` (-1 for none)."""
    if texts:
        return pd.Series([*email_ids], dtype="str").array.take(codes, allow_fill=True)
    return pd.arrays.IntegerArray(np.array([*email_ids, 0], np.int64)[codes], codes < 0)


def category(codes: npt.NDArray[Any], names: Sequence[str]) -> Any:
    """A column of names, by their indices in `names`."""
    return pd.Categorical.from_codes(
        codes.astype(_code_dtype(len(names)), copy=False),
        dtype=pd.CategoricalDtype(pd.Index(list(names), dtype="str")),
        validate=False,
    )


def _code_dtype(count: int) -> type[np.signedinteger[Any]]:
    """The smallest dtype for the codes of so many categories, as pandas itself would choose."""
    return next(kind for kind in (np.int8, np.int16, np.int32, np.int64) if count <= np.iinfo(kind).max)
