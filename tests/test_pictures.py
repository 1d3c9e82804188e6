"""Pictures: what is in them is read from their artists, and how they look is held against baselines.

Baselines are in `pictures/`, without texts (fonts differ between versions of matplotlib; texts are read instead).
To draw one anew, delete it, run its test twice, and look at it.
"""

import functools
import sys
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import kit
from simcore.clock.zones import zone
from simcore.errors import SimcoreError
from simcore.show import drawing
from simcore.show.pictures import plot_calendar, plot_capacity, plot_load, plot_shift, plot_timeline

matplotlib = pytest.importorskip("matplotlib", reason='pictures are an extra: pip install "simcore[plot]"')
matplotlib.use("agg")
from matplotlib import colors, pyplot  # noqa: E402  after the backend
from matplotlib.image import AxesImage  # noqa: E402
from matplotlib.text import Text  # noqa: E402

PICTURES = Path(__file__).parent / "pictures"
TOLERANCE = 1
"""Root mean square of the difference [0 to 255]. Matplotlib 3.9, 3.10 and 3.11 draw the same within 0.05 (layouts,
fonts and scaled images would differ, so those are fixed); a single marker that is not there gives 2 or more."""
NEW_YORK = "America/New_York"
HOSTILE = {
    "two\nlines\tof it": "two lines of it",
    "x" * 10_000: "x" * 31 + "…",
    r"$\alpha$ and $5_0$": r"\$\alpha\$ and \$5_0\$",
    "_hidden_": "_hidden_",
    "right\u200f to \u202eleft": "right to left",
    "party \U0001f389\ufe0f": "party □",
    "": "(no subject)",
    "\u200f": "(no subject)",
    "\x00one\x1f\ud800": "one",
    "<b>&amp;%s{}": "<b>&amp;%s{}",
}


@pytest.fixture(autouse=True)
def _plain_matplotlib():
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        pyplot.close("all")  # what other files' tests have left
        yield
        pyplot.close("all")


def timeline(*sends, time_zone=NEW_YORK, scenario=None):
    """A timeline of (subscriber_id, position, send_at) or (…, subject)."""
    rows = [(*each, f"Subject {each[1]}")[:4] for each in sends]
    names = ["subscriber_id", "position", "send_at", "subject"]
    # By column, as pandas' own texts hold no half characters.
    frame = pd.DataFrame({
        name: pd.Series([row[at] for row in rows], dtype=object if name == "subject" else None)
        for at, name in enumerate(names)
    })
    at = pd.DatetimeIndex([pd.Timestamp(each).tz_convert("UTC") for each in frame["send_at"]])
    at = at.as_unit("us").tz_convert(time_zone)
    frame = frame.assign(run=1, email_id=100 + frame["position"], send_at=at)
    return frame if scenario is None else frame.assign(scenario=scenario)


def many(subscribers, emails=2, apart="1h"):
    """A timeline in which subscriber n gets email e an hour (or so) after subscriber n - 1, and e days later."""
    who, position = np.divmod(np.arange(subscribers * emails), emails)
    at = pd.DatetimeIndex(["2026-02-02T12:00Z"]).repeat(who.size)
    at = at + who * pd.Timedelta(apart).to_timedelta64() + pd.to_timedelta(position, unit="D")
    return pd.DataFrame({
        "subscriber_id": who,
        "run": 1,
        "position": position,
        "email_id": position,
        "subject": [f"Subject {each}" for each in position],
        "send_at": at.tz_convert(NEW_YORK),
    })


def counted(starts, *columns, names=None, time_zone=NEW_YORK):
    """A forecast of periods that start at these instants."""
    index = pd.DatetimeIndex(pd.to_datetime(starts, utc=True).tz_convert(time_zone), name="period")
    return pd.DataFrame(dict(zip(names or range(len(columns)), map(list, columns), strict=True)), index=index)


def days(first, size, time_zone=NEW_YORK):
    """The first instants of so many days of a zone, in UTC."""
    return pd.date_range(first, periods=size, freq="D", tz=time_zone).tz_convert("UTC")


def moved(*rows):
    """A shift of (email_id, hours or None, what)."""
    frame = pd.DataFrame(rows, columns=["email_id", "hours", "what"])
    shift = pd.to_timedelta(frame["hours"].astype(float), unit="h").dt.as_unit("us")
    return frame.assign(subscriber_id=range(len(frame)), run=1, shift=shift)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def numbered(names):
    """Names that come twice have their number in front."""
    return [f"{at} {each}" if names.count(each) > 1 else each for at, each in enumerate(names)]


def legend_text(name):
    """What a legend would leave out has a space in front."""
    return f" {name}" if name.startswith("_") else name


def when(numbers, time_zone="UTC"):
    """What matplotlib's days are, to the second."""
    stamps = pd.to_datetime(np.asarray(numbers), unit="D", utc=True).round("s").tz_convert(time_zone)
    return stamps.strftime("%Y-%m-%d %H:%M").tolist()


def clock_lines(ax):
    return when([line.get_xdata()[0] for line in ax.lines])


def drawn(ax):
    """All is drawn, so that what breaks only then does."""
    ax.figure.canvas.draw()
    return ax


def assert_looks(ax, name, tmp_path):
    compare = pytest.importorskip(
        "matplotlib.testing.compare", reason="some builds leave matplotlib.testing out"
    )
    decorators = pytest.importorskip("matplotlib.testing.decorators", reason="as above")
    figure = ax.figure
    decorators.remove_ticks_and_titles(figure)
    figure.set_layout_engine("none")  # each version lays out a little differently, and by the size of texts
    figure.set_size_inches(
        8, 5
    )  # 480 to 300 dots; the Axes 320 to 240, which is a dot for each of an image's
    for one in figure.findobj(AxesImage):
        one.set_interpolation("nearest")
    for one, (left, width) in zip(figure.axes, ((40, 320), (400, 20)), strict=False):
        one.set_position((left / 480, 0.1, width / 480, 0.8))
    for each in (*figure.findobj(Text), *filter(None, (one.get_legend() for one in figure.axes))):
        each.set_visible(False)
    expected, found = PICTURES / f"{name}.png", tmp_path / f"{name}.png"
    if not expected.exists():
        figure.savefig(expected, dpi=60, metadata={"Software": None})
        pytest.fail(f"{expected} is drawn anew: look at it, and run again")
    figure.savefig(found, dpi=60)
    difference = compare.compare_images(str(expected), str(found), TOLERANCE)
    assert difference is None, difference


