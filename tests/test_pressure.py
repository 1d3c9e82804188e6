"""The picture of how many mails people get: what is in it is read from its artists."""

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import kit
from simcore.account.simulation import by_person, up_to
from simcore.errors import EntryError, SimcoreError
from simcore.show import drawing, pressure
from simcore.show.pressure import plot_pressure

matplotlib = pytest.importorskip("matplotlib", reason='pictures are an extra: pip install "simcore[plot]"')
matplotlib.use("agg")
from matplotlib import pyplot  # noqa: E402  after the backend
from matplotlib.collections import PathCollection, PolyCollection  # noqa: E402  after the backend
from matplotlib.colors import to_rgb  # noqa: E402  after the backend
from matplotlib.patches import Rectangle  # noqa: E402  after the backend

WHOLE = simcore.Account.load(simcore.example("three_sequences"))
LIFE = WHOLE.simulate()


@pytest.fixture(autouse=True)
def _plain_matplotlib():
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield
        pyplot.close("all")


def timeline(*mails, **columns):
    """A timeline of (subscriber_id, send_at); sequence_id is only there if it is given."""
    at = pd.DatetimeIndex([pd.Timestamp(when) for _, when in mails]).as_unit("us").tz_localize("UTC")
    subjects = [f"Mail {number}" for number in range(len(mails))]
    return pd.DataFrame({
        "subscriber_id": [who for who, _ in mails],
        "subject": subjects,
        "send_at": at,
        **columns,
    })


def bars(ax):
    """The heights of the bars of each range, by its label."""
    labels = legend(ax)
    return {
        label: [bar.get_height() for bar in some] for label, some in zip(labels, ax.containers, strict=True)
    }


