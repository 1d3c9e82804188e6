"""A platform of somebody else's package, found by its entry point: all that simcore does works with it.

Its rules are those of tests/parcelpost/src/parcelpost/RULES.md; expected instants are worked out by hand from them.
"""

import importlib
import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import read_back
from hypothesis import given
from hypothesis import strategies as st
from outside import PARCELPOST, as_shipped, installed, points_of
from typer.testing import CliRunner

import simcore
from simcore import cli, testing
from simcore.errors import SimcoreError, ValidationError
from simcore.plan import platform as room

LETTERS = PARCELPOST / "letters.json"
KYIV = "Europe/Kyiv"
ENTRIES = ["2026-01-30T10:00+02:00", "2026-02-01T12:00+02:00"]  # Friday; Sunday


@pytest.fixture(scope="module", autouse=True)
def parcelpost(tmp_path_factory):
    """The package, as though it were installed."""
    folder = tmp_path_factory.mktemp("site-packages")
    with installed(folder, points_of(PARCELPOST), PARCELPOST / "src", dist="parcelpost"):
        assert "parcelpost" not in room._known.by_name
        assert [*room.platforms()] == ["kit", "sequenzy", "parcelpost"]
        import parcelpost

        yield parcelpost


@pytest.fixture
def orchard(parcelpost):
    return parcelpost.load(LETTERS)


def times(sends, zone=KYIV):
    return [f"{at:%a %d %b %Y %H:%M}" for at in sends["send_at"].dt.tz_convert(zone)]


def run(*typed, status=0):
    done = CliRunner().invoke(cli.app, [*map(str, typed)])
    assert (done.exit_code, done.exception is None or status != 0) == (status, True), done.output
    return done


@pytest.fixture
def entries(tmp_path):
    path = tmp_path / "entries.csv"
    path.write_text("subscriber_id,entered_at\na,2026-01-30T10:00+02:00\nb,2026-02-01T12:00+02:00\n")
    return path


# ---------------------------------------------------------------- the verbs


def test_preview(orchard):
    """PP3, PP4: 13 March 2026 is a Friday, 13 August a Thursday; the clocks go forward on 29 March."""
    shown = simcore.preview(orchard, "2026-01-30 10:00")
    assert times(shown) == [
        "Fri 30 Jan 2026 10:00",
        "Fri 13 Feb 2026 08:30",
        "Fri 13 Mar 2026 08:30",
        "Thu 13 Aug 2026 08:30",
    ]
    assert shown["email_id"].tolist() == ["hello", "pruning", "blossom", "harvest"]
    assert shown["reason"].tolist()[:2] == [
        "at once, on entry: Fri 30 Jan 10:00 EET, inside the window Mon to Fri 08:30 to 17:45",
        "14 days after the previous email: due Fri 13 Feb 00:00, outside the window Mon to Fri 08:30 to 17:45, so Fri "
        "13 Feb 08:30 EET",
    ]
    assert shown["reason"].tolist()[2:] == [
        "1 month after the previous email: due Fri 13 Mar 00:00, outside the window Mon to Fri 08:30 to 17:45, so "
        "Fri 13 Mar 08:30 EET",
        "5 months after the previous email: due Thu 13 Aug 00:00, outside the window Mon to Fri 08:30 to 17:45, so "
        "Thu 13 Aug 08:30 EEST; the clocks go forward 1 hour on Sun 29 Mar",
    ]
    held = simcore.preview(orchard, "2026-01-30 10:00", include_drafts=True)
    assert times(held)[2:4] == ["Fri 20 Feb 2026 08:30", "Fri 20 Mar 2026 08:30"]


def test_month_ends(orchard, parcelpost):
    """PP3: 31 January and a month."""
    one = orchard.with_fields({"letters": [{"id": "a", "subject": "A", "after": {"months": 1}}]})
    one = one.with_fields({"window": {}})
    assert times(simcore.preview(one, "2026-01-31 10:00")) == ["Sat 28 Feb 2026 00:00"]
    assert times(simcore.preview(one, "2024-01-31 10:00")) == ["Thu 29 Feb 2024 00:00"]
    spills = parcelpost.Assumptions(month_end="next_month")
    assert times(simcore.preview(one, "2026-01-31 10:00", assumptions=spills)) == ["Sun 01 Mar 2026 00:00"]


