"""Controls beside a preview and a load, turned from Python: what a browser does to them is in test_explore_browser."""

import sys
from datetime import date, timedelta

import pandas as pd
import pytest

import simcore
from simcore import kit, sequenzy
from simcore.answers.projection import plan_of
from simcore.errors import EntryError, SimcoreError, ValidationError
from simcore.plan.controls import Control

pytest.importorskip("ipywidgets", reason="the extra notebook has it")
pytest.importorskip("matplotlib", reason="the extra notebook has it")

from simcore.show.explore import explore

WELCOME = kit.load(simcore.example("welcome"))
HTML = "<p>Hello</p>"
KYIV = {
    "timezone": "Europe/Kyiv",
    "startTime": "08:00",
    "endTime": "20:00",
    "days": ["mon", "tue", "wed", "thu", "fri"],
}


room = sys.modules["simcore.show.explore"]  # the name itself is the function
PICTURE = room._picture


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    """The titles of pictures, which take too long to be drawn wherever they do not matter."""
    titles = []
    monkeypatch.setattr(room, "_picture", lambda _, title: titles.append(title) or str(len(titles)).encode())
    return titles


def enrolled(*waits, **fields):
    """A Sequenzy sequence of emails A, B, … with these waits."""
    steps = [{"subject": chr(ord("A") + at), "html": HTML, **wait} for at, wait in enumerate(waits)]
    return sequenzy.Sequence(name="Welcome", **{"trigger": "contact_added", "steps": steps, **fields})


def widgets(widget):
    """A widget and all that is in it."""
    return [widget, *(inner for each in getattr(widget, "children", ()) for inner in widgets(each))]


def control(explored, path):
    """The widget that says where it is."""
    (found,) = [each for each in widgets(explored.widget) if getattr(each, "tooltip", None) == path]
    return found


def page(explored):
    """The HTML of all texts on the page, but for the style."""
    texts = [each.value for each in widgets(explored.widget) if type(each).__name__ == "HTML"]
    return "\n".join(text for text in texts if not text.startswith("<style>"))


def picture(explored):
    (found,) = [each for each in widgets(explored.widget) if type(each).__name__ == "Image"]
    return found


def sends(explored):
    return explored.preview["send_at"].dt.strftime("%a %d %b %H:%M %Z").tolist()


# ---------------------------------------------------------------- what is shown


def test_it_shows_what_preview_gives(monkeypatch):
    monkeypatch.setattr(room, "_picture", PICTURE)
    explored = explore(WELCOME, "2026-03-06 21:07")
    pd.testing.assert_frame_equal(explored.preview, simcore.preview(WELCOME, "2026-03-06 21:07"))
    assert explored.sequence == WELCOME
    shown = page(explored)
    assert "<td>2</td><td><time>Mon 9 Mar 2026 09:00 EDT</time></td><td>Three knives are enough</td>" in shown
    for reason in explored.preview["reason"]:
        assert f'<td class="why">{reason}</td>' in shown
    assert "alert" not in shown
    assert bytes(picture(explored).value[:6]) == b"\x89PNG\r\n"
    assert picture(explored).layout.visibility == "visible"


def test_jupyter_shows_it_as_a_widget():
    explored = explore(WELCOME)
    shown = explored._repr_mimebundle_()
    shown = shown[0] if isinstance(shown, tuple) else shown
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == explored.widget.model_id


def test_seconds_are_shown_where_there_are_some():
    shown = page(explore(WELCOME, "2026-03-06 21:07:30"))
    assert "<time>Fri 6 Mar 2026 21:07:30 EST</time>" in shown
    assert "<time>Fri 6 Mar 2026 23:15 EST</time>" in shown


@pytest.mark.parametrize(
    "entered_at",
    [
        "2026-03-07T02:07:00Z",
        pd.Timestamp("2026-03-06 21:07", tz="America/New_York"),
        pd.Timestamp("2026-03-07 02:07", tz="UTC").to_pydatetime(),
    ],
)
def test_an_entry_of_any_kind(entered_at):
    assert sends(explore(WELCOME, entered_at))[0] == "Fri 06 Mar 21:07 EST"