# ---------------------------------------------------------------- how they look

PAIRS = [
    ("ann", 0, "2026-03-06T21:07-05:00"),
    ("ann", 1, "2026-03-09T09:00-04:00"),
    ("ann", 2, "2026-03-12T09:00-04:00"),
    ("bob", 0, "2026-03-07T10:00-05:00"),
    ("bob", 1, "2026-03-10T09:00-04:00"),
]


def limited(sent, waiting, late, hours):
    """A forecast with a limit, from 7 March on."""
    columns = {"sent": sent, "waiting": waiting, "late": late, "max_late": pd.to_timedelta(hours, unit="h")}
    return pd.DataFrame(columns, index=counted(days("2026-03-07", len(sent)), sent).index)


def looks():
    early, late = timeline(*PAIRS, scenario="early"), timeline(*PAIRS, scenario="late")
    late["send_at"] += pd.Timedelta("9h")
    both = pd.concat([early, late], ignore_index=True)
    crowd = many(300, 3, "2h")
    twice = pd.concat([crowd.assign(scenario="a"), crowd.assign(scenario="b")], ignore_index=True)
    twice.loc[len(crowd) :, "send_at"] += pd.Timedelta("5D")
    year = np.arange(400)
    quarter = pd.date_range("2026-03-01", periods=24 * 40, freq="h", tz="UTC")
    steps = np.arange(len(quarter))
    shifts = [(1, -30 + each, "earlier") for each in range(20)] + [(1, 0, "unchanged")] * 10
    shifts += [(2, 24, "later")] * 5 + [(2, None, "gained")] * 2 + [(3, None, "lost")]
    return {
        "timeline_pairs": (plot_timeline, both),
        "timeline_blocks": (plot_timeline, twice),
        "timeline_many_emails": (plot_timeline, many(10, 12)),
        "calendar_two_months": (plot_calendar, counted(days("2026-03-05", 40), range(40))),
        "calendar_years": (plot_calendar, counted(days("2026-01-15", 400), year % 7 * year)),
        "load_bars": (plot_load, counted(days("2026-03-05", 10), range(10), [3] * 10, [5, 0] * 5)),
        "capacity": (
            plot_capacity,
            limited([5, 8, 8, 3, 0, 2], [4, 9, 1, 0, 0, 0], [0, 4, 8, 1, 0, 0], [0, 20, 30, 9, None, 0]),
        ),
        "load_steps": (plot_load, counted(quarter, steps % 24, steps % 7)),
        "shift": (plot_shift, moved(*shifts)),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", looks())
def test_looks(name, tmp_path):
    plot, frame = looks()[name]
    assert_looks(plot(frame), name, tmp_path)


def test_a_difference_is_seen(tmp_path):
    plot, frame = looks()["timeline_pairs"]
    frame = frame.drop(index=1)  # one of ten markers
    with pytest.raises(AssertionError, match="Error: Image files did not match"):
        assert_looks(plot(frame), "timeline_pairs", tmp_path)


# ---------------------------------------------------------------- timelines


def test_every_send_has_its_place():
    ax = drawn(plot_timeline(timeline(*PAIRS)))
    assert ticks(ax.yaxis) == ["ann", "bob"]
    assert ax.get_ylabel() == "subscriber"
    assert ax.get_xlabel() == "send time, America/New_York"
    assert legend(ax) == ["Subject 0", "Subject 1", "Subject 2"]
    found = [
        each.get_offsets() for each in ax.collections if len(each.get_offsets()) and each.get_zorder() > 2
    ]
    assert [(when(each[:, 0], NEW_YORK), each[:, 1].tolist()) for each in found] == [
        (["2026-03-06 21:07", "2026-03-07 10:00"], [0, 1]),
        (["2026-03-09 09:00", "2026-03-10 09:00"], [0, 1]),
        (["2026-03-12 09:00"], [0]),
    ]
    assert ax.yaxis_inverted()
    assert clock_lines(ax) == ["2026-03-08 07:00"]
    assert texts(ax) == ["clocks +1 h"]
    # Local days, also behind the clock change.
    assert ticks(ax.xaxis) == ["Sat 07", "Sun 08", "Mon 09", "Tue 10", "Wed 11", "Thu 12"]
    assert when(ax.get_xticks(), NEW_YORK) == [f"2026-03-{day:02} 00:00" for day in range(7, 13)]


def test_rows_are_in_the_order_of_first_sends():
    ax = plot_timeline(
        timeline(
            (3, 1, "2026-03-03T12:00Z"),
            (1, 0, "2026-03-02T12:00Z"),
            (2, 0, "2026-03-02T12:00Z"),
            (3, 0, "2026-03-01T00:00Z"),
        )
    )
    assert ticks(ax.yaxis) == ["3", "1", "2"]


def test_scenarios_of_few_stand_together():
    early, late = timeline(*PAIRS, scenario="weekdays at 9"), timeline(*PAIRS[:4], scenario="later")
    both = pd.concat([early, late], ignore_index=True)
    both["scenario"] = pd.Categorical(both["scenario"], ["weekdays at 9", "later", "never"])
    ax = plot_timeline(both)
    names = ["weekdays at 9", "later", "never"]
    assert ticks(ax.yaxis) == [f"{who}, {name}" for who in ("ann", "bob") for name in names]
    assert ax.get_ylim() == (5.5, -0.5)


def test_scenarios_of_many_are_blocks():
    crowd = many(60)
    both = pd.concat([crowd.assign(scenario="as it is"), crowd.assign(scenario="other")], ignore_index=True)
    ax = plot_timeline(both)
    assert ticks(ax.yaxis) == ["as it is", "other"]
    assert ax.get_yticks().tolist() == [29.5, 89.5]
    assert ax.get_ylabel() == "60 subscribers, by their first send"
    (image,) = ax.findobj(AxesImage)
    shown = np.asarray(image.get_array())[..., 3] > 0
    assert shown.shape == (120, 320)
    assert (shown.sum(axis=1) == 2).all()  # two sends in each row
    np.testing.assert_array_equal(shown[:60], shown[60:])
    assert texts(ax) == ["0", "1", "0", "1"]


def test_an_image_has_the_colours_of_its_sends():
    ax = plot_timeline(many(150, 3, "1min"))
    (image,) = ax.findobj(AxesImage)
    cells = np.asarray(image.get_array())
    assert cells.shape == (150, 320, 4)
    blue, orange, black = (colors.to_rgba(each) for each in ("#0072B2", "#E69F00", "#000000"))
    for row in cells:
        found = row[row[:, 3] > 0]
        assert [tuple(each) for each in found] == [blue, orange, black]
    assert ticks(ax.yaxis)  # how many, in whole numbers
    assert legend(ax) == ["Subject 0", "Subject 1", "Subject 2"]


def test_an_image_of_crowds_is_paler_where_fewer_are():
    # 100 subscribers are a row of the image; one of them gets a second email.
    mixed = many(24_000, 2, "0s")
    mixed = mixed[(mixed["position"] == 0) | (mixed["subscriber_id"] % 100 == 0)]
    (image,) = plot_timeline(mixed).findobj(AxesImage)
    alpha = np.asarray(image.get_array())[..., 3]
    assert np.unique(alpha.round(6)).tolist() == [0.0, 0.35 + 0.65 * 0.1, 1.0]


@pytest.mark.parametrize(
    ("subscribers", "marked"), [(100, True), (101, False)], ids=["as many as have markers", "one more"]
)
def test_markers_or_an_image(subscribers, marked):
    ax = drawn(plot_timeline(many(subscribers)))
    assert bool(ax.findobj(AxesImage)) is not marked


@pytest.mark.slow
def test_a_million_subscribers():
    ax = drawn(plot_timeline(many(1_000_000, 1, "1s")))
    assert ax.get_ylabel() == "1,000,000 subscribers, by their first send"


def test_one_send():
    ax = drawn(plot_timeline(timeline((7, 0, "2026-07-01T12:00Z"), time_zone="UTC")))
    assert ticks(ax.yaxis) == ["7"]
    assert legend(ax) == ["Subject 0"]
    assert ax.get_xlabel() == "send time, UTC"


def test_an_email_is_called_what_it_was_last():
    ax = plot_timeline(
        timeline(
            (1, 0, "2026-03-04T12:00Z", "new"),
            (2, 0, "2026-03-02T12:00Z", "old"),
            (2, 1, "2026-03-05T00:00Z", "next"),
        )
    )
    assert legend(ax) == ["new", "next"]


def test_emails_of_fifty():
    ax = drawn(plot_timeline(many(3, 50)))
    assert ax.get_legend() is None
    (bar,) = (each for each in ax.figure.axes if each is not ax)
    # Twelve of them, evenly: 49 / 11 apart.
    assert [label.split()[1] for label in ticks(bar.yaxis)] == [
        "0", "4", "9", "13", "18", "22", "27", "31", "36", "40", "45", "49"
    ]  # fmt: skip
    assert ticks(bar.yaxis)[1] == "Subject 4"


def test_images_of_many_emails_have_no_numbers():
    ax = drawn(plot_timeline(many(120, 9, "1min")))
    assert texts(ax) == []


def test_a_block_may_lack_an_email():
    crowd = many(60)
    other = crowd[crowd["position"] == 0].assign(scenario="b")
    ax = plot_timeline(pd.concat([crowd.assign(scenario="a"), other], ignore_index=True))
    assert texts(ax) == ["0", "1", "0"]


def test_sends_that_are_missing_are_left_out():
    sends = timeline(*PAIRS)
    sends.loc[sends["subscriber_id"] == "bob", "send_at"] = pd.NaT
    assert ticks(plot_timeline(sends).yaxis) == ["ann"]


@pytest.mark.parametrize(
    ("first", "last", "name", "words"),
    [
        ("2026-10-30T00:00Z", "2026-11-03T00:00Z", NEW_YORK, ["clocks -1 h"]),
        ("2026-04-03T00:00Z", "2026-04-06T00:00Z", "Australia/Lord_Howe", ["clocks -30 min"]),
        ("2011-12-28T00:00Z", "2012-01-02T00:00Z", "Pacific/Apia", ["clocks +24 h"]),
        ("2026-01-01T00:00Z", "2028-01-01T00:00Z", NEW_YORK, ["clocks +1 h", "clocks -1 h"] * 2),
        ("2026-01-01T00:00Z", "2028-01-01T00:00Z", "Asia/Tokyo", []),
    ],
)
def test_clock_changes(first, last, name, words):
    assert texts(plot_timeline(timeline((1, 0, first), (1, 1, last), time_zone=name))) == words


# ---------------------------------------------------------------- calendars


def calendar_cells(ax):
    """The number of sends by (column, row), and where days without any are."""
    none, some = (each.get_array() for each in ax.collections[:2])
    cells = {(x, y): some[y, x] for y, x in np.argwhere(~np.ma.getmaskarray(some))}
    return cells, {(x, y) for y, x in np.argwhere(~np.ma.getmaskarray(none))}


def test_a_month_as_a_calendar_shows_it():
    # March 2026 begins on a Sunday: the last row of the first week.
    ax = drawn(plot_calendar(counted(days("2026-03-01", 31), [*range(30), 40], [0] * 30 + [2])))
    cells, none = calendar_cells(ax)
    assert none == {(0, 6)}
    expected = {((day + 5) // 7, (day + 5) % 7): day - 1 for day in range(2, 31)} | {(5, 1): 42}
    assert cells == expected
    assert ticks(ax.yaxis) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert texts(ax) == ["Mar 2026", *map(str, range(1, 32))]
    assert ax.get_xlabel() == "weeks of each month, days in America/New_York"
    (bar,) = (each for each in ax.figure.axes if each is not ax)
    assert bar.get_ylabel() == "sends a day (grey: none)"
    assert legend(ax) == ["clocks +1 h"]
    assert ax.collections[2].get_offsets().tolist() == [
        [pytest.approx(1.3), pytest.approx(5.7)]
    ]  # Sun 8 March


def test_hours_are_added_up():
    # The days of both clock changes of 2026 have 23 and 25 hours.
    for day, hours in (("2026-03-08", 23), ("2026-11-01", 25)):
        first = pd.Timestamp(day, tz=NEW_YORK).tz_convert("UTC")
        frame = counted(pd.date_range(first, periods=hours + 24, freq="h"), [1] * (hours + 24))
        cells, none = calendar_cells(plot_calendar(frame))
        assert sorted(cells.values()) == sorted([hours, 24])
        assert not none


def test_years_of_months():
    frame = counted(days("2026-01-01", 1096), [1] * 1096)
    ax = drawn(plot_calendar(frame))
    assert texts(ax) == [f"{name} {year}" for year in (2026, 2027, 2028) for name in MONTHS]
    assert ticks(ax.yaxis) == ["Mon", "Thu", "Sun"] * 3
    assert legend(ax) == ["clocks +1 h", "clocks -1 h"]
    assert [len(each.get_offsets()) for each in ax.collections[2:]] == [3, 3]
    cells, _ = calendar_cells(ax)
    assert len(cells) == 1096


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def test_a_year_has_three_rows_of_months():
    ax = plot_calendar(counted(days("2026-01-01", 365, "UTC"), [1] * 365, time_zone="UTC"))
    assert texts(ax) == [f"{name} 2026" for name in MONTHS]
    assert [text.get_position()[1] for text in ax.texts] == [
        top - 0.7 for top in (0, 9, 18) for _ in range(4)
    ]
    assert ax.get_legend() is None


def test_a_clock_change_on_a_day_that_is_not_there():
    # Samoa had no 30 December 2011: its clocks went from the end of the 29th to the 31st.
    ax = plot_calendar(counted(["2011-12-29T10:00Z", "2011-12-30T10:00Z"], [1, 2], time_zone="Pacific/Apia"))
    assert texts(ax) == ["Dec 2011", "29", "31"]
    assert legend(ax) == ["clocks +24 h"]


def test_weeks_have_no_days(text_of):
    weeks = counted(["2026-03-02T05:00Z", "2026-03-09T04:00Z"], [1, 2])
    assert text_of(SimcoreError, plot_calendar, weeks) == (
        'forecast: found weeks, expected days or shorter periods: make the forecast with freq="D"'
    )
    months = counted(["2026-03-01T05:00Z", "2026-04-01T04:00Z"], [1, 2])
    assert text_of(SimcoreError, plot_calendar, months) == (
        'forecast: found months, expected days or shorter periods: make the forecast with freq="D"'
    )


@pytest.mark.parametrize("first", ["1970-01-01T00:00Z", "2199-11-15T17:00Z"])
def test_months_at_the_ends_of_time(first):
    """The first begins before 1970, the last ends after 2200."""
    at_once = kit.Sequence(
        name="S",
        emails=[kit.Email(subject="A", delay_value=0, delay_unit="days", published=True)],
        time_zone=NEW_YORK,
    )
    entries = [first, pd.Timestamp(first) + pd.Timedelta("40D")]
    ax = drawn(plot_load(simcore.forecast(at_once, entries, freq="M")))
    days = [each.get_width() / 0.9 for each in ax.patches]
    assert days == pytest.approx([31, 31, 28] if first.startswith("1970") else [30 + 1 / 24, 31])


# ---------------------------------------------------------------- loads


def test_bars_are_stacked_and_as_wide_as_their_days():
    frame = counted(days("2026-03-07", 3), [1, 2, 0], [10, 0, 30])
    ax = drawn(plot_load(frame))
    bars = [(each.get_y(), each.get_height()) for each in ax.patches]
    assert bars == [(0, 1), (0, 2), (0, 0), (1, 10), (2, 0), (0, 30)]
    hours = [each.get_width() * 24 / 0.9 for each in ax.patches[:3]]
    assert hours == pytest.approx([24, 23, 24])
    assert when([each.get_x() + each.get_width() / 2 for each in ax.patches[:3]], NEW_YORK) == [
        "2026-03-07 12:00",
        "2026-03-08 12:30",
        "2026-03-09 12:00",
    ]
    assert legend(ax) == ["email 1", "email 0"]  # as they are stacked
    assert ax.get_xlabel() == "time, America/New_York"
    assert texts(ax) == ["clocks +1 h"]
    hatches = {each.get_hatch() for each in ax.patches}
    assert hatches == {"", "//"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("freq", "label"),
    [
        ("15min", "sends a quarter of an hour"),
        ("h", "sends an hour"),
        ("D", "sends a day"),
        ("W", "sends a week"),
        ("M", "sends a month"),
    ],
)
def test_all_kinds_of_period(freq, label):
    welcome = kit.load(simcore.example("welcome"))
    frame = simcore.forecast(welcome, ["2026-03-06T21:07-05:00", "2026-10-30T21:07-04:00"], freq=freq)
    ax = drawn(plot_load(frame))
    assert ax.get_ylabel().split("\n")[0] == label
    assert texts(ax) == ["clocks +1 h", "clocks -1 h"]


def test_steps_have_the_heights_of_their_periods():
    starts = pd.date_range("2026-03-07T05:00Z", periods=100, freq="h")
    frame = counted(starts, range(100), [5] * 100)
    ax = drawn(plot_load(frame))
    lower, upper = (each.get_paths()[0].vertices for each in ax.collections)
    assert lower[:, 1].max() == 99
    assert upper[:, 1].max() == 104
    assert {*lower[:, 1].tolist()} == {*map(float, range(100))}
    assert when(ax.get_xlim()) == ["2026-03-07 05:00", "2026-03-11 09:00"]


def test_the_busiest_of_more_periods_than_can_be_seen():
    size = 2001  # two by two, and the last one alone
    frame = counted(pd.date_range("2026-01-01T05:00Z", periods=size, freq="h"), [1, 7] * 1000 + [3])
    ax = drawn(plot_load(frame))
    assert ax.get_ylabel() == "sends an hour\n(the busiest of each 2)"
    assert {*ax.collections[0].get_paths()[0].vertices[:, 1].tolist()} == {0, 3, 7}
    fewer = plot_load(frame.iloc[:2000])
    assert fewer.get_ylabel() == "sends an hour"


def test_one_period_is_of_no_kind():
    for start in ("2026-03-06T05:00Z", "2026-03-06T06:00Z", "2026-03-06T06:15Z"):
        assert drawn(plot_load(counted([start], [3]))).get_ylabel() == "sends"


def test_not_by_email():
    ax = plot_load(counted(days("2026-03-07", 3), [1, 2, 3], names=["sends"]))
    assert ax.get_legend() is None
    assert [each.get_height() for each in ax.patches] == [1, 2, 3]


def test_nothing_but_zeros():
    ax = drawn(plot_load(counted(days("2026-03-07", 3), [0, 0, 0])))
    assert ax.get_ylim() == (0, 1.08)
    drawn(plot_calendar(counted(days("2026-03-07", 3), [0, 0, 0])))


@pytest.mark.slow
def test_load_of_fifty():
    ax = drawn(plot_load(counted(days("2026-03-07", 3), *[[1, 2, 3]] * 50)))
    assert len(ax.collections) == 50
    (bar,) = (each for each in ax.figure.axes if each is not ax)
    assert ticks(bar.yaxis)[-1] == "email 49"


# ---------------------------------------------------------------- limits


def test_what_goes_out_late_and_what_waits():
    ax = drawn(plot_capacity(limited([3, 2, 0, 1], [2, 1, 1, 0], [0, 2, 0, 1], [0, 20, None, 26])))
    assert [(each.get_y(), each.get_height()) for each in ax.patches] == [
        *[(0, 3), (0, 0), (0, 0), (0, 0)],
        *[(3, 0), (0, 2), (0, 0), (0, 1)],
    ]
    line = next(each for each in ax.lines if len(each.get_xdata()) == 5)
    assert line.get_ydata().tolist() == [0, 2, 1, 1, 0]
    assert when(line.get_xdata(), NEW_YORK)[:3] == [
        "2026-03-07 00:00",
        "2026-03-08 00:00",
        "2026-03-09 00:00",
    ]
    assert legend(ax) == ["late", "in time"]
    assert ax.get_ylabel() == "sends a day\n(line: waiting)"
    assert ax.get_title() == "3 of 6 late, by 1 day 2 hours at most"


def test_room_for_all_that_waits():
    ax = plot_capacity(limited([1, 1], [50, 49], [0, 0], [0, 0]))
    assert ax.get_ylim() == (0, 54)
    assert ax.get_title() == "0 of 2 late"
    assert plot_capacity(limited([9], [0], [0], [0])).get_ylim() == (0, 9 * 1.08)


# ---------------------------------------------------------------- shifts


def test_shares_medians_and_counts():
    ax = drawn(
        plot_shift(
            moved(
                (1, 9, "later"), (1, 9, "later"), (1, 9, "later"), (1, -15, "earlier"), (2, None, "gained"),
                (3, 0, "unchanged"), (3, 0, "unchanged"), (3, None, "lost"),
            )
        )
    )  # fmt: skip
    assert ticks(ax.yaxis) == ["email 1", "email 2", "email 3"]
    assert texts(ax) == [
        "median 9 hours later, 1 earlier, 3 later",
        "1 gained",
        "median 0, 2 unchanged, 1 lost",
    ]
    bars = [
        (
            round(each.get_x() + each.get_width() / 2, 9),
            round(-each.get_height() / 0.62, 9),
            round(each.get_y(), 9),
        )
        for each in ax.patches
    ]
    assert bars == [(-15, 0.25, 0.45), (9, 0.75, 0.45), (0, 1, 2.45)]
    assert [colors.to_hex(each.get_facecolor()) for each in ax.patches] == ["#0072b2", "#d55e00", "#999999"]
    markers = [line for line in ax.lines if line.get_marker() == "^"]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in markers] == [(9, 0.45), (0, 2.45)]


@pytest.mark.parametrize(
    ("hours", "unit", "median"),
    [
        ([0.5, 1], "minutes", "30 minutes later"),
        ([0, 0], "hours", "0"),
        ([-3, -3], "hours", "3 hours earlier"),
        ([0, 36, 72], "days", "1 day 12 hours later"),
        ([-500, -500], "days", "20 days 20 hours earlier"),
    ],
)
def test_units(hours, unit, median):
    ax = drawn(plot_shift(moved(*((1, each, "later") for each in hours))))
    assert ax.get_xlabel() == f"later by ({unit}; below 0: earlier)"
    assert texts(ax) == [f"median {median}, {len(hours)} later"]
    low, high = ax.get_xlim()
    scale = {"minutes": 60, "hours": 1, "days": 1 / 24}[unit]
    assert all(low < each * scale < high for each in [0, *hours])


def test_shift_names_emails_by_subject():
    frame = moved((1, 1, "later"), (2, 2, "later"), (1, 3, "later"))
    ax = plot_shift(frame.assign(subject=["one", "", "one"]))
    assert ticks(ax.yaxis) == ["one", "(no subject)"]


@pytest.mark.slow
def test_shift_of_fifty():
    ax = drawn(plot_shift(moved(*((each, each, "later") for each in range(50)))))
    assert len(ticks(ax.yaxis)) == 50


def test_shift_of_what_shift_gives():
    welcome = kit.load(simcore.example("welcome"))
    entries = ["2026-03-06T21:07-05:00", "2026-03-06T22:07-05:00"]
    before, after = (simcore.project(each, entries) for each in (welcome, welcome.replace(send_hour=18)))
    assert texts(plot_shift(simcore.shift(before, after))) == [
        "median 0, 2 unchanged",
        "median 0, 2 unchanged",
        "median 9 hours later, 2 later",
        "median 9 hours later, 2 later",
    ]


# ---------------------------------------------------------------- what emails are called

TWICE = kit.Sequence(
    id=1,
    name="Twice",
    time_zone="UTC",
    send_hour=9,
    emails=[
        kit.Email(delay_value=each, delay_unit="days", id=10 + each, subject=subject, published=True)
        for each, subject in enumerate(["Hello", "Offer", "Hello"])
    ],
)
CALLED = ["0 Hello", "Offer", "2 Hello"]


def test_emails_are_called_the_same_in_every_picture():
    entries = ["2026-03-02T10:00Z", "2026-03-03T10:00Z"]
    sends, later = (simcore.project(each, entries) for each in (TWICE, TWICE.replace(send_hour=12)))
    assert legend(plot_timeline(sends)) == CALLED
    assert legend(plot_timeline(pd.concat([sends.assign(subscriber_id=at) for at in range(120)]))) == CALLED
    assert legend(plot_load(simcore.forecast(TWICE, entries))) == CALLED[::-1]
    assert ticks(plot_shift(simcore.shift(sends, later)).yaxis) == CALLED


def test_forecasts_and_shifts_without_subjects_say_which_email():
    entries = ["2026-03-02T10:00Z"]
    counted = simcore.forecast(TWICE, entries)
    counted.attrs.clear()
    assert legend(plot_load(counted)) == ["email 2", "email 1", "email 0"]
    of_account = counted.rename_axis(columns="sequence_id")
    assert legend(plot_load(of_account)) == ["sequence 2", "sequence 1", "sequence 0"]
    bare = simcore.project(TWICE, entries).drop(columns="subject")
    assert ticks(plot_shift(simcore.shift(bare, bare)).yaxis) == ["email 10", "email 11", "email 12"]


def test_an_email_of_a_shift_is_called_what_it_is_after():
    renamed = TWICE.with_fields({"emails[1].subject": "Better"})
    before, after = (simcore.project(each, ["2026-03-02T10:00Z"]) for each in (TWICE, renamed))
    assert ticks(plot_shift(simcore.shift(before, after)).yaxis) == ["0 Hello", "Better", "2 Hello"]


def test_small_axes_cut_subjects():
    _, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
    long = timeline((1, 0, "2026-03-01T00:00Z", "x" * 40), (1, 1, "2026-03-20T00:00Z", "y"))
    ax = drawn(plot_timeline(long, ax=axes[0, 0]))
    assert legend(ax) == ["x" * 17 + "…", "y"]
    assert len(ax.get_xticks()) <= 4


# ---------------------------------------------------------------- previews


def test_a_preview_is_a_timeline_of_one():
    shown = simcore.preview(TWICE, "2026-03-02 10:00")
    ax = drawn(plot_timeline(shown))
    assert ticks(ax.yaxis) == ["preview"]
    assert legend(ax) == CALLED
    assert ax.get_xlabel() == "send time, UTC"
    found = [
        each.get_offsets() for each in ax.collections if len(each.get_offsets()) and each.get_zorder() > 2
    ]
    assert [when(each[:, 0]) for each in found] == [
        [at] for at in shown["send_at"].dt.strftime("%Y-%m-%d %H:%M")
    ]
    pd.testing.assert_frame_equal(shown, simcore.preview(TWICE, "2026-03-02 10:00"))


def test_a_timeline_by_position_is_no_preview():
    sends = timeline(*PAIRS)
    ax = plot_timeline(sends.set_index("position", drop=False))
    assert ticks(ax.yaxis) == ["ann", "bob"]


# ---------------------------------------------------------------- dark styles


def contrast(ax, colour):
    """How far a colour, over the paper, is from the paper [0 to 1, of luminance]."""
    red, green, blue, alpha = colors.to_rgba(colour)
    behind = colors.to_rgba(ax.get_facecolor())[:3]
    weights = np.array([0.3, 0.59, 0.11])
    return alpha * abs(float(weights @ np.array([red, green, blue]) - weights @ np.array(behind)))


@pytest.mark.parametrize("style", ["default", "dark_background", "Solarize_Light2"])
@pytest.mark.parametrize("name", looks())
def test_nothing_vanishes(style, name):
    """Texts, lines and marks are of other colours than the paper, in any style."""
    pyplot.style.use(style)
    plot, frame = looks()[name]
    ax = drawn(plot(frame))
    days_of = {text for text in ax.texts if text.get_text().isdigit()}  # on coloured ground
    for text in {*ax.texts} - days_of:
        assert contrast(ax, text.get_color()) > 0.4
    for line in ax.lines:
        assert contrast(ax, line.get_color()) > 0.3
    for patch in ax.patches:
        assert contrast(ax, patch.get_facecolor()) > 0.2
    for marks in ax.collections:
        for colour in (each for each in marks.get_facecolor() if each[3]):  # no day is transparent
            assert contrast(ax, colour) > 0.02


def test_paper_is_that_behind_transparent_axes():
    figure, ax = pyplot.subplots(facecolor="black")
    ax.set_facecolor("none")
    assert drawing.ink(ax) == (1, 1, 1, 1)
    figure.set_facecolor("none")
    assert drawing.ink(ax) == (0, 0, 0, 1)
    assert drawing.ink(ax, 0) == (1, 1, 1, 1)


def test_numbers_of_days_are_seen_on_their_colours():
    for style, most, least in (("default", "white", "black"), ("dark_background", "black", "white")):
        pyplot.style.use(style)
        ax = plot_calendar(counted(days("2026-03-07", 3), [1, 50, 100]))
        assert [text.get_color() for text in ax.texts[1:]] == [least, most, most]


# ---------------------------------------------------------------- many, and small


def test_crowds_are_points_and_no_hairs():
    (few,), (crowd,) = (plot_timeline(many(size, 2, "1min")).findobj(AxesImage) for size in (999, 1000))
    assert few.get_array().shape[1] == 320
    assert crowd.get_array().shape[1] == 160


def test_markers_of_sixty_emails_are_small():
    sizes = {emails: {each.get_sizes()[0] for each in plot_timeline(many(3, emails)).collections[2:]}
             for emails in (16, 60)}  # fmt: skip
    assert sizes == {16: {60}, 60: {20}}


def test_a_shift_of_sixty_has_room_for_each():
    ax = plot_shift(moved(*((each, each, "later") for each in range(60))))
    assert ax.figure.get_size_inches().tolist() == [9, 27]


def test_years_in_small_axes():
    _, axes = pyplot.subplots(2, 2, figsize=(9, 6))
    ax = drawn(plot_calendar(counted(days("2026-01-01", 730), [1] * 730), ax=axes[0, 0]))
    assert [text.get_text() for text in ax.texts[:13]] == ["2026\nJan", *MONTHS[1:], "2027\nJan"]
    assert [len(each.get_edgecolor()) for each in ax.collections[:2]] == [0, 0]  # days have all of their room


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_ticks_of_small_axes_do_not_meet(layout):
    _, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout=layout)
    ax = plot_timeline(timeline(*PAIRS), ax=axes[0, 0])
    plot_load(counted(days("2026-03-05", 10), range(10), [3] * 10), ax=axes[1, 0])
    ax.figure.canvas.draw()
    for ax in axes[:, 0]:
        boxes = [each.get_window_extent() for each in ax.get_xticklabels() if each.get_text()]
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
        assert not ax.xaxis.label.get_window_extent().overlaps(ax.xaxis.get_offset_text().get_window_extent())


# ---------------------------------------------------------------- all of them

ALL = {
    plot_timeline: timeline(*PAIRS),
    plot_calendar: counted(days("2026-03-07", 3), [1, 2, 3]),
    plot_load: counted(days("2026-03-07", 3), [1, 2, 3]),
    plot_shift: moved((1, 9, "later")),
    plot_capacity: limited([3, 2, 1], [2, 0, 0], [0, 2, 1], [0, 20, 26]),
}
EACH = pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot.__name__)