def test_readers_in_zones_of_their_own(orchard):
    """T22: months and windows are the reader's, as in a campaign of that zone."""
    people = pd.DataFrame({
        "subscriber_id": [1, 2],
        "entered_at": ENTRIES[0],
        "time_zone": ["Asia/Tokyo", None],
    })
    found = simcore.project(orchard, people, time_zones="time_zone")
    for reader, name in ((1, "Asia/Tokyo"), (2, KYIV)):
        alone = simcore.project(orchard.with_fields({"timezone": name}), ENTRIES[:1])
        assert times(found[found["subscriber_id"] == reader], name) == times(alone, name)


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(0, 120), st.booleans())
def test_months_are_those_of_the_calendar(parcelpost, day, months, spills):
    """By Python's dates."""
    delay = importlib.import_module("parcelpost.delays").Months(months, "UTC", spills)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    longest = (after - date(year, month + 1, 1)).days
    expected = after if day.day > longest and spills else date(year, month + 1, min(day.day, longest))
    anchor_us = np.array([(day - date(1970, 1, 1)).days * 86_400_000_000 + 1])
    assert delay.earliest(anchor_us).astype("datetime64[us]").astype("datetime64[D]")[0] == np.datetime64(
        expected
    )


def test_project(orchard):
    """PP4: whoever signs up on a Sunday gets the first letter on Monday."""
    sends = simcore.project(orchard, ENTRIES, explain=True)
    assert times(sends)[4:6] == ["Mon 02 Feb 2026 08:30", "Mon 16 Feb 2026 08:30"]
    assert str(sends["send_at"].dtype) == f"datetime64[us, {KYIV}]"
    assert sends["email_id"].tolist() == ["hello", "pruning", "blossom", "harvest"] * 2
    assert sends["reason"].iloc[4] == (
        "at once, on entry: due Sun 1 Feb 12:00, outside the window Mon to Fri 08:30 to 17:45, so Mon 2 Feb 08:30 EET"
    )


def test_simulate(orchard):
    """PP5, PP6."""
    entries = pd.DataFrame({
        "subscriber_id": ["a", "a", "b", "b", "c", "d"],
        "entered_at": [*ENTRIES, *ENTRIES, ENTRIES[0], ENTRIES[0]],
        "via": ["form", "form", "form", "desk", "form", "form"],
    })
    events = pd.DataFrame({
        "subscriber_id": ["c", "d"],
        "at": ["2026-02-20T00:00Z", "2026-01-01T00:00Z"],
        "event": ["opted_out", "label_added"],
        "ref": [None, "growers"],
    })
    life = simcore.simulate(orchard, entries, events=events)
    assert life.subscribers[["subscriber_id", "run", "status", "sends"]].astype(str).to_numpy().tolist() == [
        ["a", "1", "completed", "4"],
        ["b", "1", "restarted", "1"],
        ["b", "2", "completed", "4"],
        ["c", "1", "cancelled", "2"],
    ]
    told = life.journal.groupby("what", observed=True)["detail"].first().astype(str).to_dict()
    assert told["ignored"] == "is signed up already"
    assert told["excluded"] == "has a label that is skipped"
    assert told["cancelled"] == "opted out"
    assert told["restarted"] == ""  # for which the platform has no words
    waits = simcore.simulate(orchard, ENTRIES[:1], until="2026-02-20T00:00Z").subscribers
    assert waits["next_email_id"].tolist() == ["blossom"]


def test_forecast(orchard):
    """The same as counting the rows."""
    entries = simcore.arrivals(5, "2026-01-01", "2026-03-01", time_zone=KYIV, seed=1)
    counted = simcore.forecast(orchard, entries, freq="W", by=None)
    sends = simcore.project(orchard, entries)
    assert int(counted["sends"].sum()) == len(sends)


def test_compare_with_another_platform(orchard):
    welcome = simcore.kit.load(simcore.example("welcome"))
    both = simcore.compare({"orchard": orchard, "welcome": welcome}, ENTRIES)
    assert both["scenario"].value_counts().to_dict() == {"orchard": 8, "welcome": 8}
    assert both["email_id"].iloc[0] == "hello"
    assert str(both["send_at"].dtype) == "datetime64[us, UTC]"
    later = orchard.with_fields({"window.from": "09:15"})
    moved = simcore.shift(simcore.project(orchard, ENTRIES), simcore.project(later, ENTRIES))
    assert moved["what"].value_counts().loc[["later", "unchanged"]].tolist() == [7, 1]
    assert moved["shift"].max() == pd.Timedelta(minutes=45)


