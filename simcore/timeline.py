"""Sends become the DataFrame that people read: one row a send.

The frame is put together from arrays that are ready; nothing is copied on the way in.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore import instants
from simcore.audience import NEVER_US, Runs
from simcore.engine import Round
from simcore.errors import EntryError
from simcore.zones import LAST_US, Ints

_BLOCK = 1 << 12  # rows that are written together, so that they stay in the processor's cache


def timeline(
    runs: Runs, sending: Sequence[Round], time_zone: str, until_us: int | None, *, by_email: bool
) -> pd.DataFrame:
    """The timeline (columns and dtypes as `simcore.project` says) of rounds that send.

    Rows in the order of runs, then of sends, or round by round where `by_email`. Sends at or after a run's end
    or `until_us` are left out; others past 2200 raise EntryError.
    """
    limit_us = runs.end_us if until_us is None else np.minimum(runs.end_us, until_us)
    limited = until_us is not None or bool((limit_us != NEVER_US).any())
    _check_range(runs, sending, limit_us)
    shape = (len(runs), len(sending))
    at_us = _matrix(sending, shape)
    if by_email:
        at_us = at_us.T
    if limited:
        kept = at_us < (limit_us if by_email else limit_us[:, None])
        run, column = np.nonzero(kept)[:: -1 if by_email else 1]
        sends_us = at_us[kept]
    else:
        run, column = None, None
        sends_us = at_us.reshape(-1)

    def each_run(values: Any) -> Any:
        if run is not None:
            return values[run]
        if by_email:
            return np.tile(values, shape[1]) if isinstance(values, np.ndarray) else values[_tiled(shape)]
        return values.repeat(shape[1])

    def each_send(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if column is not None:
            return values[column]
        return np.repeat(values, shape[0]) if by_email else np.tile(values, shape[0])

    subjects = list(dict.fromkeys(item.step.subject for item in sending))
    code = np.array([subjects.index(item.step.subject) for item in sending], _code_dtype(len(subjects)))
    category = pd.CategoricalDtype(pd.Index(subjects, dtype="str"))
    columns = {
        "subscriber_id": each_run(runs.subscriber_id),
        "run": each_run(runs.number),
        "position": each_send(np.array([item.step.position for item in sending], np.int16)),
        "email_id": each_send(np.array([item.step.email_id for item in sending], np.int64)),
        "subject": pd.Categorical.from_codes(each_send(code), dtype=category, validate=False),
        "send_at": instants.show(sends_us, time_zone),
    }
    return pd.DataFrame(columns, copy=False)


def _matrix(sending: Sequence[Round], shape: tuple[int, int]) -> Ints:
    """The instant of each run's every send [int64, runs x rounds]."""
    at_us = np.empty(shape, np.int64)
    index = sending[-1].index if sending else None
    if index is None:
        for column, item in enumerate(sending):
            at_us[:, column] = item.all_us()
        return at_us
    # Most rounds share the last one's index: whole rows of a table of their distinct instants are copied, and
    # the few rounds before them are written over them while the rows are still in the processor's cache.
    own = [item.index is not index for item in sending]
    table = np.stack(
        [sending[-1].at_us if mine else item.at_us for item, mine in zip(sending, own, strict=True)], 1
    )
    others = [(column, item) for column, item in enumerate(sending) if own[column]]
    for row in range(0, shape[0], _BLOCK):
        block = slice(row, row + _BLOCK)
        table.take(index[block], axis=0, out=at_us[block], mode="clip")  # "raise" would write to a copy first
        for column, item in others:
            at_us[block, column] = item.at_us[block] if item.index is None else item.at_us[item.index[block]]
    return at_us


def _check_range(runs: Runs, sending: Sequence[Round], limit_us: Ints) -> None:
    for item in sending:
        if item.at_us.size and item.at_us.max() > LAST_US:
            late = np.flatnonzero((item.all_us() > LAST_US) & (limit_us > LAST_US))
            if late.size:
                rows = runs.row[late].tolist()
                more = f" and {late.size - 1} other rows" if late.size > 1 else ""
                raise EntryError(
                    f"the email at position {item.step.position} (id {item.step.email_id}) would go out after "
                    f"2200-01-01 UTC to {runs.named(int(late[0]))}{more}: pass until= to end before that, or mend "
                    "the delay or the entry",
                    rows,
                )


def _tiled(shape: tuple[int, int]) -> Ints:
    return np.tile(np.arange(shape[0]), shape[1])


def _code_dtype(count: int) -> type[np.signedinteger[Any]]:
    """The smallest dtype for the codes of so many categories, as pandas itself would choose."""
    return next(kind for kind in (np.int8, np.int16, np.int32) if count <= np.iinfo(kind).max)