@EACH
def test_nothing_says_so(plot):
    ax = drawn(plot(ALL[plot].iloc[:0]))
    assert texts(ax) == ["no sends"]
    if plot is not plot_shift:
        assert "America/New_York" in ax.get_xlabel()


@EACH
def test_a_forecast_without_columns(plot):
    if plot in {plot_calendar, plot_load}:
        assert texts(plot(simcore.forecast(kit.load(simcore.example("welcome")), []))) == ["no sends"]


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_on_given_axes(plot, layout):
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(8, 6), layout=layout)
    assert plot(ALL[plot], ax=above) is above
    drawn(above)
    assert not below.has_data()
    assert pyplot.get_fignums() == [figure.number]
    shown = above.get_legend()
    if shown is not None:  # nothing is cut off
        assert shown.get_window_extent().x1 <= figure.bbox.x1
    sub = pyplot.figure(layout=layout).subfigures(1, 2)[0].subplots()
    assert drawn(plot(ALL[plot], ax=sub)) is sub


def test_a_figure_too_narrow_for_its_legend():
    _, ax = pyplot.subplots(figsize=(1, 2))
    drawn(plot_timeline(timeline(*PAIRS), ax=ax))
    assert ax.get_position().width == pytest.approx(0.775 / 4)  # a quarter of what it was


