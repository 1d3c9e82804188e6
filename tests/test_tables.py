"""What sequences, simulations and previews look like, as text and as HTML; hostile texts do nothing there."""

import copy
import pickle
import unicodedata
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy
from simcore.text.tables import Table, cut, visible
from simcore.text.wording import part_of_week, weekdays

ENTERED = "2026-03-06 21:07"
HEART = "\N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE}"
SIGNS = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
HOSTILE = {  # as it is, and as it is shown
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "attribute": ("\" onload='x' &amp; </td></table>", "\" onload='x' &amp; </td></table>"),
    "lines": ("a\nb\r\n\tc\x0b\x0c\x85\u2028\u2029", "a\\nb\\r\\n\\tc\\x0b\\x0c\\x85\\u2028\\u2029"),
    "bidi": (f"{BIDI}gpj.exe", "".join(f"\\u{ord(char):04x}" for char in BIDI) + "gpj.exe"),
    "terminal": ("\x1b[31mred\x1b]0;t\x07\x9b2J\x7f", "\\x1b[31mred\\x1b]0;t\\x07\\x9b2J\\x7f"),
    "null": ("a\x00b", "a\\x00b"),
    "backspace": ("safe\b\b\b\bevil", "safe\\x08\\x08\\x08\\x08evil"),
    "invisible": ("a\u200bb\u2060\ufeffc\u00ad\U000e0041", "a\\u200bb\\u2060\\ufeffc\\xad\\U000e0041"),
    "spaces": ("a\u00a0b\u3000c\u2009", "a b c "),
    "joined": (f"{SIGNS} {HEART}", f"{SIGNS} {HEART}"),
    "joiner": ("a\u200db\u200d", "a\\u200db\\u200d"),
    "letters": ("Ünï Ελλ שלום 中文 e\u0301", "Ünï Ελλ שלום 中文 e\u0301"),
}  # fmt: skip
IN_PLACE = pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, from 3.1 on
EVERYTHING = [pytest.param(*texts, id=name) for name, texts in HOSTILE.items()]


class Page(HTMLParser):
    """The rows of the tables of some HTML, the texts outside them, and all tags and attributes."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.rows, self.outside, self.tags, self.attributes, self.open = [], [], [], set(), []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attributes}
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data
        else:
            self.outside.append(data)


def page(shown):
    """What the HTML of something holds: harmless, and a table as wide everywhere."""
    found = Page(shown._repr_html_())
    assert {*found.tags} <= {"p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    assert found.attributes == {"style"}
    assert len({len(row) for row in found.rows}) == 1
    return found


def in_cell(text):
    """As a cell of a terminal's table has it."""
    return text.rstrip() if len(text) <= 60 else f"{text[:59]}…"


def email(subject, **named):
    return kit.Email(subject=subject, **({"delay_value": 1, "delay_unit": "days", "published": True} | named))


def step(subject, **named):
    return {"subject": subject, "html": "<p>x</p>"} | named


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(("text", "expected"), EVERYTHING)
def test_visible(text, expected):
    assert visible(text) == expected
    assert cut(text) == expected


def test_half_a_character():
    assert visible("a\ud800b\udfff") == "a\\ud800b\\udfff"
    visible("a\ud800b").encode()


@given(st.text(st.characters(), max_size=60))
def test_nothing_that_is_obeyed_is_left(text):
    found = visible(text)
    signs = found.replace("\u200d", "")
    assert signs.isprintable()
    assert not {unicodedata.category(char) for char in signs} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not set(BIDI) & set(found)
    found.encode()
    assert visible(found) == found
    if text.isascii() and text.isprintable():
        assert found == text


@given(st.text(st.characters(), max_size=60), st.integers(2, 40))
def test_cut(text, most):
    found = cut(text, most)
    assert len(found) <= most
    whole = visible(text)
    assert found == whole if len(whole) <= most else found == f"{whole[: most - 1]}…"


