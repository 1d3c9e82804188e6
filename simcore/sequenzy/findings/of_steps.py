"""What is worth a second look in steps, on whichever path they are (Q23, Q36)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simcore.clock.dates import Dates
from simcore.clock.instants import read_one
from simcore.clock.words import length
from simcore.clock.zones import DAY_US
from simcore.errors import shown
from simcore.plan.findings import Finding, clock, dates
from simcore.sequenzy import graph, tags, waits
from simcore.sequenzy.findings import windows
from simcore.sequenzy.model import Sequence

_BY_LOOKS = ("segment_entered", "segment_exited", "inactivity")
"""The triggers by which a look starts the run, and brings no event (Q11)."""
_HIDDEN = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)  # their braces are no tags


class _Apart(NamedTuple):
    """A weekday wait before a step that is no email, until its email comes; `later`: with another wait between."""

    where: str
    kind: str
    wait: waits.Weekdays
    later: bool


class _Code(NamedTuple):
    """A discount step that has been passed, and how long ago at the least [µs]."""

    where: str
    discount: Mapping[str, Any]
    since_us: int


@dataclass
class _Way:
    """What is so when a step is reached, on whichever path it is.

    `reached`: whether anybody gets so far. `least_us`: from the enrolment, at the least; windows and dates may be
    open, or past, at once. `codes`: the latest discount steps, by where they are; None among them: on one of the
    paths there is none.
    """

    reached: bool = False
    least_us: int | None = None
    codes: dict[str, _Code | None] = field(default_factory=dict)
    apart: _Apart | None = None

    def join(self, other: "_Way") -> None:
        """What is so where another path comes, too."""
        self.reached = self.reached or other.reached
        self.least_us = other.least_us if self.least_us is None else min(self.least_us, other.least_us or 0)
        for where, code in other.codes.items():
            mine = self.codes.get(where)
            if mine is None or code is None or code.since_us < mine.since_us:
                self.codes[where] = code
        self.apart = self.apart or other.apart

    def pass_by(self, least_us: int) -> None:
        """Lets time go by [µs]."""
        self.least_us = (self.least_us or 0) + least_us
        self.codes = {
            where: code and code._replace(since_us=code.since_us + least_us)
            for where, code in self.codes.items()
        }


def of_steps(sequence: Sequence, as_of_us: int | None) -> Iterator[Finding]:
    """The findings about steps, in the order in which they stand; `as_of_us` as for `look_over`."""
    places = graph.places(sequence.steps or ())
    if not places:
        return
    graph.link(places)
    ways = {id(place): _Way() for place in places}
    ways[id(places[0])] = _Way(reached=True, least_us=0, codes={"": None})
    found: dict[int, list[Finding]] = {}
    look = _Look(sequence, as_of_us, places)
    for place in graph.in_order(places):
        way = ways[id(place)]
        if way.least_us is None:
            found[place.position] = [_unreachable(place)]
            continue
        found[place.position] = [*look.at(place, way)]
        for end in place.to:
            if end is not None:
                ways[id(end)].join(way)
    for place in places:
        yield from found[place.position]


def _unreachable(place: graph.Place) -> Finding:
    told = f"Nothing leads to {_name(place)}, so nobody ever comes to it. Lead a path to it, or remove it."
    return "unreachable", place.where, told


class _Look:
    """A look at one step after the other."""

    def __init__(self, sequence: Sequence, as_of_us: int | None, places: list[graph.Place]) -> None:
        self.sequence, self.as_of_us, self.places = sequence, as_of_us, places
        self.window = waits.window(sequence.sendingWindow)
        self.dates = waits.key_dates(sequence.keyDates)
        self.by_look = sequence.trigger in _BY_LOOKS

    def at(self, place: graph.Place, way: _Way) -> Iterator[Finding]:
        """What there is to say of a step; `way` becomes what is so after it."""
        step, mine, name = place.step, place.kind, _name(place)
        wait, on = waits.wait(step, self.dates), _on(place)
        yield from self._wait(wait, on, name, way)
        self._set_apart(place, wait, on, way)
        if mine in {"condition", "branch"}:
            yield from _choice(place)
        if mine == "discount":
            way.codes = {place.where: _Code(place.where, graph.discount(step), 0)}
        if mine == "email":
            yield from self._email(place, wait, on, name, way)

    def _wait(self, wait: waits.Wait | None, on: str, name: str, way: _Way) -> Iterator[Finding]:
        if isinstance(wait, waits.Length):
            way.pass_by(wait.duration_us)
        elif isinstance(wait, waits.Weekdays):
            way.pass_by(wait.least_us)
            yield from _weekday_wait(wait, self.sequence.left_out, on, name, self.as_of_us)
            way.reached = way.reached and bool(wait.weekdays)
        elif isinstance(wait, waits.UntilField) and wait.source == "event" and self.by_look:
            then = "the run ends there" if wait.exits else "it does not wait at all"
            yield (
                "no-date",
                on,
                f"{_upper(name)} waits for the event's {shown(wait.path)}, but a run that begins by the trigger "
                f"{self.sequence.trigger} has no event, so {then}. Wait for a length of time instead.",
            )
            way.reached = way.reached and not wait.exits
        elif isinstance(wait, waits.UntilKeyDate) and wait.at_us is None:
            then = "the run ends there" if wait.exits else "it does not wait at all"
            known = ", ".join(map(shown, self.dates)) or "none"
            yield (
                "key-date-missing",
                on,
                f"{_upper(name)} waits for the key date {shown(wait.key)}, and the sequence has no such date "
                f"(its keys: {known}), so {then}. Add it to keyDates.",
            )
            way.reached = way.reached and not wait.exits

    def _set_apart(self, place: graph.Place, wait: waits.Wait | None, on: str, way: _Way) -> None:
        """A weekday wait that is on no email, until there is one."""
        is_email = place.kind == "email"
        if isinstance(wait, waits.Weekdays):
            # A delay on its own is one with the email right after it.
            after = place.after if place.kind == "delay" else None
            alone = after is not None and after.kind == "email" and waits.wait(after.step) is None
            apart = is_email or alone or not wait.weekdays
            way.apart = None if apart else _Apart(on, _type(place), wait, False)
        elif way.apart is not None and (wait is not None or place.kind == "wait_for_event"):
            way.apart = way.apart._replace(later=True)

    def _email(
        self, place: graph.Place, wait: waits.Wait | None, on: str, name: str, way: _Way
    ) -> Iterator[Finding]:
        if way.apart is not None:
            yield _told_apart(way.apart, name, place.where)
            way.apart = None
        if (
            isinstance(wait, waits.Weekdays)
            and self.window is not None
            and not windows.meet(wait, self.window, self.sequence.left_out)
        ):
            yield (
                "windows-never-meet",
                on,
                f"{name} waits for {windows.told(wait)}, but then the sending window, {windows.told(self.window)}, is "
                "never open: it goes out later, at other times than it waits for. Let the two overlap.",
            )
        way.reached = way.reached and (self.window is None or bool(self.window.weekdays))
        if (
            graph.fields(place.step).get("isTransactional") is True
            and not self.sequence.activeSubscribersOnly
        ):
            yield (
                "transactional",
                place.path("isTransactional"),
                f"{name} is transactional, so it goes to those too who unsubscribed, bounced or complained before "
                "they were enrolled. Set activeSubscribersOnly to true to keep them out.",
            )
        yield from self._tags(place, name, way)

    def _tags(self, place: graph.Place, name: str, way: _Way) -> Iterator[Finding]:
        used = _used(place.step)
        if "discount" in used:
            yield from self._code(place, name, f"{place.where}.{used['discount']}", way)
        if "event" in used and self.by_look:
            yield (
                "no-event",
                f"{place.where}.{used['event']}",
                f"{name} has a tag of the run's event, but a run that begins by the trigger {self.sequence.trigger} "
                "has no event: the tag is empty, or shows its fallback. Leave it out.",
            )
        for each in dict.fromkeys(each for each, text in _texts(place.step) if tags.unbalanced(text)):
            yield (
                "tag-unbalanced",
                f"{place.where}.{each}",
                f"{name}: in its {each} a merge tag is opened and not closed, or closed and not opened, so it is "
                "shown as it stands. Write it as {{name}}, with both pairs of braces.",
            )

    def _code(self, place: graph.Place, name: str, on: str, way: _Way) -> Iterator[Finding]:
        """The codes that an email may show."""
        if None in way.codes.values():
            late = self._next_discount(place)
            if len(way.codes) > 1:
                late = "on one of the paths to it there is no discount step"
            yield (
                "discount-missing",
                on,
                f"{name} has a discount tag, but {late}, so there is no code to show. Put a create_discount step "
                "before it.",
            )
        for code in way.codes.values():
            if code is not None and way.reached:
                yield from _expired(name, on, code, way.least_us or 0, self.as_of_us)

    def _next_discount(self, place: graph.Place) -> str:
        later = [
            each.where for each in self.places if each.position > place.position and each.kind == "discount"
        ]
        return f"the discount step comes only later ({later[0]})" if later else "there is no discount step"


def _choice(place: graph.Place) -> Iterator[Finding]:
    """What a branch or a condition needs to be told."""
    said = graph.fields(place.step)
    if graph.is_random(place.step):
        yield (
            "random-split",
            place.where,
            f"{_upper(_name(place))} sends each run down a path by chance: a projection needs a seed, such as seed=1, "
            "and takes the same paths each time. Compare a few seeds before you trust a number.",
        )
    conditions = said["branches"] if place.kind == "branch" else [said]
    for at, each in enumerate(conditions):
        if each.get("conditionType") == "link_clicked":
            where = f"{place.path('branches')}[{at}]" if place.kind == "branch" else place.where
            yield (
                "link-clicked",
                where,
                f"{_upper(_name(place))} looks at clicks on links: those are events named link_clicked in the log, "
                "with the link as ref. Where the log has none, nobody clicked.",
            )


def _weekday_wait(
    wait: waits.Weekdays, left_out: Dates, on: str, name: str, as_of_us: int | None
) -> Iterator[Finding]:
    if wait.weekdays:
        yield from windows.skipped(wait, left_out, on, as_of_us)
        if told := windows.all_left_out(wait, left_out, as_of_us):
            yield (
                "left-out-all",
                on,
                f"The weekday wait before {name} is for {told}: it does not end then, so nobody gets there, nor to "
                "anything after it. Leave out fewer dates.",
            )
    else:
        yield (
            "window-closed",
            on,
            f"The weekday wait before {name} has no days, so it never ends: nobody gets there, nor to anything after "
            "it. Name at least one day.",
        )


def _told_apart(apart: _Apart, name: str, where: str) -> Finding:
    after = "follows at once now, but only until something is put between"
    if apart.later:
        after = "comes after a further wait, so it goes out at other times"
    return (
        "weekday-apart",
        apart.where,
        f"The wait for {windows.told(apart.wait)} is before the {apart.kind} step; the email, {name} ({where}), "
        f"{after}. Put the wait on the email.",
    )


def _expired(name: str, on: str, code: _Code, least_us: int, as_of_us: int | None) -> Iterator[Finding]:
    """Whether a code is dead by the time of the email (Q12)."""
    hours, date = code.discount.get("expiresInHours"), code.discount.get("expiresAt")
    shows = f"{name} shows the code of {code.where}, which expires"
    if hours is not None:
        lives_us = waits.microseconds(0, hours)
        if code.since_us >= lives_us:
            yield (
                "code-expires-first",
                on,
                f"{shows} {length(lives_us)} after it is made; the email goes out {length(code.since_us)} after "
                "that, or later. Let the code live longer, or send the email sooner.",
            )
    elif date is not None and as_of_us is not None:
        ends_us = read_one(date, "expiresAt", "UTC")
        if as_of_us + least_us >= ends_us:
            yield (
                "code-expires-first",
                on,
                f"{shows} on {_moment(ends_us)}; who is enrolled on {_moment(as_of_us)} or later gets the email after "
                "that. Choose a later expiresAt.",
            )


def _name(place: graph.Place) -> str:
    return shown(graph.subject(place.step)) if place.kind == "email" else f"the {_type(place)} step"


def _type(place: graph.Place) -> str:
    return str(place.step.get("type") or place.step.get("nodeType") or place.kind)


def _on(place: graph.Place) -> str:
    """Where the wait of a step is."""
    inner = waits.said(place.step)
    kind = next((kind for kind in waits.KINDS if inner.get(kind) is not None), "")
    return f"{place.where}.{kind}" if inner is place.step else f"{place.where}.config"


def _texts(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an email shows: the field, and a text in it, without what a browser does not show."""
    left = [(name, step.get(name)) for name in ("blocks", "html", "previewText", "subject")]
    while left:  # no recursion: blocks may be nested deeply
        name, value = left.pop()
        if isinstance(value, str):
            yield name, _HIDDEN.sub("", value)
        elif isinstance(value, Mapping):
            left += [(name, each) for each in reversed(list(value.values()))]
        elif isinstance(value, list | tuple):
            left += [(name, each) for each in reversed(value)]


def _used(step: Mapping[str, Any]) -> dict[str, str]:
    """Which kinds of tags an email has, each with the first field that has one (Q25)."""
    found: dict[str, str] = {}
    for name, text in _texts(step):
        for kind in tags.used(text):
            found.setdefault(kind, name)
    return found


def _moment(us: int) -> str:
    return f"{dates([us // DAY_US])} {clock(us)} UTC"


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