@pytest.mark.parametrize(
    "end",
    ["2026-01-01 00:01:59", "2026-01-01 01:59", "2026-01-02 23:00", "2026-02-20", "2027-12-01", "2036-01-01"],
)
def test_narrow_axes_have_few_ticks_however_long_the_time(end):
    """None of these warns that matplotlib knows no step between its ticks."""
    _, ax = pyplot.subplots(figsize=(3.5, 2))
    low_us, high_us = drawing.us(["2026-01-01", end]).tolist()
    drawing.time_axis(ax, zone("UTC"), low_us, high_us, "time")
    drawn(ax)
    assert 2 <= len([at for at in ax.get_xticks() if ax.get_xlim()[0] <= at <= ax.get_xlim()[1]]) <= 6


@EACH
def test_nothing_else_is_touched(plot, monkeypatch):
    monkeypatch.setattr(pyplot, "show", lambda: pytest.fail("nobody asked for it"))
    before, frame = dict(matplotlib.rcParams), ALL[plot].copy()
    plot(ALL[plot])
    assert dict(matplotlib.rcParams) == before
    pd.testing.assert_frame_equal(ALL[plot], frame)
    assert len(pyplot.get_fignums()) == 1


@EACH
def test_without_matplotlib(plot, monkeypatch, text_of):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert text_of(SimcoreError, plot, ALL[plot]) == 'pictures need matplotlib: pip install "simcore[plot]"'