def test_long_texts_are_short():
    assert cut("x" * 10_000) == f"{'x' * 319}…"
    assert cut("x" * 320) == "x" * 320
    assert len(cut("\x1b" * 10_000)) == 320


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (range(7), "every day"),
        ({0, 1, 2, 3, 4}, "Mon to Fri"),
        ([6, 5], "Sat and Sun"),
        ({1, 3}, "Tue and Thu"),
        ({0, 2, 4}, "Mon, Wed and Fri"),
        ({4, 5, 6}, "Fri to Sun"),
        ({0, 6}, "Mon and Sun"),
        ({0, 1, 2, 3, 4, 6}, "Mon, Tue, Wed, Thu, Fri and Sun"),
        ([2], "Wed"),
        ([], "no day"),
        ([1, 1, 3], "Tue and Thu"),
    ],
)
def test_weekdays(days, expected):
    assert weekdays(days) == expected


def test_part_of_week():
    assert part_of_week(range(5), 480, 1200) == "Mon to Fri 08:00 to 20:00"
    assert part_of_week([], 0, 1440) == "no day 00:00 to 24:00"


def test_more_is_said_below():
    table = Table("Head", ("a", "b"), [(1, "<x>")], more="and 3 <more>")
    assert table.text() == "Head\na  b\n1  <x>\nand 3 <more>"
    assert table.html().endswith("</table><p>and 3 &lt;more&gt;</p>")


# ---------------------------------------------------------------- sequences


def test_a_kit_sequence():
    sequence = kit.Sequence(
        name="Welcome",
        send_days=["tuesday", "monday"],
        send_hour=7,
        time_zone="Asia/Tokyo",
        active=False,
        repeat=True,
        hold=True,
        exclude_subscriber_sources=[{"type": "tag", "ids": [1]}],
        emails=[
            email("Now", delay_value=0),
            email("One", delay_unit="hours"),
            email("Two", delay_value=2, published=False),
            email("Own", send_days=["friday", "sunday"]),
        ],
    )
    assert repr(sequence) == str(sequence) == (
        "Welcome: Mon and Tue at 07:00 Asia/Tokyo, not active, repeats, holds, with exclusions\n"
        "pos  wait                subject  status\n"
        "0    at once             Now      published\n"
        "1    1 hour              One      published\n"
        "2    2 days              Two      draft\n"
        "3    1 day, Fri and Sun  Own      published"
    )  # fmt: skip
    found = page(sequence)
    assert found.outside == [
        "Welcome: Mon and Tue at 07:00 Asia/Tokyo, not active, repeats, holds, with exclusions"
    ]
    assert found.rows == [
        ["pos", "wait", "subject", "status"],
        ["0", "at once", "Now", "published"],
        ["1", "1 hour", "One", "published"],
        ["2", "2 days", "Two", "draft"],
        ["3", "1 day, Fri and Sun", "Own", "published"],
    ]
    assert repr(kit.Sequence(name="S", send_days=())) == (
        "S: no day at 11:00 America/New_York\npos  wait  subject  status"
    )


def test_a_sequenzy_sequence():
    sequence = sequenzy.Sequence(
        name="Welcome",
        trigger="tag_added",
        tagName="new",
        enrollmentMode="one_time",
        stopCondition={"type": "has_tag", "value": "x"},
        sendingWindow={
            "timezone": "Europe/Kyiv",
            "startTime": "08:00",
            "endTime": "20:00",
            "days": ["sat", "sun"],
        },
        steps=[step("Now"), step("Later", id="late", delay={"days": 2}), {"type": "sms", "text": "x"}],
    )
    lines = repr(sequence).split("\n")
    assert lines[0] == (
        "Welcome: tag_added new, one_time, emails Sat and Sun 08:00 to 20:00 Europe/Kyiv, stops on has_tag"
    )
    assert [line.split()[0] for line in lines[1:]] == ["pos", "0", "1", "2"]
    assert page(sequence).rows[1:] == [
        ["0", "at once", "Now", "step-1"],
        ["1", "2 days", "Later", "late"],
        ["2", "at once", "sms", "step-3"],
    ]
    goal = sequenzy.Sequence(name="S", trigger="contact_added", goal="Greet <them>")
    assert repr(goal) == "S: contact_added, unlimited, still to be written: Greet <them>\npos  wait  step  id"


