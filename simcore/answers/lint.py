"""What is worth a second look in a sequence, before anybody enters it."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from simcore.clock.instants import NAIVE, Instant, read_one
from simcore.errors import EntryError, SimcoreError, shown
from simcore.plan.findings import SEVERITIES
from simcore.plan.platform import Sequence, known, platform_of
from simcore.text.tables import ShownFrame, Table
from simcore.text.wording import count

_OFFSET = NAIVE.partition(", or")[0]  # there is no naive_time_zone here


class Findings(ShownFrame):
    """The result of `simcore.lint` and `Account.lint`: a DataFrame that shows itself in full."""

    def _table(self) -> Table:
        columns = [
            name for name in ("sequence_id", "severity", "code", "where", "message") if name in self.columns
        ]
        columns += [name for name in self.columns if name not in columns]  # changed in its place
        rows = [*self[columns].itertuples(index=False)]
        heading = count(len(rows), "finding") if rows else "nothing to say"
        return Table(heading, [*map(str, columns)], rows, under=columns[-1:] == ["message"])


def lint(sequence: Sequence, *, among: Iterable[Any] = (), as_of: Instant | None = None) -> pd.DataFrame:
    """What is wrong or odd about a sequence, and what to do about it: one row for each finding.

    `among`: the account's other sequences, of the same platform. (For example, an excluded sequence that is not one of
    them is a finding.) `as_of`: an instant, aware or a string with an offset. With it, lint also checks the clock
    changes of the two years from then on, and whether a date in the sequence comes too late. Nothing is sent or
    projected. The platform's switches have their defaults.

    Returns the columns `code` (str), such as hour-skipped; `severity` (category, note < warning < error); `where`
    (str), a path such as emails[2].send_days; and `message` (str). The worst come first, then they follow the order of
    the sequence. The index is a RangeIndex. There are no rows if there is nothing to say.

    Raises SimcoreError if `sequence` or one of `among` is not a sequence of the platform, EntryError for an instant
    that cannot be read.

    >>> import simcore
    >>> from simcore import kit
    >>> found = lint(kit.load(simcore.example("letters")), as_of="2026-01-01T00:00Z")
    >>> found[["code", "where"]].to_numpy().tolist()[:2]
    [['hour-skipped', 'send_hour'], ['days-never-meet', 'emails[1].send_days']]
    """
    platform = platform_of(sequence)
    if not isinstance(among, Iterable) or isinstance(among, str | Mapping):
        raise SimcoreError(f"among: found {_shown(among)}, expected a list of sequences")
    others = list(among)
    for at, other in enumerate(others):
        if known(other) is not platform:
            raise SimcoreError(
                f"among[{at}]: found {_shown(other)}, expected a sequence of the same platform as the first"
            )
    as_of_us = None if as_of is None else instant(as_of)
    findings = [*platform.findings(sequence, among=others, as_of_us=as_of_us)]
    if strange := [code for code, *_ in findings if code not in platform.codes]:
        raise SimcoreError(f"{platform.title} finds {shown(strange[0])}, which is not one of its codes")
    rows = [(code, platform.codes[code][0], where, message) for code, where, message in findings]
    rows.sort(key=lambda row: -SEVERITIES.index(row[1]))
    severity = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    return Findings({
        name: pd.Series([row[at] for row in rows], dtype=severity if name == "severity" else "str")
        for at, name in enumerate(("code", "severity", "where", "message"))
    })


def _shown(value: Any) -> str:
    """A value as an error shows it; a sequence by its name, since its repr is a whole table."""
    return f"a sequence ({shown(value.name)})" if known(value) else shown(value)


def instant(as_of: Any) -> int:
    """What `as_of` is [µs]. Raises EntryError for what cannot be read."""
    try:
        return read_one(as_of, "as_of", None)
    except EntryError as error:
        raise EntryError(str(error).replace(NAIVE, _OFFSET)) from None
