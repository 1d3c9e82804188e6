"""What is worth a second look in a sequence, before it meets anybody."""

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
    """What `simcore.lint` gives."""

    def _table(self) -> Table:
        columns = [name for name in ("severity", "code", "where", "message") if name in self.columns]
        columns += [name for name in self.columns if name not in columns]  # changed in its place
        rows = [*self[columns].itertuples(index=False)]
        heading = count(len(rows), "finding") if rows else "nothing to say"
        return Table(heading, [*map(str, columns)], rows, under=columns[-1:] == ["message"])


def lint(sequence: Sequence, *, among: Iterable[Any] = (), as_of: Instant | None = None) -> pd.DataFrame:
    """What is wrong or odd about a sequence as it stands, and what to do about it: a row a finding.

    `among`: the account's other sequences, of the same platform (an excluded sequence that is none of them is a
    finding, say). `as_of`: an instant, aware or a string with its offset; with it, the clock changes of the two years
    from then on are looked at, and what a date of the sequence's own makes too late. Nothing is sent or projected,
    and the platform's switches have their defaults.

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
    platform = platform_of(sequence)
    if not isinstance(among, Iterable) or isinstance(among, str | Mapping):
        raise SimcoreError(f"among: found {_found(among)}, expected a list of sequences")
    others = list(among)
    for at, each in enumerate(others):
        if known(each) is not platform:
            raise SimcoreError(
                f"among[{at}]: found {_found(each)}, expected a sequence of the same platform as the first"
            )
    as_of_us = None if as_of is None else _instant(as_of)
    told = [*platform.findings(sequence, among=others, as_of_us=as_of_us)]
    if strange := [code for code, *_ in told if code not in platform.codes]:
        raise SimcoreError(f"{platform.title} finds {shown(strange[0])}, which is none of its codes")
    found = [(code, platform.codes[code][0], where, message) for code, where, message in told]
    found.sort(key=lambda each: -SEVERITIES.index(each[1]))
    severity = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    return Findings({
        name: pd.Series([each[at] for each in found], dtype=severity if name == "severity" else "str")
        for at, name in enumerate(("code", "severity", "where", "message"))
    })


def _found(value: Any) -> str:
    """A value as an error shows it; a sequence shows itself as a table."""
    return f"a sequence ({shown(value.name)})" if known(value) else shown(value)


def _instant(as_of: Any) -> int:
    try:
        return read_one(as_of, "as_of", None)
    except EntryError as error:
        raise EntryError(str(error).replace(NAIVE, _OFFSET)) from None
