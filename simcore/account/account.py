"""An account: several sequences of the same subscribers, simulated together."""

from collections.abc import Collection, Iterable, Mapping
from os import PathLike
from typing import Any, Literal, NamedTuple, Self, Unpack

import numpy as np
import pandas as pd

from simcore.account import load as folders
from simcore.account.cap import Cap
from simcore.account.lint import lint as look_over
from simcore.account.load import id_of
from simcore.account.mailing import Mailing
from simcore.account.options import AccountImpactOptions, AccountOptions
from simcore.account.people import broadcasts as read_broadcasts
from simcore.account.people import place_of, rows_of
from simcore.account.people import zones as read_zones
from simcore.account.simulation import AccountSimulation, in_order, stacked
from simcore.account.together import Made, simulate
from simcore.answers.forecast import sent, tabled
from simcore.answers.idle import Idle, idle
from simcore.answers.options import Assumptions, Change, Entries, Freq, Options, read, takes
from simcore.answers.projection import Simulation, plan_of
from simcore.answers.whatif import moved
from simcore.clock.instants import Instant, Reader, Unit, show
from simcore.clock.periods import check
from simcore.engine.frames import plainly
from simcore.errors import SimcoreError, shown, typed
from simcore.plan.plan import Epoch
from simcore.plan.platform import Sequence, known, platform_of
from simcore.text.wording import count, listed