def legend(ax):
    handles = ax.get_legend()
    found = [text.get_text() for text in handles.get_texts()]
    return (
        found[::-1] if handles.legend_handles and isinstance(handles.legend_handles[0], Rectangle) else found
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def hatched(ax):
    return sum(bool(patch.get_hatch()) for patch in ax.patches)


# ---------------------------------------------------------------- everybody


def test_mails_up_to_each():
    """The window is half open: what is exactly so long before is not in it; all of one instant are."""
    mails = by_person(
        timeline(
            (1, "2026-03-02"), (2, "2026-03-02"), (1, "2026-03-09"), (1, "2026-03-08"), (1, "2026-03-08")
        )
    )
    week = 7 * 86_400_000_000
    assert up_to(mails, week).tolist() == [1, 3, 3, 3, 1]
    assert up_to(mails, week + 1).tolist() == [1, 3, 3, 4, 1]


def test_worked_by_hand():
    """Two people in two weeks: one gets 3 mails in the first, and 2 at most up to one in the second."""
    mails = timeline(
        (1, "2026-03-02T09:00"),
        (1, "2026-03-03T09:00"),
        (1, "2026-03-04T09:00"),
        (1, "2026-03-11T09:00"),
        (2, "2026-03-05T09:00"),
        (2, "2026-03-10T09:00"),
    )
    ax = plot_pressure(mails, cap=1)
    assert bars(ax) == {"1 mail": [1, 1], "2 mails, over": [0, 1], "3 mails, over": [1, 0]}
    assert ax.get_title(loc="left") == "over 1 mail within 7 days: 2 of 2 subscribers"
    assert ax.get_ylabel() == "subscribers with a mail that week,\nby their mails within 7 days up to it"
    assert ax.get_xlabel() == "week, UTC"
    assert hatched(ax) == 4  # two ranges in two weeks


def test_nobody_is_hatched_without_a_cap():
    ax = plot_pressure(LIFE)
    assert hatched(ax) == 0
    assert ax.get_title(loc="left") == ""
    assert bars(ax) == bars(plot_pressure(LIFE.timeline))


@pytest.mark.parametrize("cap", [2, np.int64(2), simcore.Cap(2, "7D")])
def test_who_is_over(cap):
    ax = plot_pressure(LIFE, cap=cap)
    over = LIFE.pressure().subscribers.query("most > 2")
    assert ax.get_title(loc="left") == f"over 2 mails within 7 days: {len(over)} of 40 subscribers"
    found = bars(ax)
    mails = LIFE.timeline.assign(week=LIFE.timeline["send_at"].dt.tz_localize(None).dt.to_period("W-SUN"))
    people = mails.groupby("week")["subscriber_id"].nunique()
    assert np.sum([*found.values()], axis=0).tolist() == people.tolist()
    assert [*found][:2] == ["1 mail", "2 mails"]
    assert all(label.endswith(", over") for label in [*found][2:])


def test_the_window_of_a_cap_counts():
    ax = plot_pressure(LIFE, "7D", simcore.Cap(1, "24h"))
    assert ax.get_title(loc="left").startswith("over 1 mail within 1 day: ")
    assert ax.get_xlabel() == "day, America/New_York"
    none = plot_pressure(LIFE, cap=simcore.Cap(None, "7D"))
    assert none.get_title(loc="left") == ""


def test_many_numbers_share_a_colour():
    mails = timeline(*((1, f"2026-03-02T09:{at:02}") for at in range(20)))
    assert legend(plot_pressure(mails)) == [
        *(
            "1 to 3 mails",
            "4 to 6 mails",
            "7 to 9 mails",
            "10 to 12 mails",
            "13 to 15 mails",
            "16 to 18 mails",
        ),
        "19 to 20 mails",
    ]
    ax = plot_pressure(mails, cap=6)
    assert legend(ax) == [
        *("1 to 2 mails", "3 to 4 mails", "5 to 6 mails"),
        *("7 to 10 mails, over", "11 to 14 mails, over", "15 to 18 mails, over", "19 to 20 mails, over"),
    ]
    assert legend(plot_pressure(mails, cap=30)) == [
        *("1 to 5 mails", "6 to 10 mails", "11 to 15 mails", "16 to 20 mails")
    ]


def test_a_long_time_is_one_shape():
    mails = timeline(*((1, pd.Timestamp("2026-01-05") + pd.Timedelta(days=7 * at)) for at in range(70)))
    ax = plot_pressure(mails)
    (shape,) = (each for each in ax.collections if isinstance(each, PolyCollection))
    assert shape.get_paths()[0].vertices[:, 1].max() == 1
    assert not ax.containers


def test_nothing():
    ax = plot_pressure(timeline())
    assert texts(ax) == ["no sends"]
    assert ax.get_ylabel() == "subscribers"


def test_axes_of_ones_own():
    _, ax = pyplot.subplots()
    assert plot_pressure(LIFE, ax=ax) is ax
    assert plot_pressure(LIFE, subscriber_id="5027", ax=ax) is ax


def test_dark_styles():
    with pyplot.style.context("dark_background"):
        everybody = plot_pressure(LIFE, cap=2)
        one = plot_pressure(LIFE, cap=6, subscriber_id="5027")
    assert {patch.get_edgecolor() for patch in everybody.patches} == {(0, 0, 0, 1)}  # that of hatches too
    assert all(sum(to_rgb(text.get_color())) > 1.5 for text in one.texts)
    marks = [each for each in one.collections if isinstance(each, PathCollection)]
    assert all(each.get_facecolor()[0][:3].sum() > 0.6 for each in marks)


# ---------------------------------------------------------------- one person


def test_a_calendar_in_narrow_axes_has_shorter_subjects():
    _, ax = pyplot.subplots(figsize=(5, 3))
    plot_pressure(LIFE, subscriber_id="5027", ax=ax)
    assert "12:52 Wel…" in texts(ax)


def test_a_calendar():
    ax = plot_pressure(LIFE, cap=6, subscriber_id="5027")
    own = LIFE.timeline_of("5027")
    assert ax.get_title(loc="left") == f"subscriber 5027: {len(own)} mails, at most 10 within 7 days"
    assert ax.get_xlabel() == "days in America/New_York; in the corner: mails within 7 days, up to then"
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "week of\nMon 2 Mar 2026",
        "week of\nMon 9 Mar 2026",
    ]
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
    ]
    shown = texts(ax)
    assert "12:52 Welcome to the b…" in shown
    assert sum(":" in text for text in shown) >= len(own)
    assert [text for text in shown if text.isdecimal()] == ["2", "4", "5", "7", "8", "9", "10", "6", "6"]
    assert hatched(ax) == 4
    assert legend(ax) == ["sequence 40", "sequence 41", "sequence 42", "broadcast"]
    marks = [each for each in ax.collections if isinstance(each, PathCollection)]
    assert len(marks) == len(own)
    assert [float(mark.get_offsets()[0, 0] % 1) for mark in marks] == pytest.approx([0.07] * len(marks))