def test_subjects_are_text():
    hostile = "<script>document.title='hacked'</script> & \"more\""
    for sequence in (
        WELCOME.replace_email(0, subject=hostile),
        enrolled({}, sendingWindow=KYIV).with_fields({"steps[0].subject": hostile}),
    ):
        shown = page(explore(sequence))
        escaped = "&lt;script&gt;document.title=&#x27;hacked&#x27;&lt;/script&gt; &amp; &quot;more&quot;"
        assert shown.count(escaped) == 2  # beside its wait, and in the table
        assert "<script" not in shown


def test_what_does_not_go_out_says_so():
    shown = page(explore(WELCOME.replace(send_days=[])))
    # The first two look at no send days; the last has days of its own, but the third waits before it.
    assert shown.count("<time>not at all</time>") == 2
    assert "there is no send day on which it may go out, so it waits" in shown


def test_drafts():
    drafts = WELCOME
    for position in range(4):
        drafts = drafts.replace_email(position, published=False)
    explored = explore(drafts)
    shown = page(explored)
    assert "nothing to preview: no email is published (include_drafts=True shows drafts)" in shown
    assert "no load to show: nothing goes out for one entry an hour in the week from Mon 2 Mar 2026" in shown
    assert "<table" not in shown
    assert picture(explored).layout.visibility == "hidden"
    assert ">0 Welcome, and your first recipe (draft)<" in shown
    with_them = explore(drafts, include_drafts=True)
    assert sends(with_them)[2] == "Mon 09 Mar 09:00 EDT"
    assert picture(with_them).layout.visibility == "visible"


def test_assumptions():
    elapsed = explore(WELCOME.replace(send_hour=22), assumptions=kit.Assumptions(immediate_days="send_days"))
    assert sends(elapsed)[0] == "Fri 06 Mar 21:07 EST"
    control(elapsed, "entered_at").value = "2026-03-07 10:00"
    assert sends(elapsed)[0] == "Mon 09 Mar 00:00 EDT"  # K9: the first instant of an allowed date


# ---------------------------------------------------------------- the load


def test_the_load_is_of_an_entry_an_hour():
    explored = explore(WELCOME, "2026-03-04 12:00")
    # The immediate email goes out at once: 24 on each day from Monday, 23 on Sunday, when the clocks go forward.
    first = explored.forecast[0]
    days = [date(2026, 3, 2) + timedelta(days=at) for at in range(7)]
    assert [each.date() for each in first.index[first > 0]] == days
    assert first[first > 0].tolist() == [24] * 6 + [23]


def test_the_load_by_the_hour():
    explored = explore(WELCOME, "2026-03-04 12:00")
    control(explored, "freq").value = "hour"
    third = explored.forecast[2]
    # Monday 9 March 09:00: whoever got the second email on Friday, Saturday or Sunday. That is two hours after the
    # entry, so those who came from Thursday 22:00 to Sunday 21:00, on which day 02:00 is no hour: 2 + 24 + 24 + 21.
    assert third[pd.Timestamp("2026-03-09 09:00", tz="America/New_York")] == 71
    assert set(third[third > 0].index.strftime("%H:%M")) == {"09:00"}


def test_the_load_of_the_entries_given():
    entries = pd.DataFrame({"entered_at": ["2026-03-06T21:07-05:00"], "count": [500]})
    explored = explore(WELCOME, entries=entries)
    assert explored.forecast.to_numpy().sum() == 2000
    control(explored, "entered_at").value = "2026-05-01 12:00"
    assert explored.forecast.index[0] == pd.Timestamp("2026-03-06", tz="America/New_York")


def test_the_load_in_the_first_week_that_there_is():
    explored = explore(WELCOME.replace(time_zone="Africa/Monrovia"), "1970-01-01 00:00")
    # Thursday 00:00 in a zone 0:44:30 behind: hours begin at 15:30 past UTC's, up to Monday's first.
    assert explored.forecast[0].sum() == 4 * 24


def test_the_load_where_runs_are_told_apart_by_a_key():
    keyed = enrolled(
        {},
        {"delay": {"days": 1}},
        trigger="event_received",
        eventName="paid",
        enrollmentMode="matching_field",
    )
    assert explore(keyed).forecast.sum().tolist() == [168, 168]
    assert explore(keyed.replace(enrollmentMode="unlimited")).forecast.sum().tolist() == [168, 168]


# ---------------------------------------------------------------- turning