def test_impact_has_the_ids_of_the_platform(orchard, parcelpost):
    """PP7: whoever is past the held letter gets it at the instant at which it is let go."""
    changes = [parcelpost.release("2026-04-01T12:00+03:00", "grafting")]
    found = simcore.impact(orchard, ENTRIES, changes)
    assert found["email_id"].tolist() == ["hello", "pruning", "grafting", "blossom", "harvest"]
    assert found["email_id"].dtype == simcore.preview(orchard, "2026-01-30 10:00")["email_id"].dtype
    assert found["sent_at_once"].tolist() == [0, 0, 2, 0, 0]
    assert found["gained"].tolist() == [0, 0, 2, 0, 0]
    told = simcore.project(orchard, ENTRIES[:1], changes=changes, explain=True).set_index("email_id")[
        "reason"
    ]
    assert told["grafting"] == "at once, because it was let go behind the subscriber: Wed 1 Apr 12:00 EEST"
    nobody = simcore.impact(orchard, [], changes)
    assert len(nobody) == 0
    assert nobody["email_id"].dtype == found["email_id"].dtype


def test_sweep(orchard):
    found = simcore.sweep(
        orchard, {"window.from": ["08:30", "12:00"], "letters[1].after.weeks": [1, 2]}, ENTRIES
    )
    # From Fri 30 Jan 10:00 to Thu 6 Aug 08:30, and from Sun 1 Feb 12:00 to Mon 10 Aug 08:30: the middle of both.
    least = (188 - 2.5 / 24 + 190 - 4.5 / 24) / 2
    expected = [least, least + 7, least + 3.5 / 24, least + 7 + 3.5 / 24]
    assert found["median_days"].tolist() == pytest.approx(expected)


def test_optimize(orchard):
    """Its branches and waits are its own, so that every schedule is evaluated."""
    over = {"window.from": ["08:30", "12:00"], "letters[1].after.weeks": [2, 1]}
    swept = simcore.sweep(orchard, over, ENTRIES)
    found = simcore.optimize(orchard, ENTRIES, over=over, minimize="median_days", top=3)
    best = swept.sort_values("median_days", kind="stable").head(3).reset_index(drop=True)
    pd.testing.assert_frame_equal(found.best, best, check_exact=True)
    assert len(found.evaluated) == 4
    assert found.check(ENTRIES)


def test_help_names_it_while_it_is_there():
    for _ in range(2):
        assert "Kit's, Sequenzy's or Parcel Post's" in " ".join(run("project", "--help").stdout.split())
    with as_shipped() as known:
        known.broken = {}  # nobody looks for entry points
        assert "JSON from Kit's or Sequenzy's API" in " ".join(run("project", "--help").stdout.split())


def test_lint(orchard):
    found = simcore.lint(orchard)
    assert found.to_numpy().tolist() == [
        ["long-silence", "warning", "letters[4].after", "Letter harvest comes after 5 months of silence."]
    ]
    closed = orchard.with_fields({"window.days": []})
    assert simcore.lint(closed, among=[orchard])["code"].tolist() == ["never-posted", "long-silence"]
    assert simcore.preview(closed, "2026-01-30 10:00")["reason"].iloc[0] == (
        "there is no posting day on which it may go out, so it waits"
    )


def test_a_closed_day_is_called_as_the_platform_calls_it(orchard):
    whole = orchard.with_fields({"window": {"days": ["monday"], "from": "00:00", "to": "24:00"}})
    assert simcore.preview(whole, "2026-01-30 10:00")["reason"].iloc[0] == (
        "entry is on Fri 30 Jan; Fri, Sat and Sun are not posting days, so Mon 2 Feb 00:00 EET"
    )


def test_nothing_to_preview(orchard):
    letters = [{"id": "a", "subject": "A", "held": True}]
    told = r"^nothing to preview: no email is let go \(include_drafts=True shows held letters\)$"
    with pytest.warns(UserWarning, match=told):
        assert len(simcore.preview(orchard.with_fields({"letters": letters}), "2026-01-30 10:00")) == 0


def test_rules_and_switches():
    assert simcore.rules("PP3").switches == ("month_end",)
    assert simcore.rules("PP3").file.partition("/") == ("parcelpost", "/", "RULES.md")
    assert simcore.rules()["name"].tolist()[-7:] == [f"PP{number}" for number in range(1, 8)]


@pytest.mark.slow
def test_schema():
    from jsonschema import Draft202012Validator  # it takes seconds to import: not while tests are collected

    found = simcore.schema("parcelpost")
    Draft202012Validator.check_schema(found)
    fits = Draft202012Validator(found)
    fits.validate(json.loads(LETTERS.read_text()))
    assert not fits.is_valid({"campaign": {"id": "a", "title": "A", "letters": [{"after": {"days": 1}}]}})