@pytest.mark.parametrize(("text", "expected"), EVERYTHING)
def test_hostile_sequences(text, expected):
    """Text is spelt out, HTML escaped besides; each email stays one line and one row."""
    subject, name = f"S{text}", f"N{text}"
    of_kit = kit.Sequence(name=name, emails=[email(subject), email("plain")])
    of_sequenzy = sequenzy.Sequence(
        name=name, trigger="contact_added", steps=[step(subject, id=f"I{text}"), step("x")]
    )
    for sequence, column in ((of_kit, 2), (of_sequenzy, 2), (of_sequenzy, 3)):
        told = repr(sequence)
        assert len(told.split("\n")) == 4
        assert len(told.splitlines()) == 4
        head, _, line, _ = told.split("\n")
        assert head.startswith(f"N{expected}")
        assert in_cell(f"S{expected}") in line
        found = page(sequence)
        assert len(found.rows) == 3
        assert found.rows[1][column] == f"{'SI'[column - 2]}{expected}"
        assert found.outside[0].startswith(f"N{expected}")


def test_texts_of_ten_thousand_characters():
    of_kit = kit.Sequence(name="N" * 10_000, emails=[email("S" * 10_000)])
    of_sequenzy = sequenzy.Sequence(
        name="N" * 10_000,
        trigger="tag_added",
        tagName="T" * 10_000,
        steps=[step("S" * 10_000, id="I" * 10_000)],
    )
    for sequence in (of_kit, of_sequenzy):
        assert len(repr(sequence)) < 700
        assert len(sequence._repr_html_()) < 2500
        assert f" {'S' * 59}… " in f"{sequence!r} "
        assert page(sequence).rows[1][2] == f"{'S' * 319}…"


def test_columns_stand_in_line():
    sequence = kit.Sequence(name="S", emails=[email("x" * 70), email("y")])
    _, head, first, second = repr(sequence).split("\n")
    assert {line.index(word) for line, word in ((head, "status"), (first, "pub"), (second, "pub"))} == {
        5 + 7 + 62
    }
    assert f"{'x' * 59}…  published" in first


# ---------------------------------------------------------------- simulations


def test_a_simulation(chain):
    sequence = chain((0, "days"), (1, "days"), repeat=False)
    entries = pd.Series(["2026-03-06T21:07:30-05:00"] * 3, index=["a", "a", "b"])
    events = pd.DataFrame({"subscriber_id": ["b"], "at": ["2026-03-07T00:00Z"], "event": ["unsubscribed"]})
    life = simcore.simulate(sequence, entries, events=events)
    # a has two, b leaves two hours before midnight in UTC and has none; 2:07:30 of the 7th is the entry.
    assert (
        repr(life)
        == str(life)
        == (
            "A simulation: 2 sends, Fri 6 Mar 2026 21:07:30 EST to Sat 7 Mar 2026 11:00 EST\n"
            "table        rows  what\n"
            "timeline     2     2 emails\n"
            "subscribers  1     1 completed\n"
            f"journal      4     {', '.join(f'{n} {what}' for what, n in counted(life.journal['what']))}"
        )
    )
    found = page(life)
    assert found.rows[0] == ["table", "rows", "what"]
    assert [row[:2] for row in found.rows[1:]] == [["timeline", "2"], ["subscribers", "1"], ["journal", "4"]]


def counted(values):
    """How often each comes, in the order of the categories."""
    return [(name, values.tolist().count(name)) for name in values.cat.categories if name in values.tolist()]


