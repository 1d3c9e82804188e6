"""Reports as pages: what is on them, that every text is escaped, equal bytes for equal input, files, mistakes."""

import re
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from test_cli import refused, run

pytest.importorskip("matplotlib", reason="the extra plot has it")

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError
from simcore.show import figures, report
from simcore.text.wording import WEEKDAYS

WELCOME = kit.load(simcore.example("welcome"))
EVENING = WELCOME.replace(send_hour=18)
ENTRIES = pd.read_csv(simcore.example("entries"))
DRAFTS = kit.from_api({
    **WELCOME.to_api(),
    "emails": [{**email, "published": False} for email in WELCOME.to_api()["emails"]],
})
SOME = ENTRIES.iloc[54:66]
FRIDAY = "2026-03-06T21:07-05:00"
FRIDAYS_REASONS = [
    "at once, on entry: Fri 6 Mar 21:07 EST",
    "2 hours after the previous email is Fri 6 Mar 23:07 EST; polls come every 15 minutes, so Fri 6 Mar 23:15 EST",
    "1 day after the previous email is Sat 7 Mar; Sat and Sun are not send days, so Mon 9 Mar 09:00 EDT; the clocks "
    "go forward 1 hour on Sun 8 Mar",
    "2 days after the previous email is Wed 11 Mar; Wed is not a send day, so Thu 12 Mar 09:00 EDT",
]
HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">"
ALONE = {"meta", "link", "br", "img", "source"}  # have no end