def test_colours_are_those_of_the_whole_timeline():
    """Who gets mails of two sequences only has the same colours for them as everybody."""
    one, other = (plot_pressure(LIFE, subscriber_id=who) for who in ("5027", "5001"))
    assert legend(one) == legend(other)
    assert hatched(one) == hatched(other) == 0


def test_a_timeline_of_one_sequence():
    welcome = kit.load(simcore.example("welcome"))
    sends = simcore.project(welcome, ["2026-03-06T21:07-05:00", "2026-03-07T21:07-05:00"])
    ax = plot_pressure(sends, subscriber_id=0)
    assert ax.get_legend() is None
    assert ax.get_title(loc="left") == "subscriber 0: 4 mails, at most 4 within 7 days"
    without = timeline((1, "2026-03-02"), (1, "2026-03-09"), sequence_id=pd.Categorical([40, 41]))
    assert legend(plot_pressure(without, subscriber_id=1)) == ["sequence 40", "sequence 41"]


def test_full_days_and_long_times_are_cut():
    many = timeline(*((1, f"2026-03-02T09:{at:02}") for at in range(7)))
    shown = texts(plot_pressure(many, subscriber_id=1))
    assert [text for text in shown if text.startswith("09:")] == [f"09:0{at} Mail {at}" for at in range(5)]
    assert "and 2 more" in shown
    exactly = timeline(*((1, f"2026-03-02T09:{at:02}") for at in range(5)))
    assert not any("more" in text for text in texts(plot_pressure(exactly, subscriber_id=1)))
    long = timeline(*((1, pd.Timestamp("2026-01-05") + pd.Timedelta(days=14 * at)) for at in range(14)))
    ax = plot_pressure(long, subscriber_id=1)
    assert len(ax.get_yticks()) == pressure._WEEKS
    assert ax.get_xlabel().endswith("up to then; the first 12 of 14 weeks with mails")


def test_days_are_those_of_the_clock():
    """23:30 in New York is the next day in UTC."""
    late = timeline((1, "2026-03-03T04:30"))
    late = late.assign(send_at=late["send_at"].dt.tz_convert("America/New_York"))
    shown = texts(plot_pressure(late, subscriber_id=1))
    assert "23:30 Mail 0" in shown
    assert shown[:7] == ["2 Mar", "3 Mar", "4 Mar", "5 Mar", "6 Mar", "7 Mar", "8 Mar"]


def test_a_subject_with_signs_of_mathematics():
    mails = timeline((1, "2026-03-03T09:00"), subject=["$5 off"])
    shown = texts(plot_pressure(mails, subscriber_id=1))
    assert "09:00 " + drawing.subject("$5 off") in shown


# ---------------------------------------------------------------- what is refused


def test_messages(text_of):
    text = "simulation: found a int, expected a DataFrame from Account.simulate or Account.project"
    assert text_of(SimcoreError, plot_pressure, 5) == text
    text = "subscriber_id: 'x' gets no mail in this timeline"
    assert text_of(EntryError, plot_pressure, LIFE, subscriber_id="x") == text
    text = "cap: found {}, expected a simcore.Cap, or a whole number of 1 or more"
    for cap in (0, True, "2", 1.5):
        assert text_of(SimcoreError, plot_pressure, LIFE, cap=cap) == text.format(repr(cap))
    text = 'window: found 0, expected a length of time over 0, such as "7D" or "36h"'
    assert text_of(SimcoreError, plot_pressure, LIFE, 0) == text
    naive = LIFE.timeline.assign(send_at=LIFE.timeline["send_at"].dt.tz_localize(None))
    text = "simulation: send_at is datetime64[us]; expected instants with a zone, such as datetime64[us, UTC]"
    assert text_of(SimcoreError, plot_pressure, naive) == text