def test_an_empty_simulation_and_parts_of_one(chain):
    life = simcore.simulate(chain((0, "days")), [])
    assert repr(life) == (
        "A simulation: 0 sends\ntable        rows  what\ntimeline     0     0 emails\nsubscribers  0\njournal      0"
    )
    assert len(page(life).rows) == 4
    life = simcore.simulate(chain((0, "days")), ["2026-03-06T12:00Z"] * 2)
    part = life._replace(timeline=life.timeline[:1])
    assert repr(part).startswith(
        "A simulation: 1 send, Fri 6 Mar 2026 07:00 EST to Fri 6 Mar 2026 07:00 EST\n"
    )
    assert "\ntimeline     1     1 email\n" in repr(part)
    timeline, subscribers, journal = life
    assert (timeline is life.timeline, subscribers is life[1], journal is life[2]) == (True,) * 3
    again = pickle.loads(pickle.dumps(life))
    assert type(again) is simcore.Simulation
    assert repr(again) == repr(life)


# ---------------------------------------------------------------- previews


@pytest.fixture
def preview(chain):
    """Of three emails, the last on Monday."""
    sequence = chain((0, "days"), (2, "hours"), (1, "days"), send_hour=9, send_days=["monday", "tuesday"])
    return simcore.preview(sequence, ENTERED)


def plain(found):
    return pd.DataFrame({name: found[name].array for name in found.columns}, index=found.index)


def test_a_preview_is_shown_in_full(preview):
    lines = repr(preview).split("\n")
    assert str(preview) == repr(preview)
    assert lines[:2] == ["Times in America/New_York", "pos  send time                 subject"]
    assert lines[2::2] == [
        "0    Fri 6 Mar 2026 21:07 EST  A",
        "1    Fri 6 Mar 2026 23:15 EST  B",
        "2    Mon 9 Mar 2026 09:00 EDT  C",
    ]
    assert lines[3::2] == [f"    {reason}" for reason in preview["reason"]]
    found = page(preview)
    assert found.rows[0] == ["pos", "send time", "subject", "reason"]
    assert found.rows[3] == ["2", "Mon 9 Mar 2026 09:00 EDT", "C", preview["reason"].iloc[2]]
    assert len(found.rows) == 4


def test_what_is_not_sent_and_what_is_not_there(chain):
    found = simcore.preview(chain((1, "days"), active=False), ENTERED)
    assert [row[1:3] for row in page(found).rows[1:]] == [["not sent", "A"]]
    assert "\n0    not sent   A\n" in repr(found)
    with pytest.warns(UserWarning, match="nothing to preview"):
        found = simcore.preview(kit.Sequence(name="S"), ENTERED)
    assert repr(found) == "Times in America/New_York\npos  send time  subject"
    assert page(found).rows == [["pos", "send time", "subject", "reason"]]


@pytest.mark.parametrize(("text", "expected"), EVERYTHING)
def test_hostile_previews(text, expected):
    sequence = kit.Sequence(name="S", time_zone="UTC", emails=[email(f"S{text}"), email("plain")])
    found = simcore.preview(sequence, ENTERED)
    assert len(repr(found).splitlines()) == 6
    assert in_cell(f"S{expected}") in repr(found)
    assert [row[2] for row in page(found).rows[1:]] == [f"S{expected}", "plain"]
    assert found["subject"].tolist() == [f"S{text}", "plain"]


def test_it_is_a_dataframe_like_any(preview):
    usual = plain(preview)
    assert isinstance(preview, pd.DataFrame)
    assert preview.equals(usual)
    assert usual.equals(preview)
    pd.testing.assert_frame_equal(preview, usual, check_frame_type=False)
    for name in usual:
        pd.testing.assert_series_equal(preview[name], usual[name])
        assert type(preview[name]) is pd.Series
    assert preview.to_dict() == usual.to_dict()
    assert preview.to_csv() == usual.to_csv()