@EACH
def test_other_axes(plot, text_of):
    assert text_of(SimcoreError, plot, ALL[plot], ax=[1]) == (
        "ax: found [1], expected a matplotlib Axes, or None for a new figure"
    )


def extent(ax):
    drawn(ax)
    return ax.get_xlim(), ax.get_ylim(), texts(ax)


@functools.cache
def extent_of(plot):
    return extent(plot(ALL[plot]))


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_instants(plot, unit):
    frame = ALL[plot].copy()
    if plot is plot_timeline:
        frame["send_at"] = frame["send_at"].dt.as_unit(unit)
    elif plot is plot_shift:
        frame["shift"] = frame["shift"].dt.as_unit(unit)
    elif plot is plot_capacity:
        frame["max_late"] = frame["max_late"].dt.as_unit(unit)
        frame.index = frame.index.as_unit(unit)
    else:
        frame.index = frame.index.as_unit(unit)
    assert extent(plot(frame)) == extent_of(plot)


@pytest.mark.slow
def test_hostile_subjects():
    given, expected = list(HOSTILE), list(HOSTILE.values())
    for part in (slice(0, 5), slice(5, 10)):
        names = [legend_text(each) for each in numbered(expected[part])]
        sends = [(1, at, f"2026-03-{at + 1:02}T12:00Z", each) for at, each in enumerate(given[part])]
        ax = drawn(plot_timeline(timeline(*sends)))
        assert legend(ax) == names
        frame = counted(days("2026-04-01", 3), *[[1, 2, 3]] * len(sends))
        ax = drawn(plot_load(frame.set_axis(pd.Index(given[part], dtype=object), axis=1)))
        assert legend(ax) == names[::-1]
    shifts = moved(*((at, 1, "later") for at in range(len(given))))
    ax = drawn(plot_shift(shifts.assign(subject=pd.Series(given, dtype=object))))
    assert ticks(ax.yaxis) == numbered(expected)
    sends = [(1, at, f"2026-03-{at + 1:02}T12:00Z", each) for at, each in enumerate(given)]
    drawn(plot_timeline(timeline(*sends)))