def test_proof(orchard):
    """PP4, for every microsecond of a quarter."""

    def in_the_window(sends):
        return all(
            send.send_at.weekday() < 5 and (8, 30) <= (send.send_at.hour, send.send_at.minute) < (17, 45)
            for send in sends
        )

    testing.assert_for_all_entries(orchard, in_the_window, "2026-01-01T00:00Z", "2026-04-01T00:00Z")

    def in_a_month(sends):
        return sends[2].send_at - sends[1].send_at >= pd.Timedelta(days=30)

    with pytest.raises(AssertionError) as found:
        testing.assert_for_all_entries(orchard, in_a_month, "2026-01-01T00:00Z", "2026-04-01T00:00Z")
    # Hello comes on Mon 19 Jan then, pruning on Mon 2 Feb, and blossom on Mon 2 Mar: 28 days.
    assert str(found.value).startswith(
        "Fri 16 Jan 2026 17:45 EET (2026-01-16T15:45:00.000000Z) is the first entry"
    )


def test_explore(orchard):
    pytest.importorskip("ipywidgets", reason="the extra notebook has it")
    shown = simcore.explore(orchard, "2026-01-30 10:00")
    assert times(shown.preview)[0] == "Fri 30 Jan 2026 10:00"
    knob = next(each for each in shown._knobs if each.control.path == "letters[1].after.weeks")
    knob.leaves[0].value = 3
    assert times(shown.preview)[1] == "Fri 20 Feb 2026 08:30"
    assert "comes after" not in shown.widget.children[1].children[0].value


def test_parquet(orchard, tmp_path):
    path, out = tmp_path / "entries.parquet", tmp_path / "sends"
    entries = simcore.arrivals(5, "2026-01-01", "2026-02-01", time_zone=KYIV, seed=1)
    entries.to_parquet(path)
    from simcore.scale import parquet

    done = parquet.project(path, out, orchard, chunk_rows=50, progress=False)
    sends = simcore.project(orchard, entries)
    assert done.sends == len(sends)
    read = pd.read_parquet(out)
    assert read["email_id"].tolist() == sends["email_id"].tolist()


@pytest.mark.slow
def test_dask(orchard):
    dd = pytest.importorskip("dask.dataframe", reason="the extra dask has it")
    from simcore.scale import dask

    entries = simcore.arrivals(2, "2026-01-01", "2026-02-01", time_zone=KYIV, seed=1)
    lazy = dask.project(dd.from_pandas(entries, npartitions=2), orchard)
    found = lazy.compute(scheduler="sync").sort_values(["subscriber_id", "position"], ignore_index=True)
    expected = simcore.project(orchard, entries)
    assert found["send_at"].tolist() == expected["send_at"].tolist()
    assert found["email_id"].astype(str).tolist() == expected["email_id"].tolist()


# ---------------------------------------------------------------- what is wrong


def test_what_is_wrong_is_said(orchard, parcelpost, text_of):
    told = (
        "2 problems\n  letters[1].after.weeks: weeks must be an integer from 0 to 520 (found -1)\n"
        "  letters[3].after.months: months must be an integer from 0 to 120 (found 121)"
    )
    changed = {"letters[1].after.weeks": -1, "letters[3].after.months": 121}
    assert text_of(ValidationError, orchard.with_fields, changed) == told
    assert text_of(
        SimcoreError, simcore.project, orchard, [], assumptions=simcore.kit.Assumptions()
    ).endswith(", expected parcelpost.Assumptions")
    assert text_of(SimcoreError, simcore.project, 42, []) == (
        "sequence: found 42, expected one as loaded by simcore.kit.load, simcore.sequenzy.load or parcelpost.load"
    )
    changes = [parcelpost.release("2026-04-01T12:00+03:00", "gone")]
    assert text_of(ValidationError, simcore.project, orchard, [], changes=changes) == (
        "1 problem\n  changes[0].release: release must be one of: hello, pruning, grafting, blossom, harvest (found "
        "'gone')"
    )


def test_a_plan_that_is_not_whole(parcelpost, orchard, monkeypatch, text_of):
    """Words that are missing have no detail; what cannot be is refused where the plan is made."""
    translate = importlib.import_module("parcelpost.translate")
    monkeypatch.setattr(translate, "_WORDS", {})
    journal = simcore.simulate(orchard, ENTRIES).journal
    assert journal["what"].astype(str).tolist() == ["started", "completed"] * 2
    assert journal["detail"].tolist() == [""] * 4
    monkeypatch.setattr(translate, "EVENTS", translate.EVENTS._replace(leaves={"opted_out": ("gone", True)}))
    assert text_of(SimcoreError, simcore.project, orchard, ENTRIES) == (
        "a plan that cannot be: an event ends runs with the status 'gone', expected one of: active, completed, "
        "restarted, excluded, cancelled, removed, stopped"
    )


