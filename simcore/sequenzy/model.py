"""A Sequenzy sequence, as the body of its create call describes it: frozen, and valid once made (Q1 to Q7)."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, Unpack

from simcore.clock.dates import NO_DATES, Dates, DatesGiven, dates_of
from simcore.errors import SimcoreError, ValidationError, refuse
from simcore.plan.paths import parts, put
from simcore.sequenzy import graph, outline, waits
from simcore.sequenzy.fields import SequenceFields, WholeSequence
from simcore.sequenzy.problems import sequence_problems
from simcore.text.tables import Shown, Table
from simcore.text.wording import count

_KEYED = ("ecommerce.replenishment_due", "ecommerce.back_in_stock")


@dataclass(frozen=True, kw_only=True, repr=False)
class Sequence(Shown):
    """A Sequenzy sequence: the fields of its body, named as there, None where they are absent, and `extra`.

    `steps` is a tuple of dicts as they were given. `extra` keeps the fields that we do not know, `envelope`
    what stood beside the sequence in a response (None where it was not wrapped). What is given is copied. `left_out`:
    see `without`.
    Raises ValidationError with all problems.

    >>> hello = {"subject": "Hello", "html": "<p>Hello</p>"}
    >>> Sequence(name="Welcome", trigger="contact_added", steps=[hello]).email_ids
    ('step-1',)
    """

    name: str
    trigger: str = "contact_added"
    listId: str | None = None
    listIds: list[str] | None = None
    listScope: str | None = None
    tagName: str | None = None
    tagNames: list[str] | None = None
    segmentId: str | None = None
    stopOnSegmentExit: bool | None = None
    eventName: str | None = None
    webhookId: str | None = None
    propertyFilters: list[dict[str, Any]] | None = None
    inactiveDays: float | None = None
    inactivityBaseline: str | None = None
    minCount: int | None = None
    timeWindowDays: float | None = None
    enrollmentMode: str | None = None
    enrollmentFieldPath: str | None = None
    activeSubscribersOnly: bool | None = None
    enrollmentPaused: bool | None = None
    status: str | None = None
    effectiveStatus: str | None = None
    stopCondition: dict[str, Any] | None = None
    sendingWindow: dict[str, Any] | None = None
    keyDates: dict[str, Any] | None = None
    goal: str | None = None
    emailCount: int | None = None
    steps: tuple[dict[str, Any], ...] | None = None
    createdAt: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    envelope: Mapping[str, Any] | None = field(default=None, repr=False)
    left_out: Dates = NO_DATES

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[WholeSequence]) -> None: ...

    def __post_init__(self) -> None:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        refuse(sequence_problems(given))
        given["left_out"] = dates_of(given["left_out"], "left_out")
        for name, value in given.items():
            copied = _copied(name, value)
            object.__setattr__(
                self, name, tuple(copied) if name == "steps" and copied is not None else copied
            )

    @property
    def time_zone(self) -> str:
        """The zone in which instants are shown: that of the sending window, or UTC without one."""
        window = waits.window(self.sendingWindow)
        return "UTC" if window is None else window.time_zone

    @property
    def mode(self) -> str:
        """The enrolment mode in force (Q3)."""
        if self.enrollmentMode is not None:
            return self.enrollmentMode
        keyed = self.trigger == "event_received" and self.eventName in _KEYED
        return "matching_field" if keyed else "unlimited"

    @property
    def is_paused(self) -> bool:
        """Whether every node holds (Q34)."""
        return "paused" in {self.status, self.effectiveStatus}

    @property
    def takes_nobody(self) -> bool:
        """Whether no trigger enrols, since the sequence or its enrolments are paused (Q34)."""
        closed = self.enrollmentPaused is True or self.effectiveStatus == "enrollment_paused"
        return closed or self.is_paused

    @cached_property
    def nodes(self) -> tuple[graph.Node, ...]:
        """The steps as a graph (Q26, Q36); none of a blank draft (Q27).

        Raises SimcoreError where they are still to be written (Q6).

        >>> hello = {"subject": "Hello", "html": "<p>Hello</p>"}
        >>> [node.kind for node in Sequence(name="Welcome", steps=[hello]).nodes]
        ['email']
        """
        if self.goal is not None:
            raise SimcoreError(
                "the sequence has a goal and no steps: fetch it again once its emails are written "
                "(GET /api/v1/sequences/{id}), and load that"
            )
        return graph.nodes(self.steps or (), waits.key_dates(self.keyDates))

    @cached_property
    def email_ids(self) -> tuple[str, ...]:
        """What each step is called, by position, those that are no emails too (Q22)."""
        return tuple(place.id for place in graph.places(self.steps or ()))

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that enrol, with contact_added (Q27); none: any contact, or any list."""
        return tuple(self.listIds or ()) or (() if self.listId is None else (self.listId,))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that enrol, with tag_added (Q27)."""
        return tuple(self.tagNames or ()) or (() if self.tagName is None else (self.tagName,))

    def _table(self) -> Table:
        of_lists = ", ".join(self.lists) if self.trigger == "contact_added" else ""
        of_tags = ", ".join(self.tags) if self.trigger == "tag_added" else ""
        about = of_lists or of_tags or self.eventName or self.segmentId or self.webhookId
        window = waits.window(self.sendingWindow)
        stop = (self.stopCondition or {}).get("type", "none")
        told = [
            f"{self.name}: {self.trigger}{f' {about}' if about else ''}",
            self.mode,
            "paused" if self.is_paused else "takes nobody in" if self.takes_nobody else "",
            f"emails {waits.words(window)}" if window else "",
            f"stops on {stop}" if stop != "none" else "",
            f"without {count(len(self.left_out), 'date')}" if self.left_out else "",
            f"still to be written: {self.goal}" if self.goal else "",
        ]
        rows = outline.rows(self.steps or (), waits.key_dates(self.keyDates))
        return Table(", ".join(filter(None, told)), ("pos", "wait", "step", "id"), rows)

    def replace(self, **changed: Unpack[SequenceFields]) -> Self:
        """A copy with other fields, validated.

        >>> hello = {"subject": "Hello", "html": "<p>Hello</p>"}
        >>> Sequence(name="Welcome", trigger="contact_added", steps=[hello]).replace(listId="news").listId
        'news'
        """
        names = [each.name for each in fields(self)]
        refuse([
            (name, f"{name} is not a field of Sequence; the fields are: {', '.join(names)}", "")
            for name in changed
            if name not in names
        ])
        values: dict[str, Any] = {**changed}
        return replace(self, **values)

    def without(self, dates: DatesGiven, /) -> Self:
        """A copy that leaves out dates such as holidays (T23), besides those left out already.

        On these dates the sending window is closed, and so are the windows of waits for weekdays. A step without a
        window goes out on them too.

        `dates`: dates, or texts such as 2026-05-25; or a calendar such as `holidays.US()`, whose names reasons tell.
        Such a calendar fills itself as it is asked, so it is asked for every year from 1970 to 2200 (it may know
        fewer). They are dates in the zone of each window.

        This is a what-if. Sequenzy has no such field: `to_api` leaves it out, and changes keep it.
        `replace(left_out=())` takes it back. Raises SimcoreError for what is no date.

        >>> hello = {"subject": "Hello", "html": "<p>Hello</p>"}
        >>> welcome = Sequence(name="Welcome", trigger="contact_added", steps=[hello])
        >>> [*welcome.without(["2026-05-25"]).left_out]
        [datetime.date(2026, 5, 25)]
        """
        return self.replace(left_out=self.left_out.and_also(dates_of(dates, "dates")))

    def with_fields(self, changed: Mapping[str, Any], /) -> Self:
        """A copy with other values at paths into the body, such as `steps[1].delay.days`, validated as a whole.

        Steps are named by their places, from 0. Raises ValidationError for a path that leads nowhere, too.

        >>> hello = {"subject": "Hello", "html": "<p>Hello</p>"}
        >>> welcome = Sequence(name="Welcome", trigger="contact_added", steps=[hello])
        >>> welcome.with_fields({"steps[0].delay.days": 2}).steps[0]["delay"]
        {'days': 2}
        """
        body = {each.name: getattr(self, each.name) for each in fields(self)}
        tops = {str(parts(path)[0]): None for path in changed}
        given = {name: _copied(name, body[name]) for name in tops if name in body}
        for path, value in changed.items():
            put(given, path, value)
        return self.replace(**given)

    def to_api(self) -> dict[str, Any]:
        """The body again, unknown fields included, in what it was wrapped in; what was not given is left out.

        >>> Sequence(name="Welcome", trigger="contact_added", goal="Welcome them").to_api()
        {'name': 'Welcome', 'trigger': 'contact_added', 'goal': 'Welcome them'}
        """
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        extra, envelope, _ = given.pop("extra"), given.pop("envelope"), given.pop("left_out")
        body = {name: value for name, value in given.items() if value is not None}
        body = _copied("sequence", body | {name: value for name, value in extra.items() if name not in body})
        return body if envelope is None else {**_copied("envelope", envelope), "sequence": body}


def _copied(name: str, value: Any) -> Any:
    """A copy down to the bottom, of plain dicts and lists, with the numbers of numpy as Python's own."""
    try:
        return _copy(value)
    except RecursionError:
        message = f"{name} must not be nested this deep"
        raise ValidationError([message], [(name, message)]) from None


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(each) for each in value]
    return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else copy(value)