@pytest.mark.slow
def test_hostile_subscribers_and_scenarios():
    for each in ("$a$", "_b_", "\n", "\U0001f389", "", "x" * 1000, None):
        drawn(plot_timeline(timeline((each, 0, "2026-03-01T00:00Z"), scenario=str(each))))


def test_a_font_without_the_box(monkeypatch):
    from matplotlib import font_manager, ft2font

    real = ft2font.FT2Font.get_charmap

    class Poor:
        def __init__(self, font):
            self.font = font

        def get_charmap(self):
            return {code: glyph for code, glyph in real(self.font).items() if code < 128}

    get_font = font_manager.get_font
    monkeypatch.setattr(font_manager, "get_font", lambda *given: Poor(get_font(*given)))
    with warnings.catch_warnings():
        ax = plot_timeline(timeline((1, 0, "2026-03-01T00:00Z", "é fine")))
    assert legend(ax) == ["? fine"]


# ---------------------------------------------------------------- errors

AS_PROJECT = "expected a DataFrame from simcore.project"
AS_FORECAST = "expected a DataFrame from simcore.forecast"
AS_SHIFT = "expected a DataFrame from simcore.shift"
GAPS = (
    "expected quarters of an hour, hours, days, weeks or months of UTC without gaps, "
    "as in a forecast from simcore.forecast"
)
UTC_DAYS = pd.date_range("2026-03-01", periods=3, freq="D", tz="UTC")