def test_send_hour():
    explored = explore(WELCOME, "2026-03-06 21:07")
    control(explored, "send_hour").value = 14
    assert sends(explored)[2:] == ["Mon 09 Mar 14:00 EDT", "Thu 12 Mar 14:00 EDT"]
    assert "<time>Mon 9 Mar 2026 14:00 EDT</time>" in page(explored)
    assert explored.sequence == WELCOME.replace(send_hour=14)


def test_send_days():
    explored = explore(WELCOME, "2026-03-06 21:07")
    control(explored, "send_days: saturday").value = True
    # A day after Friday is Saturday, two days after that Monday; Tuesday is the first of the email's own days.
    assert sends(explored)[2:] == ["Sat 07 Mar 09:00 EST", "Tue 10 Mar 09:00 EDT"]
    control(explored, "emails[3].send_days: tuesday").value = False
    assert sends(explored)[3] == "Thu 12 Mar 09:00 EDT"
    assert explored.sequence.send_days[-2:] == ("friday", "saturday")
    assert explored.sequence.emails[3].send_days == ("thursday",)


def test_zone():
    explored = explore(WELCOME, "2026-03-06 21:07")
    control(explored, "time_zone").value = "Europe/London"
    assert sends(explored) == [
        "Fri 06 Mar 21:07 GMT",
        "Fri 06 Mar 23:15 GMT",
        "Mon 09 Mar 09:00 GMT",
        "Thu 12 Mar 09:00 GMT",
    ]


def test_entry():
    explored = explore(WELCOME, "2026-03-06 21:07")
    control(explored, "entered_at").value = "4 March 2026 22:50"
    # The third row of the example in kit/RULES.md.
    assert sends(explored) == [
        "Wed 04 Mar 22:50 EST",
        "Thu 05 Mar 01:00 EST",
        "Fri 06 Mar 09:00 EST",
        "Tue 10 Mar 09:00 EDT",
    ]


def test_delays():
    explored = explore(WELCOME, "2026-03-06 21:07")
    control(explored, "emails[1].delay_value").value = 3
    assert sends(explored)[1] == "Sat 07 Mar 00:15 EST"  # the first poll after 00:07
    control(explored, "emails[1].delay_unit").value = "days"
    assert sends(explored)[1] == "Mon 09 Mar 09:00 EDT"
    control(explored, "emails[3].delay_unit").value = "hours"  # which takes its own days from it (K20)
    assert explored.sequence.emails[3].send_days is None
    # The third a day after Monday's second; two hours after it is exactly on a poll.
    assert sends(explored)[2:] == ["Tue 10 Mar 09:00 EDT", "Tue 10 Mar 11:00 EDT"]


def test_window():
    explored = explore(
        enrolled({}, {"delay": {"days": 1}}, {"delay": {"hours": 12}}, sendingWindow=KYIV), "2026-03-27 19:30"
    )
    assert sends(explored) == ["Fri 27 Mar 19:30 EET", "Mon 30 Mar 08:00 EEST", "Tue 31 Mar 08:00 EEST"]
    control(explored, "sendingWindow.endTime").value = "20:15"
    assert sends(explored)[2] == "Mon 30 Mar 20:00 EEST"
    control(explored, "sendingWindow.days: monday").value = False
    assert sends(explored)[1:] == ["Tue 31 Mar 08:00 EEST", "Tue 31 Mar 20:00 EEST"]
    control(explored, "sendingWindow.startTime").value = "09:30"
    assert sends(explored)[1:] == ["Tue 31 Mar 09:30 EEST", "Wed 01 Apr 09:30 EEST"]
    control(explored, "sendingWindow.timezone").value = "Europe/London"
    assert sends(explored)[0] == "Fri 27 Mar 19:30 GMT"
    assert explored.sequence.sendingWindow == {
        "timezone": "Europe/London",
        "startTime": "09:30",
        "endTime": "20:15",
        "days": ["tuesday", "wednesday", "thursday", "friday"],
    }