class Account:
    """Several sequences of the same subscribers: of one platform or of several, with distinct ids (or names).

    `sequences`: as the platforms' packages load them. `broadcasts`: mails to everybody at once,
    a table with `at` (instants) and `subject`, and perhaps `audience` (a tag or list: only who is in it then) or
    `subscriber_id` (a row for each who gets it). `assumptions`: the switches of a platform, or a list of those of
    several. `Account.load` reads all of it from a folder. Raises SimcoreError for sequences that cannot be told
    apart. Rules: A1 to A9.

    >>> import simcore
    >>> from simcore import kit
    >>> account = simcore.Account(kit.load_all(simcore.example("account")))
    >>> account.ids
    [30, 31]
    """

    def __init__(
        self,
        sequences: Iterable[Sequence],
        *,
        broadcasts: Any = None,
        assumptions: Assumptions | Iterable[Assumptions] | None = None,
    ) -> None:
        given: Any = [sequences] if known(sequences) else sequences
        if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
            raise SimcoreError(f"sequences: found {shown(sequences)}, expected a list of sequences")
        self.sequences: dict[int | str, Any] = {}
        for one in given:
            platform_of(one)
            key = id_of(one)
            if key in self.sequences:
                names = ", ".join(shown(each.name) for each in (self.sequences[key], one))
                raise SimcoreError(
                    f"sequences: two have the id {shown(key)}: {names}; expected distinct ones"
                )
            self.sequences[key] = one
        if not self.sequences:
            raise SimcoreError("sequences: there are none, expected at least one")
        self.broadcasts = broadcasts
        self.entries: Any = None
        self.events: Any = None
        self.assumptions = _by_platform(assumptions, self.sequences.values())

    @classmethod
    def load(
        cls,
        folder: str | PathLike[str],
        *,
        assumptions: Assumptions | Iterable[Assumptions] | None = None,
        naive_time_zone: str | None = None,
        unit: Unit | None = None,
        dayfirst: bool = False,
    ) -> Self:
        """The account in a folder.

        Each of its `.json` files holds a sequence, or a list of them, as the platform's own `load` reads it; the
        order of the account is that of their names. Three tables may be beside them, `entries.csv`, `events.csv` and
        `broadcasts.csv`, with the columns that `project` and `Account` take. A folder with a `snapshot.json`, which
        `simcore pull` wrote, is read as the platform's `load_snapshot` reads it; only `broadcasts.csv` counts beside
        that.

        The tables are the attributes `entries`, `events` and `broadcasts` (None where there is none). `project`,
        `simulate` and the other verbs take them where they are given no entries, or no events (`events=[]`: none).

        `naive_time_zone`, `unit` and `dayfirst`: how times in the tables are read, as for `project`. Raises
        SimcoreError for a folder without a sequence, for files and rows that cannot be used, and for two sequences
        with one id.

        >>> import simcore
        >>> account = simcore.Account.load(simcore.example("three_sequences"))
        >>> account.ids, len(account.entries)
        ([40, 41, 42], 80)
        """
        how = Reader(naive_time_zone, unit, dayfirst)
        found = folders.look(folder)
        tables = {
            name: folders.table(name, path, found.sequences, how) for name, path in found.tables.items()
        }
        made = cls(found.sequences.values(), broadcasts=tables.get("broadcasts"), assumptions=assumptions)
        made.entries = tables.get("entries", found.entries)
        made.events = tables.get("events", found.events)
        return made

    @property
    def ids(self) -> list[int | str]:
        """What tells the sequences apart, in order: their whole-number ids, or else their names."""
        return [*self.sequences]

    def __repr__(self) -> str:
        names = ", ".join(f"{key} ({one.name})" for key, one in self.sequences.items())
        return f"an account of {count(len(self.sequences), 'sequence')}: {names}"

    @takes(AccountOptions)
    def project(
        self, entries: Entries | None = None, *, cap: Cap | None = None, **options: Unpack[AccountOptions]
    ) -> pd.DataFrame:
        """All mails of the account: one row for each that goes out to a subscriber.

        `entries`: as for `simcore.project`, with a column `sequence_id` more: which sequence each entry is for. A
        sequence that has a trigger and no entries enrols by the events. `events`: one log for all sequences; `removed`
        may have a `sequence_id`, and then ends the runs in that one alone. `changes`: a dict of changes by sequence.
        `cap`: at most so many mails to each subscriber within some time (see `simcore.Cap`).

        Returns the columns of `simcore.project` after a first column `sequence_id` (category). The rows are those of
        each sequence, in the order of the account, as `project` gives them; then broadcasts, whose `sequence_id` and
        `email_id` are missing, whose `run` is 0, and whose `position` is their number. `send_at` is in the sequences'
        zone, or in UTC if their zones differ. Rules: A1 to A6.

        >>> import simcore
        >>> from simcore import kit
        >>> account = simcore.Account(kit.load_all(simcore.example("account")))
        >>> entries = [{"sequence_id": each, "subscriber_id": 1, "entered_at": "2026-03-06T21:07-05:00"}
        ...     for each in account.ids]
        >>> account.project(entries)["sequence_id"].value_counts().to_dict()
        {30: 4, 31: 3}
        """
        entries, given = self._tables(entries, read(Account.project, options))
        return self._timeline(self._made(entries, cap, given, notes=False), given)

    @takes(AccountOptions)
    def simulate(
        self, entries: Entries | None = None, *, cap: Cap | None = None, **options: Unpack[AccountOptions]
    ) -> AccountSimulation:
        """The whole life of all subscribers in all sequences: `timeline`, `subscribers` and `journal`.

        Takes what `project` takes, and `timeline` is its result. The other two frames are those of `simcore.simulate`
        after a first column `sequence_id`. `pressure`, `collisions` and `timeline_of` of the result say what one
        person really gets. In the journal, `deferred` is a mail that waits for room under the cap, `capped` one that
        is left out.
        """
        entries, given = self._tables(entries, read(Account.simulate, options))
        made = self._made(entries, cap, given, notes=True)
        entered = made.entered

        def why(subscriber_id: Any) -> pd.DataFrame:
            again = given._replace(events=_of_one(given.events, subscriber_id), explain=True)
            mine = _of_one(entries, subscriber_id)
            found = self._made(mine, cap, again, notes=False, only=subscriber_id, entered=entered)
            return self._timeline(found, again)

        subscribers = stacked([each.subscribers() for each in made.projections], self.ids)
        journal = stacked([each.journal() for each in made.projections], self.ids)
        nothing = self._idle(made, entries)
        return AccountSimulation(self._timeline(made, given), subscribers, journal, why, nothing)

    def _idle(self, made: Made, entries: Any) -> dict[int | str, Idle]:
        """What comes to nothing in each sequence."""
        came = np.zeros(len(self.ids), np.int64)
        if isinstance(entries, pd.DataFrame):
            came = np.bincount(place_of(entries["sequence_id"], self.ids), minlength=came.size)
        return {
            key: idle(projection, many if many or projection.epochs[0].plan.trigger is None else None)
            for key, projection, many in zip(self.ids, made.projections, came.tolist(), strict=True)
        }

    @takes(AccountOptions)
    def forecast(
        self,
        entries: Entries | None = None,
        *,
        freq: Freq = "D",
        by: Literal["sequence", "total"] | None = "sequence",
        cap: Cap | None = None,
        **options: Unpack[AccountOptions],
    ) -> pd.DataFrame:
        """How many mails of the account go out in each period.

        `freq`: as for `simcore.forecast`, in the sequences' zone, or in UTC if their zones differ. `by="sequence"`:
        one column for each sequence that sends, by its id, and one for broadcasts. `by="total"`, or None: one column,
        `sends`. The other arguments are those of `project`. The result is as that of `simcore.forecast`.
        """
        check(freq)
        if by not in {"sequence", "total", None}:
            raise SimcoreError(f"by: found {shown(by)}, expected 'sequence', 'total' or None")
        entries, given = self._tables(entries, read(Account.forecast, options))
        made = self._made(entries, cap, given, notes=False)
        rounds = [each for at, one in enumerate(made.projections) for each in sent(one, at)]
        mails = made.mails.sent if made.mails is not None else []
        rounds += [(len(self.ids), at_us, None) for _, _, at_us in mails]
        if by != "sequence":
            rounds = [(0, us, sends) for _, us, sends in rounds]
        zones = {each.zone for each in made.projections}
        found = tabled(rounds, zones.pop() if len(zones) == 1 else "UTC", freq)
        if by != "sequence":
            return pd.DataFrame({"sends": found.get(0, [])}, index=found.index, dtype=np.int64)
        names: dict[int, Any] = {**dict(enumerate(self.ids)), len(self.ids): "broadcasts"}
        return found.rename(columns=names).rename_axis(columns="sequence_id")

    @takes(AccountImpactOptions)
    def impact(
        self,
        entries: Entries,
        changes: Mapping[Any, Iterable[Change]],
        *,
        cap: Cap | None = None,
        **options: Unpack[AccountImpactOptions],
    ) -> pd.DataFrame:
        """What edits of sequences do to people who are already in any of them, in all of them.

        `changes`: a dict of changes by sequence. Returns the columns of `simcore.impact` after a first column
        `sequence_id` (category): the runs, of whatever sequence, that begin before the last change.
        """
        entries, given = self._tables(entries, read(Account.impact, options))
        given = given._replace(changes=changes)
        before = self._made(entries, cap, given._replace(changes={}), notes=True)
        after = self._made(entries, cap, given, notes=True)
        at_us = np.array([epoch.at_us for one in after.projections for epoch in one.epochs[1:]], np.int64)
        frames = [moved(*both, at_us) for both in zip(before.projections, after.projections, strict=True)]
        return stacked(frames, self.ids)

    def lint(self, as_of: Instant | None = None) -> pd.DataFrame:
        """What is wrong or odd about the account, and what to do about it: one row for each finding.

        For each sequence what `simcore.lint` says, with `among` the others of its platform; then what there is across
        sequences, under the account's assumptions: an excluded sequence that is not in the account
        (`excludes-unknown`), or never has anybody in it (`excludes-nobody`: it has no email to wait for and its runs
        do not stay open, so they end as they start); exclusions in a circle (`excludes-in-circle`). With `as_of`, also
        two sequences of which mails always come within an hour of each other to who enters both at one instant
        (`always-collide`): proved for every entry of the two years from then on, as by
        `simcore.testing.assert_for_all_entries`, if nothing else happens to people and neither excludes the other.

        Returns the columns of `simcore.lint` after a first column `sequence_id` (category). The worst come first, then
        they follow the order of the account. Raises EntryError for an instant that cannot be read.

        >>> import simcore
        >>> account = simcore.Account.load(simcore.example("three_sequences"))
        >>> account.lint()[["code", "where"]].to_numpy().tolist()
        [['excludes-in-circle', '41 > 42 > 41']]
        """
        return look_over(
            self.sequences, lambda one: plan_of(one, self.assumptions.get(platform_of(one).name)), as_of
        )

    def part(
        self,
        entries: Any,
        options: Options,
        cap: Cap | None = None,
        *,
        notes: bool = False,
        entered: Collection[int | str] = (),
    ) -> "AccountPart":
        """What happens to some of the subscribers, all of whose rows are in these, before it becomes frames; with
        `notes` also for the journal and subscribers (`simcore.scale` puts such parts together).

        They are everybody that there is: a broadcast to somebody without a row goes to nobody, since it would go out
        in every part. `entered`: the sequences that have entries in any part; one that has none enrols by its trigger.
        """
        entries, given = self._tables(entries, options)
        return AccountPart(
            self, self._made(entries, cap, given, notes=notes, entered=entered, strangers=False), given
        )

    def _tables(self, entries: Any, options: Options) -> tuple[Any, Options]:
        """Entries and events of any library's whose columns have their names here."""
        platforms = {each.name: each for each in map(platform_of, self.sequences.values())}
        theirs = [each.columns for each in platforms.values()]
        each_wants = [plan_of(each).wanted for each in self.sequences.values()]
        wanted = {
            what: [*dict.fromkeys(name for wants in each_wants for name in wants[what])]
            for what in ("entries", "events")
        }
        entries = self.entries if entries is None else entries
        events = self.events if options.events is None else options.events
        events = None if isinstance(events, list) and not events else events
        entries, events = plainly(entries, events, options.columns, theirs, wanted=wanted)
        zones = read_zones(options.time_zones, entries, events)
        return entries, options._replace(events=events, columns=None, time_zones=zones)

    def _made(
        self,
        entries: Any,
        cap: Cap | None,
        options: Options,
        *,
        notes: bool,
        only: Any = None,
        entered: Collection[int | str] = (),
        strangers: bool = True,
    ) -> Made:
        if cap is not None and not isinstance(cap, Cap):
            raise SimcoreError(f"cap: found {shown(cap)}, expected a simcore.Cap, such as Cap(2, '7D')")
        if cap is not None and (strange := [each for each in cap.priority if each not in self.sequences]):
            raise SimcoreError(
                f"cap: priority: no sequence {shown(strange[0])}; there are: {', '.join(map(str, self.ids))}"
            )
        mails = read_broadcasts(self.broadcasts, options.tables)
        if only is not None and mails is not None:
            mails = mails.to(only)
        if mails is not None:
            mails = mails._replace(strangers=strangers)
        return simulate(
            self.sequences, entries, self._each(options), mails, cap, notes=notes, entered=entered
        )

    def _each(self, options: Options) -> dict[int | str, Options]:
        """The options of each sequence."""
        changes: Any = options.changes
        if isinstance(changes, Mapping):
            if strange := [key for key in changes if key not in self.sequences]:
                raise SimcoreError(
                    f"changes: no sequence {shown(strange[0])}; there are: {', '.join(map(str, self.ids))}"
                )
        elif not isinstance(changes, list | tuple) or changes:
            found = "a list" if isinstance(changes, list | tuple) else typed(changes)
            raise SimcoreError(
                f"changes: found {found}, expected a dict of lists by sequence, such as {{12: [...]}}"
            )
        else:
            changes = {}
        each = {}
        for key, one in self.sequences.items():
            platform = platform_of(one)
            plan = plan_of(one)
            each[key] = options._replace(
                changes=changes.get(key, ()),
                assumptions=self.assumptions.get(platform.name),
                enabled_at=None if plan.trigger is None else options.enabled_at,
                render=options.render and plan.renders,
            )
        return each

    def _timeline(self, made: Made, options: Options) -> pd.DataFrame:
        frames = [each.timeline() for each in made.projections]
        if made.mails is None:
            return stacked(frames, self.ids)
        zones = {each.zone for each in made.projections}
        texts = any(each.epochs[0].plan.text_ids for each in made.projections)
        frames.append(
            _broadcasts(made.mails, zones.pop() if len(zones) == 1 else "UTC", texts=texts, options=options)
        )
        found = stacked(frames, [*self.ids, ""])
        number = np.array(found["sequence_id"].cat.codes)
        number[number == len(self.ids)] = -1
        return found.assign(sequence_id=in_order(number, self.ids))