# ---------------------------------------------------------------- the command line


def test_on_the_command_line(entries, tmp_path, orchard):
    shown = run("preview", LETTERS, "--entered", "2026-01-30 10:00").stdout
    assert "Orchard letters, Europe/Kyiv" in shown
    assert "Fri 13 Feb 2026 08:30" in shown
    spills = ["--assume", "month_end=next_month"]
    run("project", LETTERS, entries, "-o", tmp_path / "sends.parquet", "--include-drafts", *spills)
    sends = read_back(tmp_path / "sends.parquet")
    assert sends["email_id"].tolist() == ["hello", "pruning", "grafting", "blossom", "harvest"] * 2
    run("simulate", LETTERS, entries, "-o", tmp_path / "life")
    assert (tmp_path / "life" / "journal.csv").is_file()
    assert "8 sends" in run("forecast", LETTERS, entries, "--freq", "W").stdout
    other = tmp_path / "later.json"
    other.write_text(json.dumps(orchard.with_fields({"window.from": "12:00"}).to_api()))
    assert "later" in run("compare", LETTERS, other, entries).stdout
    assert "long-silence" in run("lint", LETTERS).stdout
    changes = tmp_path / "changes.json"
    changes.write_text(json.dumps([{"at": "2026-04-01T12:00+03:00", "release": "grafting"}]))
    found = json.loads(run("impact", LETTERS, entries, "--changes", changes, "--json").stdout)
    assert found["sent_at_once"] == 2
    assert [each["email_id"] for each in found["emails"]][2] == "grafting"


def test_lists_on_the_command_line():
    assert "month_end" in run("assumptions", "parcelpost").stdout
    assert run("assumptions").stdout.splitlines().count("Parcel Post") == 1
    assert "never-posted" in run("lint", "--list").stdout
    assert {*json.loads(run("lint", "--list", "--json").stdout)} == {
        "kit",
        "sequenzy",
        "parcelpost",
        "account",
    }
    assert "PP3  Weeks and months (month_end)" in run("rules").stdout
    assert json.loads(run("schema", "parcelpost").stdout) == simcore.schema("parcelpost")


@pytest.mark.parametrize(
    "command", ["preview", "project", "forecast", "simulate", "compare", "impact", "lint"]
)
def test_help_names_it(command):
    shown = " ".join(run(command, "--help").stdout.split())
    assert "JSON from Kit's, Sequenzy's or Parcel Post's API" in shown
    zone = "Parcel Post: the zone of a campaign that names none; without it Europe/Kyiv."
    assert zone in shown
    assert not re.search(
        r"<(names|platforms|emails|time_zone|include_drafts|changes|enabled_at|render)>", shown
    )


def test_options_of_others(entries, text_of):
    def refused(*typed):
        return run(*typed, status=2).stderr

    assert refused("project", LETTERS, entries, "--render") == (
        f"Error: --render: only for Sequenzy sequences, and {LETTERS} is a Parcel Post sequence\n"
    )
    onboarding = simcore.example("onboarding")
    assert refused("project", onboarding, entries, "--time-zone", "UTC") == (
        f"Error: --time-zone: only for Kit or Parcel Post sequences, and {onboarding} is a Sequenzy sequence\n"
    )
    assert refused("assumptions", "mailman") == (
        "Error: no platform 'mailman'; there are: kit, sequenzy, parcelpost\n"
    )


def test_a_file_with_several(tmp_path, orchard):
    body = orchard.to_api()["campaign"]
    del body["timezone"]
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"campaigns": [body, body | {"id": "cellar", "title": "Cellar letters"}]}))
    typed = ["preview", f"{path}#cellar", "--entered", "2026-01-30 10:00", "--time-zone", "UTC"]
    assert "Cellar letters, UTC" in run(*typed).stdout
    assert run("preview", path, "--entered", "2026-01-30 10:00", status=2).stderr == (
        f"Error: {path}: found a list of 2 sequences, expected one: choose from: {path}#orchard (Orchard letters), "
        f"{path}#cellar "
        "(Cellar letters)\n"
    )
    assert run("preview", f"{LETTERS}#x", "--entered", "2026-01-30 10:00", status=2).stderr == (
        f"Error: {LETTERS}: not a list of sequences: leave out #x\n"
    )


def test_no_other_file_knows_it():
    """What simcore is made of does not name it."""
    package = Path(simcore.__file__).parent
    found = [
        path for path in package.rglob("*.py") if re.search("parcel ?post", path.read_text("utf-8"), re.I)
    ]
    assert found == []