def test_lengths():
    explored = explore(enrolled({}, {"delay": {"days": 1.5}}, {"delayMs": 60_000}), "2026-03-27 19:30")
    assert sends(explored)[1:] == ["Sun 29 Mar 07:30 UTC", "Sun 29 Mar 07:31 UTC"]
    control(explored, "steps[1].delay.days").value = 2
    control(explored, "steps[1].delay.minutes").value = 0.5
    control(explored, "steps[2].delayMs").value = 120_000
    assert sends(explored)[1:] == ["Sun 29 Mar 19:30 UTC", "Sun 29 Mar 19:32 UTC"]
    assert explored.preview["send_at"].dt.second.tolist() == [0, 30, 30]
    control(explored, "steps[0].delay.hours").value = 1
    assert sends(explored)[0] == "Fri 27 Mar 20:30 UTC"
    steps = explored.sequence.steps
    assert [steps[0]["delay"], steps[1]["delay"]] == [{"hours": 1}, {"days": 2, "minutes": 0.5}]
    assert type(steps[1]["delay"]["days"]) is int


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "emails[2].delay_value",
            0,
            "1 problem\n  emails[2].delay_value: delay_value must be greater than 0: only the first email can be "
            "immediate (found 0)",
        ),
        (
            "time_zone",
            "Mars/<b>",
            "1 problem\n  time_zone: time_zone must be a valid IANA timezone string (found "
            "&#x27;Mars/&lt;b&gt;&#x27;)",
        ),
        (
            "entered_at",
            "03/06/2026",
            "entered_at: &#x27;03/06/2026&#x27; leaves day and month to guesswork: write it as 2026-03-06 or 6 "
            "March 2026",
        ),
        ("entered_at", "", "entered_at: &#x27;&#x27; is missing"),
        (
            "entered_at",
            "2199-12-31 12:00",
            "the email at position 2 (id 303) would go out after 2200-01-01 UTC: shorten its delay, or give an "
            "earlier entry",
        ),
    ],
)
def test_what_cannot_be_is_said_in_place_of_the_preview(path, value, message, capfd, caplog):
    explored = explore(WELCOME, "2026-03-06 21:07")
    before = explored.preview
    good = control(explored, path).value
    control(explored, path).value = value
    assert f'<div class="simcore-said" role="alert">{message}</div>' in page(explored)
    assert "<table" not in page(explored)
    assert picture(explored).layout.visibility == "hidden"
    assert explored.preview is before
    assert explored.sequence == WELCOME
    control(explored, path).value = good
    assert "<table" in page(explored)
    assert "alert" not in page(explored)
    assert picture(explored).layout.visibility == "visible"
    control(explored, "send_hour").value = 10
    assert sends(explored)[2] == "Mon 09 Mar 10:00 EDT"
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_reset():
    explored = explore(WELCOME, "2026-03-06 21:07")
    control(explored, "send_hour").value = 14
    control(explored, "send_days: monday").value = False
    control(explored, "emails[1].delay_value").value = 5
    control(explored, "freq").value = "hour"
    control(explored, "entered_at").value = "nonsense"
    control(explored, "back to the settings given").click()
    assert explored.sequence == WELCOME
    assert control(explored, "send_hour").value == 9
    assert control(explored, "entered_at").value == "2026-03-06 21:07"
    assert sends(explored)[2] == "Mon 09 Mar 09:00 EDT"
    assert "alert" not in page(explored)


def test_reset_shows_once(monkeypatch):
    explored = explore(WELCOME)
    for day in ("monday", "tuesday", "saturday"):
        control(explored, f"send_days: {day}").value ^= True
    asked = []
    preview = simcore.verbs.preview
    monkeypatch.setattr("simcore.verbs.preview", lambda *a, **k: asked.append(a) or preview(*a, **k))
    control(explored, "back to the settings given").click()
    assert len(asked) == 1


def test_nothing_is_drawn_that_did_not_change(monkeypatch, drawn):
    counted, forecast = [], room.forecast
    monkeypatch.setattr(room, "forecast", lambda *a, **k: counted.append(a) or forecast(*a, **k))
    explored = explore(WELCOME, "2026-03-06 21:07")
    assert (len(drawn), len(counted)) == (1, 1)
    control(explored, "entered_at").value = "2026-03-05 21:07"  # of the same week
    assert (len(drawn), len(counted)) == (1, 1)
    control(explored, "send_hour").value = 10  # which no day can tell
    assert (len(drawn), len(counted)) == (1, 2)
    control(explored, "emails[2].delay_value").value = 0
    control(explored, "emails[2].delay_value").value = 1
    assert (len(drawn), len(counted)) == (1, 2)
    control(explored, "freq").value = "hour"
    control(explored, "send_days: monday").value = False
    control(explored, "entered_at").value = "2026-03-12 21:07"
    assert drawn == [
        "Sends each day for one entry an hour in the week from Mon 2 Mar 2026",
        "Sends each hour for one entry an hour in the week from Mon 2 Mar 2026",
        "Sends each hour for one entry an hour in the week from Mon 2 Mar 2026",
        "Sends each hour for one entry an hour in the week from Mon 9 Mar 2026",
    ]
    assert picture(explored).value == b"4"