class Page(HTMLParser):
    """What is on a page: its tags with their attributes, its headings, and its tables as rows of texts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.tables, self.open, self.words = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"td", "th"}:
            self.tables[-1][-1].append("")
        if tag in {"h1", "h2", "h3"}:
            self.headings.append((tag, ""))
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        inside = {*self.open}
        if inside & {"td", "th"}:
            self.tables[-1][-1][-1] += data
        if self.open and self.open[-1] in {"h1", "h2", "h3"}:
            tag, text = self.headings[-1]
            self.headings[-1] = tag, text + data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    def table(self, *heads):
        """The rows of the tables with these heads, one table after the other."""
        return [row for table in self.tables if table[0] == [*heads] for row in table[1:]]

    def heading(self, level):
        return [text for tag, text in self.headings if tag == level]


@pytest.fixture
def quick(monkeypatch):
    """Pages without pictures, which take longer than all the rest."""
    monkeypatch.setattr(figures, "_drawn", lambda draw, size, paper, narrow=False: f"data:,{paper}")


@pytest.fixture
def reported(tmp_path, quick):
    """The page that a report writes."""

    def written(*arguments, **named):
        path = tmp_path / "page.html"
        sequences, *others = arguments
        simcore.write_report(sequences, path, *others, **named)
        return Page(path.read_text("utf-8"))

    return written


@pytest.fixture
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


# what is on it


def test_a_sequence_and_who_enters_it(reported):
    found, sends = reported(WELCOME, ENTRIES), simcore.project(WELCOME, ENTRIES, explain=True)
    assert found.heading("h1") == ["Welcome series"]
    assert found.heading("h2") == [
        "In short",
        "Worth a second look",
        "When it goes out, and why",
        "Pictures",
        "The emails",
        "What is assumed",
        "The rules behind the switches",
    ]
    facts = re.sub(r"\s+", " ", " ".join(found.words))
    took = (sends.groupby("subscriber_id")["send_at"].max() - entered()).sort_values(kind="stable")
    days = took.dt.total_seconds().quantile([0.5, 0.95]) / 86400
    local = sends["send_at"].dt
    night = ((local.hour >= 22) | (local.hour < 7)).mean()
    for fact in (
        "Sent 800 emails to 200 people ",
        "First send Thu 19 Feb 2026 ",
        "Last send Thu 9 Apr 2026 ",
        f"Half have their last email within {days[0.5]:.1f} days ",
        f"95 of 100 within {days[0.95]:.1f} days ",
        f"On Sat and Sun {(local.day_of_week >= 5).mean():.0%} ",
        f"At night (22:00 to 07:00) {night:.0%} ",
        f"Most in an hour {sends.groupby(local.floor('h')).size().max()} emails ",
    ):
        assert fact in facts
    # The fastest, the slowest and one in the middle, each with what `project` says of them.
    picked = [took.index[0], took.index[(len(took) - 1) // 2], took.index[-1]]
    names = [re.match(r"Subscriber (\d+), (.*): enters", each) for each in found.heading("h3")[:3]]
    assert [(int(each[1]), each[2]) for each in names] == [
        (picked[0], "the fastest"),
        (picked[1], "in the middle"),
        (picked[2], "the slowest"),
    ]
    theirs = pd.concat([sends[sends["subscriber_id"] == each] for each in picked])
    rows = found.table("Goes out", "Email", "Why then")
    assert [row[1:] for row in rows] == theirs[["subject", "reason"]].astype(str).to_numpy().tolist()
    clocks = [each.strftime("%a X%d %b %Y %H:%M").replace("X0", "X") for each in theirs["send_at"]]
    assert all(row[0].startswith(at.replace("X", "")) for row, at in zip(rows, clocks, strict=True))
    assert found.table("pos", "wait", "subject", "status", "sends") == [
        ["0", "at once", "Welcome, and your first recipe", "published", "200"],
        ["1", "2 hours", "What to buy on Saturday", "published", "200"],
        ["2", "1 day", "Three knives are enough", "published", "200"],
        ["3", "2 days, Tue and Thu", "A coupon for the cooking class", "published", "200"],
    ]
    assert simcore.lint(WELCOME)["message"][0] in found.words


def entered():
    return pd.to_datetime(ENTRIES.set_index("subscriber_id")["entered_at"], utc=True)


def test_it_can_be_read_by_machines_that_read_aloud(reported):
    found = reported({"now": WELCOME, "idea": EVENING}, SOME)
    levels = [int(tag[1]) for tag, _ in found.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(found.all("caption")) == len(found.all("table")) > 5
    assert all(each["scope"] == "col" for each in found.all("th"))
    pictures = found.all("img")
    assert len(pictures) == len(found.all("figcaption")) == 6
    assert all(len(each["alt"]) > 20 for each in pictures)
    assert found.all("html")[0]["lang"] == "en"


def test_the_switches_in_force_and_their_rules(reported):
    found = reported(WELCOME, entered_at=FRIDAY, assumptions=kit.Assumptions(day_count="elapsed"))
    switches = found.table("Switch", "Value", "What it decides", "Rule")
    known = kit.assumptions()
    assert [row[0] for row in switches] == known["name"].tolist()
    assert [row[3] for row in switches] == known["rule"].tolist()
    assert switches[0][1] == "elapsed (set; by default calendar)"
    assert [row[1] for row in switches[1:]] == known["default"].tolist()[1:]
    links = {each["href"] for each in found.all("a")}
    assert (
        links
        == {f"#{each['id']}" for each in found.all("article")}
        == {f"#rule-{rule}" for rule in known["rule"]}
    )
    assert simcore.rules("K10").title in " ".join(found.words)
    # Two of them, where scenarios differ in them.
    both = {"now": WELCOME, "other": WELCOME}
    found = reported(both, SOME, assumptions={"other": kit.Assumptions(day_count="elapsed")})
    switches = found.table("Switch", "Value", "What it decides", "Rule")
    assert len(switches) == 2 * len(known)
    assert "The switches in force for other" in found.words
    assert len(found.all("article")) == len({*known["rule"]})


def test_who_enters_at_an_instant(reported):
    found = reported(WELCOME, entered_at=["2026-03-06 21:07", pd.Timestamp("2026-03-09 10:00-04:00")])
    rows = found.table("Goes out", "Email", "Why then")
    assert [row[2] for row in rows[:4]] == FRIDAYS_REASONS
    assert rows[2] == ["Mon 9 Mar 2026 09:00 EDT", "Three knives are enough", FRIDAYS_REASONS[2]]
    assert found.heading("h3")[:2] == [
        "Somebody enters Fri 6 Mar 2026 21:07 EST",
        "Somebody enters Mon 9 Mar 2026 10:00 EDT",
    ]
    assert "In short" not in found.heading("h2")  # nobody is counted
    assert [each["alt"] for each in found.all("img")] == [
        "Timeline of 8 sends of 4 emails to 2 subscribers, Fri 6 Mar 2026 21:07 EST to Thu 12 Mar 2026 09:00 EDT."
    ]
    # With entries, instants are explained in the place of people.
    found = reported(WELCOME, SOME, entered_at=FRIDAY)
    assert [row[2] for row in found.table("Goes out", "Email", "Why then")] == FRIDAYS_REASONS
    assert "In short" in found.heading("h2")


def test_what_is_not_sent(reported):
    found = reported(WELCOME.replace(active=False), entered_at=FRIDAY)
    rows = found.table("Goes out", "Email", "Why then")
    assert [row[0] for row in rows] == ["not at all"] * 4
    assert rows[0][2] == "the sequence is not active, so nothing is sent"
    assert "Pictures" not in found.heading("h2")
    assert "error" in found.words
    found = reported(WELCOME.replace(active=False), SOME)
    assert "Nothing is sent: the sequence is not active, so nothing is sent." in found.words
    assert found.all("dt") == [{}]  # what was sent; there is no first of no sends
    assert not {"Pictures", "When it goes out, and why"} & {*found.heading("h2")}
    draft = WELCOME.replace(emails=())
    with pytest.warns(UserWarning, match="nothing to preview: the sequence has no emails"):
        found = reported(draft, entered_at=FRIDAY)
    assert "They get nothing." in found.words


def test_nothing_goes_out_from_the_end_on(reported):
    end = "2026-03-09 09:00"
    found = reported(WELCOME, entered_at=FRIDAY, until=end, naive_time_zone="America/New_York")
    assert [row[2] for row in found.table("Goes out", "Email", "Why then")] == FRIDAYS_REASONS[:2]
    assert (
        "A Kit sequence with 4 emails, times in America/New_York, nothing goes out from Mon 9 Mar 2026 09:00 EDT on"
        in found.words
    )
    assert [each["alt"][:22] for each in found.all("img")] == ["Timeline of 2 sends of"]
    found = reported(WELCOME, [FRIDAY], entered_at=FRIDAY, until="2026-03-09T09:00-04:00")
    sends = [row[-1] for row in found.table("pos", "wait", "subject", "status", "sends")]
    assert sends == ["1", "1", "0", "0"]
    assert len(found.table("Goes out", "Email", "Why then")) == 2
    found = reported(WELCOME.replace(active=False), entered_at=FRIDAY, until="2026-03-09T09:00-04:00")
    assert [row[0] for row in found.table("Goes out", "Email", "Why then")] == ["not at all"] * 4


def test_a_page_says_nothing_of_arguments(reported):
    for sequence, until, told in (
        (WELCOME.replace(emails=[]), None, "Nothing is sent: the sequence has no emails."),
        (WELCOME, "2026-03-06T00:00Z", "Nothing is sent: all entries are at or after the end."),
        (DRAFTS, None, "Nothing is sent: no email is published."),
    ):
        words, _, _ = " ".join(reported(sequence, [FRIDAY], until=until).words).partition("What is assumed")
        assert told in words
        assert "until=" not in words
        assert "=True" not in words


def test_one_of_two_platforms_enrols_by_events(reported):
    onboarding = sequenzy.load(simcore.example("onboarding"))
    events = pd.read_csv(simcore.example("sequenzy_events")).drop(columns="properties")
    zones = dict.fromkeys(events["subscriber_id"], "Asia/Tokyo")
    both = {"kit": WELCOME, "sequenzy": onboarding}
    found = reported(both, events=events, entered_at=FRIDAY, time_zones=zones)
    rows = found.table("Schedule", *report._MEASURES)
    sent = len(simcore.project(onboarding, events=events, time_zones=zones))
    assert [row[:1] for row in rows] == [["sequenzy"]]
    assert rows[0][1].startswith(f"{sent} emails to ")


def test_drafts_that_are_treated_as_published(reported):
    drafts = WELCOME.replace_email(3, published=False)
    told = "A Kit sequence with 4 emails, times in America/New_York, drafts treated as published"
    found = reported(drafts, [FRIDAY], include_drafts=True)
    assert told in found.words
    assert len(found.table("Goes out", "Email", "Why then")) == 4
    found = reported(drafts, [FRIDAY])
    assert told not in found.words
    assert len(found.table("Goes out", "Email", "Why then")) == 3


def test_clock_changes_are_looked_for_from_the_earliest_entry_on(reported):
    letters = kit.load(simcore.example("letters"))
    entries = ["2026-11-05T12:00Z", "2026-01-05T12:00Z"]  # of which the later one comes first
    found = reported(letters, entries)
    whole = simcore.lint(letters, as_of="2026-01-05T12:00Z")["message"]
    assert {*whole} <= {*found.words}
    assert {*whole} != {*simcore.lint(letters, as_of="2026-11-05T12:00Z")["message"]}
    named = {"as_of": "2026-01-05 13:00", "naive_time_zone": "Europe/Berlin"}
    assert {*whole} <= {*reported(letters, entries[:1], **named).words}


def test_people_who_take_equally_long(reported):
    at_once = WELCOME.replace(emails=WELCOME.emails[:1])
    found = reported(at_once, [FRIDAY, "2026-03-09T10:00-04:00"])
    assert found.heading("h3")[0] == "Subscriber 0: enters Fri 6 Mar 2026 21:07 EST"
    assert len(found.table("Goes out", "Email", "Why then")) == 1


def test_who_is_through_counts_more_than_who_is_on_the_way(reported):
    entries = [FRIDAY, "2026-03-11T21:07-04:00"]
    found = reported(WELCOME, entries, until="2026-03-13T00:00Z")
    assert [text for text in found.heading("h3") if text.startswith("Subscriber")] == [
        "Subscriber 0: enters Fri 6 Mar 2026 21:07 EST"
    ]
    found = reported(WELCOME, entries, until="2026-03-12T12:00Z")
    assert [text for text in found.heading("h3") if text.startswith("Subscriber")] == [
        "Subscriber 1, the fastest: enters Wed 11 Mar 2026 21:07 EDT",
        "Subscriber 0, the slowest: enters Fri 6 Mar 2026 21:07 EST",
    ]


def test_events_enrol(reported):
    onboarding = sequenzy.load(simcore.example("onboarding"))
    events = pd.read_csv(simcore.example("sequenzy_events")).drop(columns="properties")
    found = reported(onboarding, events=events, enabled_at="2026-03-01T00:00Z")
    life = simcore.simulate(onboarding, events=events, enabled_at="2026-03-01T00:00Z")
    sends = [int(row[-1]) for row in found.table("pos", "wait", "step", "id", "sends")]
    assert sends == life.timeline["position"].value_counts().sort_index().tolist()
    assert "1 entry started no run: 1 came again." in found.words
    explained = simcore.project(onboarding, events=events, enabled_at="2026-03-01T00:00Z", explain=True)
    told = {row[2] for row in found.table("Goes out", "Email", "Why then")}
    assert told
    assert told <= {*explained["reason"]}


def test_two_schedules(reported):
    found = reported({"now": WELCOME, "idea": EVENING}, SOME)
    assert found.heading("h1") == ["now and idea, compared"]
    heads = ["Schedule", *report._MEASURES]
    rows = found.table(*heads)
    assert [row[:2] for row in rows] == [
        ["now", "48 emails to 12 people"],
        ["idea", "48 emails to 12 people"],
    ]
    assert found.table("Email", "Earlier", "Later", "Unchanged", "Gained", "Lost", "Half moves by") == [
        ["Welcome, and your first recipe", "0", "0", "12", "0", "0", "not at all"],
        ["What to buy on Saturday", "0", "0", "12", "0", "0", "not at all"],
        ["Three knives are enough", "0", "12", "0", "0", "0", "9 hours later"],
        ["A coupon for the cooking class", "0", "12", "0", "0", "0", "9 hours later"],
    ]
    cases = found.table("Schedule", "Goes out", "Email", "Why then")
    assert len(cases) == 3 * 8
    assert [row[0] for row in cases[:8]] == ["now"] * 4 + ["idea"] * 4
    assert (
        len([each for each in found.all("div") if "finding" in each.get("class", "")]) == 1
    )  # the same in both
    found = reported({"idea": EVENING, "now": WELCOME}, SOME)
    assert [
        row[-1]
        for row in found.table("Email", "Earlier", "Later", "Unchanged", "Gained", "Lost", "Half moves by")
    ] == [
        "not at all",
        "not at all",
        "9 hours earlier",
        "9 hours earlier",
    ]
    # Of three, nobody says which moves to which.
    found = reported({"now": WELCOME, "idea": EVENING, "third": WELCOME.replace(send_hour=7)}, SOME)
    assert found.heading("h1") == ["now, idea and third, compared"]
    assert "How far each email moves" not in found.heading("h3")


def test_schedules_that_share_no_email(reported):
    letters = kit.load(simcore.example("letters"))
    found = reported({"now": WELCOME, "letters": letters}, SOME)
    assert "No email is in both: emails are matched by their ids." in found.words
    findings = [text for text in found.heading("h3") if text in {"now", "letters"}]
    assert findings == ["now", "letters"] * 2  # findings, and emails
    off = reported({"now": WELCOME, "off": WELCOME.replace(active=False)}, SOME)
    rows = off.table("Schedule", *report._MEASURES)
    assert rows[1] == ["off", "0 emails to 0 people", *[""] * 7]
    assert "off: nothing is sent: the sequence is not active, so nothing is sent." in off.words
    # Who is explained goes through the first that sends.
    other = reported({"off": WELCOME.replace(active=False), "now": WELCOME}, SOME)
    cases = [row for row in other.table("Schedule", "Goes out", "Email", "Why then") if row[0] == "now"]
    assert [row[1:] for row in cases] == [
        row[1:] for row in off.table("Schedule", "Goes out", "Email", "Why then") if row[0] == "now"
    ]
    moves = off.table("Email", "Earlier", "Later", "Unchanged", "Gained", "Lost", "Half moves by")
    assert moves == []
    assert "No email is in both: emails are matched by their ids." in off.words


def test_two_platforms(reported):
    onboarding = sequenzy.load(simcore.example("onboarding"))
    found = reported({"kit": WELCOME, "sequenzy": onboarding}, entered_at=FRIDAY)
    cases = found.table("Schedule", "Goes out", "Email", "Why then")
    assert [row[1] for row in cases if row[0] == "sequenzy"] == [
        "Mon 9 Mar 2026 08:00 EET",
        "Tue 10 Mar 2026 08:00 EET",
        "Wed 11 Mar 2026 08:00 EET",
    ]
    names = [row[0] for row in found.table("Switch", "Value", "What it decides", "Rule")]
    assert names == [*kit.assumptions()["name"], *sequenzy.assumptions()["name"]]


def test_an_email_that_only_one_has(reported):
    more = WELCOME.replace(emails=WELCOME.emails[:3])
    found = reported({"now": WELCOME, "less": more}, SOME)
    moves = found.table("Email", "Earlier", "Later", "Unchanged", "Gained", "Lost", "Half moves by")
    assert moves[-1] == ["A coupon for the cooking class", "0", "0", "0", "0", "12", ""]


def test_somebody_who_gets_nothing_in_the_other(reported):
    without = WELCOME.replace(exclude_subscriber_sources=[{"type": "tag", "ids": [7]}])
    events = [{"subscriber_id": 1055, "at": "2026-01-01T00:00Z", "event": "tag_added", "ref": 7}]
    found = reported({"now": WELCOME, "without": without}, SOME.iloc[:1], events=pd.DataFrame(events))
    assert "without: 1 entry started no run: 1 is excluded." in found.words
    cases = found.table("Schedule", "Goes out", "Email", "Why then")
    assert [row[0] for row in cases] == ["now"] * 4


def test_a_sequence_that_does_not_show_itself(reported, monkeypatch):
    monkeypatch.setattr(report, "Shown", int)
    found = reported(WELCOME, SOME)
    assert found.table("pos", "subject", "sends")[0] == ["0", "Welcome, and your first recipe", "12"]


def test_a_platform_without_switches_or_rules(reported, monkeypatch):
    monkeypatch.setattr(report, "every", dict)
    found = reported(WELCOME, entered_at=FRIDAY)
    assert found.table("Switch", "Value", "What it decides", "Rule")[0][3] == "K7"
    assert "The rules behind the switches" not in found.heading("h2")
    monkeypatch.setattr(report, "switches", lambda kind: kit.assumptions()[:0])
    assert "What is assumed" not in reported(WELCOME, entered_at=FRIDAY).heading("h2")


def test_texts_are_texts(reported):
    hostile = WELCOME.replace_email(2, subject=HOSTILE).replace(name=f"{HOSTILE}\n\x1b[31m")
    entries = pd.DataFrame({
        "subscriber_id": [HOSTILE, "b"],
        "entered_at": [FRIDAY, "2026-03-09T10:00-04:00"],
    })
    for found in (reported(hostile, entries), reported({HOSTILE: hostile, "'\"><u>": WELCOME}, entries)):
        assert {tag for tag, _ in found.tags}.isdisjoint({"script", "u", "iframe", "link"})
        assert all(each["src"].startswith("data:") for each in found.all("img"))
        assert not any(name.startswith("on") for _, attrs in found.tags for name in attrs)
        emails = found.table("pos", "wait", "subject", "status", "sends")
        assert emails[2][2] == HOSTILE
        assert "\x1b" not in "".join(found.words)
        assert any(text.startswith(f"Subscriber {HOSTILE}, ") for text in found.heading("h3"))
    assert HOSTILE in found.heading("h1")[0]


# pictures


@pytest.mark.slow
def test_pictures_are_drawn_into_the_page(tmp_path):
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    for path in (first, second):
        simcore.write_report(WELCOME, path, SOME.iloc[:2])
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text("utf-8")
    found = Page(text)
    data = [each["src"] for each in found.all("img")] + [each["srcset"] for each in found.all("source")]
    assert len({*data}) == len(data) == 4 * 3  # on light and dark paper, wide and narrow
    assert all(each.startswith("data:image/svg+xml;base64,") for each in data)
    assert "default-src 'none'" in text
    assert "//" not in re.sub(r"base64,[\w+/=]*", "", text)


def test_which_pictures(reported):
    alts = [each["alt"] for each in reported(WELCOME, ENTRIES).all("img")]
    assert alts == [
        "Timeline of 800 sends of 4 emails to 200 subscribers, Thu 19 Feb 2026 19:42:16 EST to Thu 9 Apr 2026 09:00 "
        "EDT.",
        "Sends a day, by email: 42 at most.",
        "Calendar of the sends from February 2026 to April 2026.",
    ]
    every_day = WELCOME.replace(send_days=WEEKDAYS, emails=WELCOME.emails[:2])
    assert reported(every_day, [FRIDAY]).all("img")[1]["alt"] == "Sends an hour, by email: 1 at most."
    alts = [each["alt"] for each in reported({"now": WELCOME, "idea": EVENING}, SOME).all("img")]
    assert alts[1] == "How far each of 4 emails moves from now to idea: 24 later, 24 unchanged."


def test_pictures_stay_small(reported):
    """An entry of another century, such as a slip of the pen, and hundreds of emails make no page of 100 MB."""
    alts = [each["alt"] for each in reported(WELCOME, ["1996-03-06T21:07Z", FRIDAY]).all("img")]
    many = kit.Sequence(
        name="Many",
        emails=[
            kit.Email(id=at, subject=f"Day {at}", delay_value=1, delay_unit="days", published=True)
            for at in range(1, 201)
        ],
    )
    assert alts[1:] == ["Sends a week, by email: 3 at most."]  # and no calendar of 360 months
    alts = [each["alt"] for each in reported(many, [FRIDAY]).all("img")]
    assert alts[1] == "Sends a day: 1 at most."  # not one row for each of 200 emails
    assert alts[2].startswith("Calendar of the sends from March 2026")


@pytest.mark.slow
def test_long_spans_and_many_emails(tmp_path, chain):
    entries = [f"{year}-{month:02}-05T12:00Z" for year in (2026, 2027) for month in (1, 4, 7, 10)]
    simcore.write_report(chain(*[(1, "days")] * 20), tmp_path / "page.html", entries)
    found = Page((tmp_path / "page.html").read_text("utf-8"))
    assert found.all("img")[2]["alt"] == "Calendar of the sends from January 2026 to October 2027."


# files, and mistakes


def test_whole_or_not_at_all(tmp_path, quick, text_of):
    path = tmp_path / "page.html"
    path.write_text("old")
    text_of(EntryError, simcore.write_report, WELCOME, path, ["yesterday"])
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    simcore.write_report(WELCOME, str(path), [FRIDAY])
    assert path.read_bytes().startswith(b"<!doctype html>")
    assert text_of(SimcoreError, simcore.write_report, WELCOME, tmp_path, [FRIDAY]) == (
        f"{tmp_path}: cannot be written: not an ordinary file"
    )


MISSING = "entries: missing, expected who enters"


@pytest.mark.parametrize(
    ("sequences", "named", "told"),
    [
        (WELCOME, {}, f"{MISSING}, or entered_at= to explain an entry"),
        (WELCOME, {"events": []}, f"{MISSING}, or entered_at= to explain an entry"),
        ({}, {}, "sequences: found {}, expected a sequence, or a dict of them by name"),
        ({"": WELCOME}, {"entries": [FRIDAY]}, "sequences: found the name '', expected text"),
        ({1: WELCOME}, {"entries": [FRIDAY]}, "sequences: found the name 1, expected text"),
        ({"\ud800": WELCOME}, {"entries": [FRIDAY]}, "sequences: found the name '\\ud800', expected text"),
        (WELCOME, {"entered_at": []}, "entered_at: found [], expected an instant, or a list of them"),
        (
            {"now": WELCOME},
            {"entries": [FRIDAY], "assumptions": {"then": None}},
            "assumptions: no scenario 'then'; there are: now",
        ),
        (
            WELCOME,
            {"entered_at": FRIDAY, "time_zones": "Asia/Tokyo"},
            "time_zones: only with entries, or events that enrol them: leave it out",
        ),
        (
            WELCOME,
            {"entered_at": FRIDAY, "until": "soon"},
            "until: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00",
        ),
        (
            WELCOME,
            {"entered_at": FRIDAY, "enabled_at": FRIDAY},
            "enabled_at: this platform's sequences have no trigger to switch on: leave it out",
        ),
        (
            WELCOME,
            {"entered_at": "03/06/2026"},
            "entered_at: '03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
        ),
    ],
)
def test_mistakes(sequences, named, told, tmp_path, quick):
    with pytest.raises(SimcoreError) as caught:
        simcore.write_report(sequences, tmp_path / "page.html", **named)
    assert str(caught.value) == told
    assert not [*tmp_path.iterdir()]


def test_more_mistakes(tmp_path, quick, monkeypatch, text_of):
    onboarding = sequenzy.load(simcore.example("onboarding"))
    told = text_of(SimcoreError, simcore.write_report, onboarding, tmp_path / "page.html")
    assert told == f"{MISSING}, or events that enrol them, or entered_at= to explain an entry"
    told = text_of(SimcoreError, simcore.write_report, 5, tmp_path / "page.html", [FRIDAY])
    assert told.startswith("sequence: found 5, expected one as loaded by ")
    with pytest.raises(TypeError, match="unexpected keyword argument 'explain'"):
        simcore.write_report(WELCOME, tmp_path / "page.html", [FRIDAY], explain=True)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    told = text_of(SimcoreError, simcore.write_report, WELCOME, tmp_path / "page.html", [FRIDAY])
    assert told == 'pictures need matplotlib: pip install "simcore[plot]"'


# the command line


@pytest.fixture
def shipped(_here, quick):
    """The names of files: of a sequence, of another one, and of entries."""
    kit_json = Path("now.json")
    kit_json.write_bytes(simcore.example("welcome").read_bytes())
    Path("idea.json").write_text(kit_json.read_text().replace('"send_hour": 9', '"send_hour": 18'))
    SOME.to_csv("entries.csv", index=False)
    return "now.json", "idea.json", "entries.csv"


def shown(name="r.html"):
    return Page(Path(name).read_text("utf-8"))


def test_a_page_from_files(shipped):
    now, idea, entries = shipped
    told = run("report", now, entries, "-o", "r.html").stdout
    assert re.fullmatch(r"\d+ kB, in r\.html: open it in a browser\n", told)
    assert shown().heading("h1") == ["Welcome series"]
    assert shown().table("pos", "wait", "subject", "status", "sends")[0][-1] == "12"
    run("report", now, idea, entries, "-o", "r.html")
    assert shown().heading("h1") == ["now and idea, compared"]
    run("report", now, idea, "--entered", "2026-03-06 21:07", "--entered", "2026-03-09", "-o", "r.HTM")
    assert len(shown("r.HTM").table("Schedule", "Goes out", "Email", "Why then")) == 2 * 8
    found = run("report", now, "--entered", "2026-03-06 21:07", "-o", "r.html", "--json")
    assert found.stdout.split() == [
        "{",
        '"file":',
        '"r.html",',
        '"bytes":',
        str(Path("r.html").stat().st_size),
        "}",
    ]
    assert [row[2] for row in shown().table("Goes out", "Email", "Why then")] == FRIDAYS_REASONS
    told = run("report", now, "--entered", "2026-03-06", "--as-of", "2026-01-01", "-o", "r.html").stdout
    assert "open it in a browser" in told


def test_rows_that_cannot_be_used_are_set_aside(shipped):
    now, *_ = shipped
    Path("bad.csv").write_text("subscriber_id,entered_at\na,2026-03-06 21:07\nb,yesterday\n")
    run("report", now, "bad.csv", "-o", "r.html", "--on-error", "quarantine")
    assert Path("bad.quarantine.csv").exists()
    assert shown().table("pos", "wait", "subject", "status", "sends")[0][-1] == "1"


@pytest.mark.usefixtures("_here", "quick")
def test_events_from_a_file():
    onboarding, events = (str(simcore.example(name)) for name in ("onboarding", "sequenzy_events"))
    run("report", onboarding, "--events", events, "--enabled-at", "2026-03-01", "-o", "r.html")
    assert shown().heading("h1") == ["Onboarding"]
    assert shown().table("pos", "wait", "step", "id", "sends")[0][-1] == "12"


def test_mistakes_on_the_command_line(shipped):
    now, idea, entries = shipped
    at = ("--entered", "2026-03-06")
    for arguments, told in (
        (
            (now, "-o", "r.html"),
            "ENTRIES: missing, expected a file of the people who enter, or --entered TIME to explain an entry",
        ),
        ((now, entries, "-o", "r.pdf"), "r.pdf: expected a name that ends in .html"),
        (
            (now, idea, "--emails", "x.json", *at, "-o", "r.html"),
            "--emails: only for one sequence: give each of several in a file with its emails",
        ),
        *(
            ((now, option, value, *at, "-o", "r.html"), f"{option}: only with ENTRIES or --events")
            for option, value in (("--time-zones", "zone"), ("--column", "entered_at=x"), ("--unit", "s"))
        ),
        (
            (simcore.example("onboarding"), "--enabled-at", "2026-01-01", *at, "-o", "r.html"),
            "--enabled-at: only with ENTRIES or --events",
        ),
        (
            (now, *at, "--on-error", "skip", "-o", "r.html"),
            "--on-error: found 'skip', expected 'stop' or 'quarantine'",
        ),
        ((now, "nothing.csv", "-o", "r.html"), "nothing.csv: No such file or directory"),
    ):
        assert refused("report", *arguments) == told
    Path("in.html").write_text("subscriber_id,entered_at\n")
    assert refused("report", now, "in.html", "-o", "in.html") == "in.html: cannot be written: it is an input"
    assert not Path("r.html").exists()