@pytest.mark.parametrize(
    ("plot", "given", "text"),
    [
        (plot_timeline, None, f"timeline: found a NoneType, {AS_PROJECT}"),
        (plot_timeline, [1, 2], f"timeline: found a list, {AS_PROJECT}"),
        (
            plot_timeline,
            pd.DataFrame({"subscriber_id": [1], "send_at": [2]}),
            "timeline: no column email_id, position, subject; found 'subscriber_id, send_at', "
            f"{AS_PROJECT}, with subscriber_id, email_id, position, subject, send_at",
        ),
        (
            plot_timeline,
            timeline(*PAIRS).assign(send_at=1),
            "timeline: send_at is int64; expected instants with a zone, such as datetime64[us, UTC]",
        ),
        (
            plot_timeline,
            timeline(*PAIRS, time_zone="-05:00"),
            "'UTC-05:00' is not a time zone: expected an IANA name such as 'America/New_York'",
        ),
        (plot_load, 3, f"forecast: found a int, {AS_FORECAST}"),
        (plot_calendar, pd.Series([1]), f"forecast: found a Series, {AS_FORECAST}"),
        (
            plot_load,
            pd.DataFrame({"sends": [1]}),
            "forecast: its index is int64; expected instants with a zone, such as datetime64[us, UTC]",
        ),
        (
            plot_load,
            pd.DataFrame({"a": ["x"] * 3}, index=UTC_DAYS, dtype=object),
            "forecast: column 'a' is object; expected numbers of sends",
        ),
        (
            plot_calendar,
            pd.DataFrame({"sends": [1, 2]}, index=UTC_DAYS[[0, 2]]),
            "forecast: 2 periods from '2026-03-01 00:00:00+00:00' to '2026-03-03 00:00:00+00:00', " + GAPS,
        ),
        (
            plot_load,
            pd.DataFrame({"sends": [1, 2]}, index=UTC_DAYS[[1, 0]]),
            "forecast: 2 periods from '2026-03-02 00:00:00+00:00' to '2026-03-01 00:00:00+00:00', " + GAPS,
        ),
        (
            plot_capacity,
            counted(days("2026-03-07", 3), [1, 2, 3]),
            f"forecast: no column sent, waiting, late, max_late; found '0', {AS_FORECAST}(..., capacity=...), "
            "with sent, waiting, late, max_late",
        ),
        (plot_shift, {}, f"shift: found a dict, {AS_SHIFT}"),
        (
            plot_shift,
            pd.DataFrame({"email_id": [1]}),
            f"shift: no column shift, what; found 'email_id', {AS_SHIFT}, with email_id, shift, what",
        ),
        (
            plot_shift,
            moved((1, 9, "later")).assign(shift=9.0),
            "shift: shift is float64; expected timedelta64, as in a table from simcore.shift",
        ),
        (
            plot_shift,
            moved((1, 9, "later"), (1, 9, "sooner")),
            "shift: what is 'sooner' in row 1; expected one of: earlier, unchanged, later, gained, lost",
        ),
    ],
)
def test_wrong_input(plot, given, text, text_of):
    assert text_of(SimcoreError, plot, given) == text
    assert pyplot.get_fignums() == []