@pytest.mark.slow
def test_pictures_leave_no_figures(monkeypatch):
    from matplotlib import pyplot

    monkeypatch.setattr(room, "_picture", PICTURE)
    before = pyplot.get_fignums()
    control(explore(WELCOME), "send_days: monday").value = False
    assert pyplot.get_fignums() == before


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("missing", ["ipywidgets", "matplotlib"])
def test_without_the_extra(missing, monkeypatch, text_of):
    for name in [each for each in sys.modules if each.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert (
        text_of(SimcoreError, explore, WELCOME) == f'explore needs {missing}: pip install "simcore[notebook]"'
    )


def test_what_is_given_must_be_right(text_of):
    expected = "sequence: found 'x', expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
    assert text_of(SimcoreError, explore, "x") == expected
    assert text_of(EntryError, explore, WELCOME, "soon") == text_of(
        EntryError, simcore.preview, WELCOME, "soon"
    )
    refused = text_of(EntryError, simcore.forecast, WELCOME, ["soon"])
    assert text_of(EntryError, explore, WELCOME, entries=["soon"]) == refused
    unwritten = sequenzy.Sequence(name="Welcome", trigger="contact_added", goal="Welcome them")
    refused = text_of(SimcoreError, simcore.preview, unwritten, "2026-03-06 21:07")
    assert text_of(SimcoreError, explore, unwritten) == refused


# ---------------------------------------------------------------- what there is to turn


def test_controls_of_kit():
    hello = kit.Email(subject="Hello", delay_value=0, delay_unit="days", published=True)
    later = kit.Email(subject="Later", delay_value=2, delay_unit="days", send_days=["tuesday"])
    sequence = kit.Sequence(name="Welcome", send_hour=9, send_days=["friday"], emails=[hello, later])
    assert kit.platform.controls(sequence) == [
        Control("send_hour", "Send hour", "whole", 9, (0, 23)),
        Control("send_days", "Send days", "weekdays", ("friday",)),
        Control("time_zone", "Zone", "zone", "America/New_York"),
        Control("emails[0].delay_value", "Wait", "whole", 0, (0, 87_600), "0 Hello"),
        Control("emails[0].delay_unit", "", "choice", "days", ("days", "hours"), "0 Hello"),
        Control("emails[1].delay_value", "Wait", "whole", 2, (0, 87_600), "1 Later (draft)"),
        Control("emails[1].delay_unit", "", "choice", "days", ("days", "hours"), "1 Later (draft)"),
        Control("emails[1].send_days", "Own days", "weekdays", ("tuesday",), (), "1 Later (draft)"),
    ]


TUESDAY = {"startTime": "09:00", "timezone": "UTC"}


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        ({}, {"delay.days": 0, "delay.hours": 0, "delay.minutes": 0}),
        ({"delay": {"hours": 5}}, {"delay.days": 0, "delay.hours": 5, "delay.minutes": 0}),
        (
            {"delay": {"mode": "duration", "days": 0.5}},
            {"delay.days": 0.5, "delay.hours": 0, "delay.minutes": 0},
        ),
        ({"delayMs": 1500}, {"delayMs": 1500}),
        (
            {"waitUntil": {"field": "day", "days": 3}},
            {"waitUntil.days": 3, "waitUntil.hours": 0, "waitUntil.minutes": 0},
        ),
        (
            {"waitUntil": {"field": "day", "offset": {"hours": 3}}},
            {"waitUntil.offset.days": 0, "waitUntil.offset.hours": 3, "waitUntil.offset.minutes": 0},
        ),
        (
            {"delay": {"mode": "until_date", "untilField": "day", "untilOffset": {"days": 3}}},
            {"delay.untilOffset.days": 3, "delay.untilOffset.hours": 0, "delay.untilOffset.minutes": 0},
        ),
        (
            {"waitUntilWeekday": {"days": ["Thu", "tue"], "endTime": "12:00", **TUESDAY}},
            {
                "waitUntilWeekday.startTime": "09:00",
                "waitUntilWeekday.endTime": "12:00",
                "waitUntilWeekday.days": ("tuesday", "thursday"),
                "waitUntilWeekday.timezone": "UTC",
            },
        ),
        (
            {"waitUntilWeekday": {"day": "Tue", **TUESDAY}},
            {
                "waitUntilWeekday.startTime": "09:00",
                "waitUntilWeekday.endTime": "24:00",
                "waitUntilWeekday.day": "tuesday",
                "waitUntilWeekday.timezone": "UTC",
            },
        ),
        (
            {"delay": {"mode": "until_weekday", "untilStartTime": "09:00", "untilTimezone": "UTC"}},
            {
                "delay.untilStartTime": "09:00",
                "delay.endTime": "24:00",
                "delay.untilDays": sequenzy.waits.WEEKDAYS,
                "delay.untilTimezone": "UTC",
            },
        ),
    ],
)
def test_controls_of_every_wait_of_sequenzy(wait, expected):
    sequence = enrolled(wait)
    found = sequenzy.platform.controls(sequence)
    assert {each.path: each.value for each in found} == {
        f"steps[0].{path}": value for path, value in expected.items()
    }
    assert {each.part for each in found} == {"0 A"}
    # Where they stand is where they may stand: nothing changes.
    same = sequence.with_fields({each.path: each.value for each in found})
    assert plan_of(same).steps[0].gate == plan_of(sequence).steps[0].gate
    assert sends(explore(same)) == sends(explore(sequence))