class AccountPart(NamedTuple):
    """What happens to some of an account's subscribers, before it becomes frames."""

    account: Account
    made: Made
    options: Options

    @property
    def epochs(self) -> list[Epoch]:
        """Those of all sequences."""
        return [epoch for one in self.made.projections for epoch in one.epochs]

    def timeline(self) -> pd.DataFrame:
        """All mails (see `Account.project`)."""
        return self.account._timeline(self.made, self.options)

    def subscribers(self) -> pd.DataFrame:
        """All runs."""
        return stacked([each.subscribers() for each in self.made.projections], self.account.ids)

    def journal(self) -> pd.DataFrame:
        """Everything else that happened."""
        return stacked([each.journal() for each in self.made.projections], self.account.ids)

    def simulation(self) -> Simulation:
        """All three."""
        return Simulation(self.timeline(), self.subscribers(), self.journal())


def _broadcasts(mails: Mailing, zone: str, *, texts: bool, options: Options) -> pd.DataFrame:
    """The broadcasts that went out, by time, as a timeline."""
    none = np.empty(0, np.int64)
    number = np.concatenate([none, *(np.full(who.size, one) for one, who, _ in mails.sent)])
    who = np.concatenate([none, *(who for _, who, _ in mails.sent)])
    at_us = np.concatenate([none, *(us for *_, us in mails.sent)])
    order = np.lexsort((who, number, at_us))
    number, who, at_us = number[order], who[order], at_us[order]
    subjects = dict(zip(mails.given.number.tolist(), mails.given.subject, strict=True))
    names = [subjects[one] for one in sorted(subjects)]
    kinds = pd.Index([*dict.fromkeys(names)], dtype="str")
    code = kinds.get_indexer(pd.Index(names, dtype="str"))[number] if names else number
    subject = pd.Categorical.from_codes(code, dtype=pd.CategoricalDtype(kinds))
    id_of_none = pd.Series([None] * who.size, dtype="str" if texts else "Int64")
    columns: dict[str, Any] = {
        "subscriber_id": mails.ids[who],
        "run": np.zeros(who.size, np.int32),
        "position": number.astype(np.int16),
        "email_id": id_of_none,
        "subject": subject,
    }
    if options.render:
        columns["rendered_subject"] = pd.Series(subject).astype("str")
    columns["send_at"] = show(at_us, zone)
    if options.explain:
        columns["reason"] = pd.Series(["a broadcast"] * who.size, dtype="str")
    return pd.DataFrame(columns, copy=False)


def _of_one(frame: Any, subscriber_id: Any) -> Any:
    """The rows of a subscriber."""
    if not isinstance(frame, pd.DataFrame):
        return frame
    return frame[rows_of(frame["subscriber_id"], subscriber_id)]


def _by_platform(given: Any, sequences: Iterable[Any]) -> dict[str, Assumptions]:
    """Switches by the name of their platform."""
    if given is None:
        return {}
    several = [*given] if isinstance(given, list | tuple) else [given]
    platforms = {platform_of(each).name: platform_of(each) for each in sequences}
    found: dict[str, Assumptions] = {}
    for each in several:
        name = next((name for name, one in platforms.items() if isinstance(each, one.assumptions)), None)
        if name is None or name in found:
            expected = listed((f"{one.package}.Assumptions" for one in platforms.values()), "or")
            raise SimcoreError(f"assumptions: found {shown(each)}, expected {expected}, one of each at most")
        found[name] = each
    return found
