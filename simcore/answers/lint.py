"""What is worth a second look in a sequence, before it meets anybody."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pandas as pd

from simcore.clock.instants import NAIVE, read_one
from simcore.errors import EntryError, SimcoreError, shown
from simcore.plan.findings import SEVERITIES, Finding
from simcore.text.tables import ShownFrame, Table
from simcore.text.wording import count

_OFFSET = NAIVE.partition(", or")[0]  # there is no naive_time_zone here


class Sequence(Protocol):
    """What a platform's sequence offers to lint."""

    def findings(self, *, among: Iterable[Any] = (), as_of_us: int | None = None) -> list[Finding]:
        """What is found, in the order of the sequence."""
        ...


class Findings(ShownFrame):
    """What `simcore.lint` gives."""

    def _table(self) -> Table:
        columns = [name for name in ("severity", "code", "where", "message") if name in self.columns]
        columns += [name for name in self.columns if name not in columns]  # changed in its place
        rows = [*self[columns].itertuples(index=False)]
        heading = count(len(rows), "finding") if rows else "nothing to say"
        return Table(heading, [*map(str, columns)], rows, under=columns[-1:] == ["message"])


def lint(sequence: Sequence, *, among: Iterable[Any] = (), as_of: Any = None) -> pd.DataFrame:
    """What is wrong or odd about a sequence as it stands, and what to do about it: a row a finding.

    `among`: the account's other sequences, of the same platform (Kit: an excluded sequence that is none of them
    is a finding). `as_of`: an instant, aware or a string with its offset; with it, the clock changes of the two
    years from then on are looked at, and what an expiry date makes too late. Nothing is sent or projected, and
    the platform's switches have their defaults.

    Columns: `code` (str), such as hour-skipped; `severity` (category, note < warning < error); `where` (str), a
    path such as emails[2].send_days; `message` (str). The worst first, then in the order of the sequence; a
    RangeIndex. Without a row where there is nothing to say.

    Raises SimcoreError where `sequence` or one of `among` is no such sequence, EntryError for an instant that
    cannot be read.

    >>> import simcore
    >>> from simcore import kit
    >>> found = lint(kit.load(simcore.example("letters")), as_of="2026-01-01T00:00Z")
    >>> found[["code", "where"]].to_numpy().tolist()[:2]
    [['hour-skipped', 'send_hour'], ['days-never-meet', 'emails[1].send_days']]
    """
    if not hasattr(sequence, "findings"):
        raise SimcoreError(
            f"sequence: found {shown(sequence)}, expected one as loaded by simcore.kit.load or "
            "simcore.sequenzy.load"
        )
    if not isinstance(among, Iterable) or isinstance(among, str | Mapping):
        raise SimcoreError(f"among: found {_found(among)}, expected a list of sequences")
    others = list(among)
    for at, each in enumerate(others):
        if not isinstance(each, type(sequence)):
            raise SimcoreError(
                f"among[{at}]: found {_found(each)}, expected a sequence of the same platform as the first"
            )
    as_of_us = None if as_of is None else _instant(as_of)
    found = sorted(
        sequence.findings(among=others, as_of_us=as_of_us),
        key=lambda each: -SEVERITIES.index(each.severity),
    )
    severity = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    columns = {name: [getattr(each, name) for each in found] for name in Finding._fields}
    return Findings({
        name: pd.Series(values, dtype=severity if name == "severity" else "str")
        for name, values in columns.items()
    })


def _found(value: Any) -> str:
    """A value as an error shows it; a sequence shows itself as a table."""
    return f"a sequence ({shown(value.name)})" if hasattr(value, "findings") else shown(value)


def _instant(as_of: Any) -> int:
    try:
        return read_one(as_of, "as_of", None)
    except EntryError as error:
        raise EntryError(str(error).replace(NAIVE, _OFFSET)) from None