def test_controls_of_steps_that_are_no_emails():
    steps = [
        {"type": "sms", "text": "Hi"},
        {"type": "update_subscriber", "name": "Mark them", "delay": {"days": 1}},
        {"subject": "Hello", "html": HTML},
    ]
    sequence = sequenzy.Sequence(name="Welcome", trigger="contact_added", steps=steps)
    parts = list(dict.fromkeys(each.part for each in sequenzy.platform.controls(sequence)))
    assert parts == ["0 sms", "1 Mark them", "2 Hello"]
    explored = explore(sequence, "2026-03-27 19:30")
    control(explored, "steps[1].delay.days").value = 2
    assert sends(explored) == ["Sun 29 Mar 19:30 UTC"]


def test_a_window_that_is_not_in_force_has_no_controls():
    sequence = enrolled({}, sendingWindow={**KYIV, "enabled": False})
    assert sequenzy.platform.controls(sequence)[0].path == "steps[0].delay.days"


def test_a_single_weekday():
    explored = explore(enrolled({"waitUntilWeekday": {"day": "tue", **TUESDAY}}), "2026-03-27 19:30")
    assert sends(explored) == ["Tue 31 Mar 09:00 UTC"]
    control(explored, "steps[0].waitUntilWeekday.day").value = "wednesday"
    control(explored, "steps[0].waitUntilWeekday.startTime").value = "09:15"
    assert sends(explored) == ["Wed 01 Apr 09:15 UTC"]


def test_a_time_between_the_quarters_of_an_hour():
    explored = explore(enrolled({}, sendingWindow={**KYIV, "startTime": "08:05"}))
    options = control(explored, "sendingWindow.startTime").options
    assert options[0] == "00:00"
    assert options[options.index("08:00") :][:3] == ("08:00", "08:05", "08:15")
    assert options[-1] == "23:45"
    assert control(explored, "sendingWindow.endTime").options[-1] == "24:00"


def test_a_start_after_the_end_is_said():
    explored = explore(enrolled({}, sendingWindow=KYIV), "2026-03-27 19:30")
    control(explored, "sendingWindow.startTime").value = "21:00"
    assert "sendingWindow.endTime: endTime must be later than startTime (found 21:00 to 20:00)" in page(
        explored
    )
    with pytest.raises(ValidationError):
        enrolled({}, sendingWindow={**KYIV, "startTime": "21:00"})
