"""The picture of a timeline: who gets what when."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.zones import DAY_US, Ints
from simcore.show import drawing
from simcore.show.given import check, zone_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABELLED = 40  # rows that each have a label and room for a marker
_MARKED = 100  # rows with markers; more of them are drawn as an image
_FEW = 16  # emails whose markers have room side by side
_TIMELINE = ("subscriber_id", "email_id", "position", "subject", "send_at")


def plot_timeline(timeline: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of who gets what and when: subscribers down, time across, one colour for each email.

    `timeline`: a timeline from `simcore.project` or `simcore.compare`, or a preview. Subscribers are in the order of
    their first send. With several scenarios and up to 40 rows, each subscriber has one row for each scenario, next to
    each other; with more rows, each scenario has its own block, with the subscribers in the same order. Up to 100 rows
    show a marker for each send. More rows are drawn as an image: each point shows the email that most subscribers
    there get then, paler where they are fewer, and the positions of emails stand beside them. Emails are named by
    their subjects, with the position in front where two are the same.

    `ax`: where to draw (None: a new figure). Returns that Axes; its times are in the timeline's zone.

    Raises SimcoreError for what is not a timeline, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> simcore.plot_timeline(sends).get_xlabel()
    'send time, America/New_York'
    """
    timeline = _of_one(timeline)
    check("timeline", timeline, _TIMELINE, "simcore.project")
    here = zone_of("timeline: send_at", timeline["send_at"].dtype)
    timeline = timeline[timeline["send_at"].notna()].reset_index(drop=True)
    if timeline.empty:
        return drawing.nothing(drawing.axes(ax, (9, 5)), f"send time, {here.name}", "subscribers")
    crowd = _crowd(timeline)
    ax = drawing.axes(ax, (9, min(1.6 + 0.25 * max(crowd.rows, len(crowd.emails)), 5)))
    at_us, rows = crowd.at_us, crowd.rows
    margin_us = max(int(np.ptp(at_us)), DAY_US) // 30
    low_us, high_us = int(at_us.min()) - margin_us, int(at_us.max()) + margin_us
    drawing.time_axis(ax, here, low_us, high_us, "send time")
    positions, subjects = crowd.emails["position"].tolist(), crowd.emails["subject"].tolist()
    labels, colours = drawing.names(ax, subjects, positions), drawing.colours(ax, len(subjects))
    row = _lay_out(ax, crowd)
    if rows <= _MARKED:
        _mark(ax, crowd, row, colours)
        drawing.name_emails(ax, labels, colours, marker=drawing.MARKERS)
        return ax
    drawing.image(ax, at_us, row, crowd.email, colours, (low_us, high_us, rows, len(crowd.scenarios)))
    if len(labels) > len(drawing.COLOURS):
        drawing.name_emails(ax, labels, colours)
        return ax
    numbers = [str(position) for position in positions]
    drawing.number(ax, at_us, row, crowd.email, colours, numbers, len(crowd.ids))
    # The legend has the numbers for markers, as they are in the picture.
    drawing.name_emails(ax, labels, colours, marker=[rf"$\mathrm{{{number}}}$" for number in numbers])
    return ax


def _of_one(given: Any) -> Any:
    """A preview as the timeline of one subscriber; anything else as it is."""
    if not isinstance(given, pd.DataFrame) or given.index.name != "position":
        return given
    if "subscriber_id" not in given.columns:
        return pd.DataFrame(given).reset_index().assign(subscriber_id="preview")
    return given


class _Crowd(NamedTuple):
    """Who gets what and when, by send: instants [µs], subscribers by their first send, scenarios and emails, numbered.

    `ids`, `scenarios` and `emails` (one row each: position, subject) are what these numbers stand for.
    """

    at_us: Ints
    rank: Ints
    block: Ints
    email: Ints
    ids: list[Any]
    scenarios: list[str]
    emails: pd.DataFrame

    @property
    def rows(self) -> int:
        """How many rows there are, if each scenario has its own."""
        return len(self.ids) * len(self.scenarios)


def _crowd(timeline: pd.DataFrame) -> _Crowd:
    """The sends of a timeline that has some."""
    at_us = drawing.us(timeline["send_at"])
    subscriber, ids = pd.factorize(timeline["subscriber_id"], use_na_sentinel=False)
    scenarios = [""]
    block: Ints = np.zeros(len(timeline), np.int64)
    if "scenario" in timeline.columns:
        scenario = timeline["scenario"].astype("category").cat
        scenarios = [drawing.short(name, 24) for name in scenario.categories]
        block = scenario.codes.to_numpy().astype(np.int64)
    # An email is called what it was when it was sent last.
    last = timeline.loc[timeline.groupby("email_id", sort=False)["send_at"].idxmax()]
    last = last.sort_values("position", kind="stable")
    email = pd.Index(last["email_id"]).get_indexer(timeline["email_id"])
    first_us = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first_us, subscriber, at_us)
    by_first = np.argsort(first_us, kind="stable")
    rank = np.empty(len(ids), np.int64)
    rank[by_first] = np.arange(len(ids))
    names = [ids[index] for index in by_first]
    return _Crowd(at_us, rank[subscriber], block, email, names, scenarios, last[["position", "subject"]])


def _lay_out(ax: "Axes", crowd: _Crowd) -> Ints:
    """Labels the rows of a timeline, and gives that of each send."""
    ids, names, rows = crowd.ids, crowd.scenarios, crowd.rows
    ax.set_ylim(rows - 0.5, -0.5)
    if rows <= _LABELLED:
        shown_ids = [drawing.short(each, 20) for each in ids]
        texts = [f"{shown_id}, {name}" if name else shown_id for shown_id in shown_ids for name in names]
        small = rows > (8 if drawing.narrow(ax) else 25)
        ax.set_yticks(range(rows), texts, fontsize="xx-small" if small else "small")
        ax.set_ylabel("subscriber")
        drawing.rules(ax, np.arange(rows), 0.12)
        row = crowd.rank * len(names) + crowd.block
        between = np.arange(1, len(ids)) * len(names) if len(names) > 1 else np.arange(0)
    else:
        ax.set_ylabel(f"{len(ids):,} subscribers, by their first send")
        row = crowd.block * len(ids) + crowd.rank
        between = np.arange(1, len(names)) * len(ids)
        if len(names) > 1:
            ax.set_yticks((np.arange(len(names)) + 0.5) * len(ids) - 0.5, names, rotation=90, va="center")
        else:
            drawing.whole(ax.yaxis)
    drawing.rules(ax, between - 0.5, 0.6)
    return row


def _mark(ax: "Axes", crowd: _Crowd, row: Ints, colours: list[Any]) -> None:
    """A marker for each send."""
    few = crowd.rows <= 25 and len(colours) <= _FEW and not drawing.narrow(ax)
    for at, colour in enumerate(colours):
        sends = crowd.email == at
        ax.scatter(
            drawing.days(crowd.at_us[sends]),
            row[sends],
            s=60 if few else 20,
            color=colour,
            marker=drawing.MARKERS[at % len(drawing.MARKERS)],
            edgecolors=drawing.paper(ax),
            linewidths=0.6,
            zorder=3 - at / 1000,  # what comes soon after another is not to hide it
        )