@pytest.mark.parametrize(
    "derive",
    [
        lambda found: found[["send_at"]],
        lambda found: found[found["email_id"] > 100],
        lambda found: found.loc[:],
        lambda found: found.iloc[:2],
        lambda found: found.head(1),
        lambda found: found.drop(columns="reason"),
        lambda found: found.rename(columns=str.upper),
        lambda found: found.reset_index(),
        lambda found: found.sort_values("send_at"),
        lambda found: found.assign(x=1),
        lambda found: found.copy(),
        copy.copy,
        copy.deepcopy,
        lambda found: found.merge(found, on="email_id"),
        lambda found: pd.concat([found, found]),
        lambda found: found.T,
        lambda found: found.isna(),
        lambda found: found.groupby("email_id").first(),
    ],
)
def test_what_is_made_of_it_is_a_plain_one(preview, derive):
    found = derive(preview)
    assert type(found) is pd.DataFrame
    expected = derive(plain(preview))
    pd.testing.assert_frame_equal(found, expected)
    assert repr(found) == repr(expected)


def test_pickled(preview):
    again = pickle.loads(pickle.dumps(preview))
    pd.testing.assert_frame_equal(again, preview)
    assert repr(again) == repr(preview)


@IN_PLACE
def test_changed_in_its_place(preview):
    usual = plain(preview)
    preview.drop(columns="reason", inplace=True)  # noqa: PD002  that it may be done so is what is tested
    pd.testing.assert_frame_equal(preview, usual.drop(columns="reason"), check_frame_type=False)
    found = page(preview)
    assert found.rows[0] == ["pos", "email_id", "subject", "send_at", "wait"]
    assert found.outside == ["A preview"]
    assert [row[:3] for row in found.rows[1:]] == [["0", "100", "A"], ["1", "101", "B"], ["2", "102", "C"]]
    assert len(repr(preview).split("\n")) == 5
    preview["<b>"] = "<i>\n"
    assert [row[-1] for row in page(preview).rows] == ["<b>", "<i>\\n", "<i>\\n", "<i>\\n"]
    del preview["send_at"]
    assert page(preview).rows[0] == ["pos", "email_id", "subject", "wait", "<b>"]


@IN_PLACE
def test_sorted_in_its_place(preview):
    preview.sort_values("send_at", ascending=False, inplace=True)  # noqa: PD002  as above
    assert [row[0] for row in page(preview).rows] == ["pos", "2", "1", "0"]
    preview.reset_index(inplace=True)  # noqa: PD002  as above
    assert [row[0] for row in page(preview).rows] == ["pos", "0", "1", "2"]
    assert [row[2] for row in page(preview).rows] == ["subject", "C", "B", "A"]


@pytest.mark.parametrize(
    "other",
    [
        lambda at: at.dt.tz_convert("Asia/Tokyo"),
        lambda at: at.dt.tz_convert("UTC"),
        lambda at: at.dt.tz_convert("+05:30"),
        lambda at: at.dt.tz_localize(None),
        lambda at: at.dt.strftime("%H:%M"),
        lambda at: at.dt.as_unit("ns"),
        lambda at: at.dt.as_unit("s"),
        lambda at: pd.Series([pd.NaT] * len(at), index=at.index),
        lambda at: 1,
    ],
)
def test_other_times_in_their_place(preview, other):
    """Whatever it becomes, it can be looked at; times in a zone are shown in it."""
    preview["send_at"] = other(preview["send_at"])
    assert len(page(preview).rows) == 4
    assert repr(preview)
    if isinstance(preview["send_at"].dtype, pd.DatetimeTZDtype) and preview["send_at"].notna().all():
        shown = preview["send_at"].dt.strftime("%H:%M").tolist()
        assert all(time in row for time, row in zip(shown, map(str, page(preview).rows[1:]), strict=True))


def test_sequenzy_previews():
    onboarding = sequenzy.load(simcore.example("onboarding"))
    found = simcore.preview(onboarding, ENTERED)
    assert page(found).outside == ["Times in Europe/Kyiv"]
    assert len(page(found).rows) == 4
    assert found["send_at"].dt.as_unit("us").dtype == plain(found)["send_at"].dtype
    assert np.isin([row[2] for row in page(found).rows[1:]], found["subject"]).all()
