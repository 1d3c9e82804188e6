"""What a user writes, right and wrong: type checkers report the lines that end in `# wrong`, and no others.

`test_typing.py` asks them; it is never run.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd

import simcore
from simcore import kit, sequenzy, testing
from simcore.scale import parquet

# Files and sequences
assert_type(simcore.example(), list[str])
simcore.projekt()  # wrong
kit.calibrat()  # wrong
assert_type(simcore.example("welcome"), Path)
simcore.example(1)  # wrong
welcome = kit.load(simcore.example("welcome"), time_zone="Europe/Kyiv")
onboarding = sequenzy.load(simcore.example("onboarding"))
assert_type(welcome, kit.Sequence)
assert_type(onboarding, sequenzy.Sequence)
mine = kit.load_snapshot("account")
assert_type(mine.sequences, tuple[kit.Sequence, ...])
assert_type(mine.entries, pd.DataFrame)
assert_type(
    sequenzy.live(base_url="http://127.0.0.1").snapshot("account").sequences, tuple[sequenzy.Sequence, ...]
)
kit.live(oauth="yes")  # wrong
kit.live().snapshot()  # wrong
sequenzy.live(oauth=True)  # wrong
kit.load_snapshot(mine)  # wrong
kit.load(welcome)  # wrong
kit.from_api("welcome.json")  # wrong
sequenzy.from_api([])  # wrong
kit.load("welcome.json", timezone="UTC")  # wrong

hello = kit.Email(subject="Hello", delay_value=1, delay_unit="days", send_days=["monday"])
kit.Email(subject="Hello", delay_value=1)  # wrong
kit.Email(subject="Hello", delay_value="1", delay_unit="days")  # wrong
kit.Email(subject="Hello", delay_value=1, delay_unit="weeks")  # wrong
kit.Email(subject="Hello", delay_value=1, delay_unit="days", publish=True)  # wrong
built = kit.Sequence(name="Mine", emails=[hello], exclude_subscriber_sources=[{"type": "tag", "ids": [5]}])
kit.Sequence(emails=[hello])  # wrong
kit.Sequence(name="Mine", emails=[{"subject": "Hello"}])  # wrong
kit.Sequence(name="Mine", exclude_subscriber_sources=[{"type": "label", "ids": [5]}])  # wrong
assert_type(built.emails, tuple[kit.Email, ...])
assert_type(built.send_hour, int)

assert_type(welcome.replace(send_hour=18), kit.Sequence)
welcome.replace(exclude_subscriber_sources=built.exclude_subscriber_sources, repeat=True, emails=built.emails)
welcome.replace(sendhour=18)  # wrong
welcome.replace(send_hour="18")  # wrong
welcome.replace(send_days="monday")  # wrong
assert_type(welcome.replace_email(0, subject="Hi", send_days=None), kit.Sequence)
welcome.replace_email(0, subjct="Hi")  # wrong
welcome.replace_email("0", subject="Hi")  # wrong
welcome.with_fields({"send_hour": 7, "emails[0].delay_value": 2})
welcome.with_fields(send_hour=7)  # wrong

step = {"subject": "Hello", "html": "<p>Hello</p>"}
sequenzy.Sequence(name="Mine", trigger="contact_added", steps=[step])
sequenzy.Sequence(name="Mine", trigger="tag_set")  # wrong
sequenzy.Sequence(name="Mine", steps=[step])
assert_type(onboarding.replace(listId="news", enrollmentMode="one_time"), sequenzy.Sequence)
onboarding.replace(list_id="news")  # wrong
onboarding.replace(enrollmentMode="once")  # wrong

kit.Assumptions(day_count="elapsed", poll_every=timedelta(minutes=5))
kit.Assumptions(day_count="business")  # wrong
kit.Assumptions(poll_every=5)  # wrong
sequenzy.Assumptions(stop_checks="steps")
sequenzy.Assumptions(stop_checks="never")  # wrong

# Files
listed = simcore.read_entries(
    "entries.csv.gz", naive_time_zone="UTC", unit="s", columns={"subscriber_id": "email"}
)
assert_type(listed, pd.DataFrame)
assert_type(simcore.read_events(Path("events.parquet"), dayfirst=True, delimiter=";"), pd.DataFrame)
simcore.read_entries("entries.csv", unit="h")  # wrong
simcore.read_events(listed)  # wrong
simcore.write_csv(listed, Path("mine.csv"), csv_safe=False)
simcore.write_csv("mine.csv", listed)  # wrong

# Changes
changes = [
    kit.update("2026-03-06T21:00Z", send_hour=7, active=False),
    kit.create_email(datetime(2026, 3, 7, tzinfo=UTC), subject="New", delay_value=1, delay_unit="days"),
    kit.update_email(pd.Timestamp("2026-03-08T00:00Z"), 303, published=True),
    kit.delete_email("2026-03-09T00:00Z", 303),
]
assert_type(changes, list[kit.Change])
kit.update("2026-03-06T21:00Z", emails=[hello])  # wrong
kit.update(42, send_hour=7)  # wrong
kit.create_email("2026-03-06T21:00Z", subject="New")  # wrong
kit.update_email("2026-03-06T21:00Z", published=True)  # wrong
kit.update_email("2026-03-06T21:00Z", 303, delay_unit="minutes")  # wrong
kit.delete_email("2026-03-06T21:00Z", "303")  # wrong

# Entries
entries = pd.DataFrame({"subscriber_id": [1], "entered_at": ["2026-03-06T21:07-05:00"]})
dates: list[date] = [date(2026, 3, 6)]
simcore.project(welcome, entries)
simcore.project(welcome, entries.set_index("subscriber_id")["entered_at"])
simcore.project(welcome, pd.to_datetime(["2026-03-06T21:07-05:00"]))
simcore.project(welcome, pd.date_range("2026-03-06", periods=3, tz="UTC").array)
simcore.project(welcome, np.array(["2026-03-06"], "datetime64[us]"), naive_time_zone="UTC")
simcore.project(welcome, ["2026-03-06T21:07-05:00", datetime(2026, 3, 6, tzinfo=UTC)])
simcore.project(welcome, dates, naive_time_zone="UTC")
simcore.project(welcome, ("2026-03-06T21:07-05:00",))
simcore.project(42)  # wrong
simcore.project()  # wrong
simcore.project(welcome, 42)  # wrong
simcore.project(welcome, "2026-03-06T21:07-05:00")  # wrong
simcore.project(welcome, [1, 2, 3])  # wrong
simcore.project(welcome, {"2026-03-06T21:07-05:00"})  # wrong
simcore.project(welcome, {7: "2026-03-06T21:07-05:00"})  # wrong
simcore.project(welcome, range(3))  # wrong
simcore.project(welcome, iter(dates))  # wrong
good, bad = simcore.split_entries(entries, naive_time_zone="UTC")
assert_type(bad, pd.DataFrame)
simcore.split_entries([1772849250, 1772849310], unit="s")
simcore.split_entries(entries, time_zone="UTC")  # wrong
simcore.split_entries(entries, unit="minutes")  # wrong

# The verbs
switches = kit.Assumptions()
shown: pd.DataFrame = simcore.preview(welcome, "2026-03-06 21:07", assumptions=switches)
assert_type(simcore.preview(welcome, "2026-03-06 21:07").records(), list[dict[str, Any]])
assert_type(simcore.records(shown), list[dict[str, Any]])
simcore.preview(welcome, datetime(2026, 3, 6), naive_time_zone="UTC")  # noqa: DTZ001  naive, as users have them
simcore.preview(welcome)  # wrong
simcore.preview(welcome, 42)  # wrong
simcore.preview(welcome, "2026-03-06 21:07", until="2026-04-01T00:00Z")  # wrong

sends = simcore.project(welcome, entries, events=entries, changes=changes, until="2026-04-01T00:00Z")
assert_type(sends, pd.DataFrame)
simcore.project(onboarding, events=entries, enabled_at=datetime.now(UTC), render=True, explain=True)
simcore.project(welcome, entries, order="email")
simcore.project(welcome, entries, order="bogus")  # wrong
simcore.project(welcome, entries, untill="2026-04-01T00:00Z")  # wrong
simcore.project(welcome, entries, until=20260401)  # wrong
simcore.project(welcome, entries, entries)  # wrong
simcore.project(welcome, entries, events=[1])  # wrong
simcore.project(welcome, entries, changes=changes[0])  # wrong
simcore.project(welcome, entries, changes=["2026-03-06T21:00Z"])  # wrong
simcore.project(welcome, entries, include_drafts="yes")  # wrong
simcore.project(welcome, entries, assumptions={"day_count": "elapsed"})  # wrong
simcore.project(welcome, entries, naive_time_zone=0)  # wrong
simcore.project(welcome, entries, explain="all")  # wrong

life = simcore.simulate(welcome, entries, changes=iter(changes))
assert_type(life, simcore.Simulation)
assert_type(life.subscribers, pd.DataFrame)
print(life.journals)  # wrong
simcore.simulate(welcome, entries, enabled_at=1.5)  # wrong

assert_type(simcore.forecast(welcome, entries, freq="h", by=None), pd.DataFrame)
simcore.forecast(welcome, entries, capacity={"D": [1000, 2000]})
simcore.forecast(welcome, entries, capacity=5000)  # wrong
simcore.forecast(welcome, entries, freq="M")
assert_type(simcore.Account([welcome]).project(entries, time_zones={1: "Europe/Kyiv"}), pd.DataFrame)
simcore.Account([welcome]).project(entries, time_zones=5)  # wrong
simcore.forecast(welcome, entries, freq="Y")  # wrong
simcore.forecast(welcome, entries, by="position")  # wrong
simcore.forecast(welcome, entries, explain=True)  # wrong

scenarios = {"now": welcome, "evening": welcome.replace(send_hour=18)}
assert_type(simcore.compare(scenarios, entries, assumptions=switches), pd.DataFrame)
simcore.compare(scenarios, entries, assumptions={"now": switches})
simcore.compare({"kit": welcome, "sequenzy": onboarding}, entries)
simcore.compare([welcome], entries)  # wrong
simcore.compare({"now": "welcome.json"}, entries)  # wrong
simcore.compare(scenarios, entries, assumptions={"now": "elapsed"})  # wrong

assert_type(simcore.shift(sends, sends), pd.DataFrame)
simcore.shift(life, life)  # wrong

assert_type(simcore.impact(welcome, entries, changes, until="2026-04-01T00:00Z"), pd.DataFrame)
simcore.impact(welcome, entries)  # wrong
simcore.impact(welcome, entries, changes, render=True)  # wrong


def late(life: simcore.Simulation) -> float:
    return float(life.timeline["send_at"].dt.hour.mean())


assert_type(simcore.sweep(welcome, {"send_hour": range(24)}, entries, metrics={"late": late}), pd.DataFrame)
best = simcore.optimize(welcome, entries, over={"send_hour": range(24)}, minimize="p95_days")
assert_type(best, simcore.Optimum)
assert_type(best.best, pd.DataFrame)
assert_type(best.certificate, pd.DataFrame)
simcore.optimize(welcome, entries, over=["send_hour"], minimize="p95_days")  # wrong
simcore.optimize(welcome, entries, over={"send_hour": range(24)})  # wrong
simcore.optimize(welcome, entries, over={"send_hour": range(24)}, minimize="p95_days", subject_to=0)  # wrong
simcore.sweep(welcome, {"send_hour": 9}, entries)  # wrong
simcore.sweep(welcome, ["send_hour"], entries)  # wrong
simcore.sweep(welcome, {"send_hour": range(24)}, entries, metrics=[late])  # wrong
simcore.sweep(welcome, {"send_hour": range(24)}, entries, freq="D")  # wrong

assert_type(simcore.lint(welcome, among=[built], as_of=date(2026, 1, 1)), pd.DataFrame)
simcore.lint("welcome.json")  # wrong
simcore.lint(welcome, as_of=2026)  # wrong

people = simcore.arrivals(20, "2026-03-01", "2026-03-15", time_zone="America/New_York", hour=[1] * 24, seed=1)
assert_type(people, pd.DataFrame)
simcore.arrivals("20", "2026-03-01", "2026-03-15")  # wrong
simcore.arrivals(20, 1, 15)  # wrong

found = kit.calibrate(welcome, entries, sends, tolerance=timedelta(minutes=15))
assert_type(found.best, kit.Assumptions)
kit.calibrate(onboarding, entries, sends)  # wrong
kit.calibrate(welcome, entries, sends, tolerance=15)  # wrong


# From file to file, and tests
done = parquet.project("entries.parquet", "sends", welcome, order="email", chunk_rows=1000)
assert_type(done.sends, int)
parquet.project("entries.parquet", "sends", welcome, events=entries)  # wrong
parquet.project("entries.parquet", "sends", welcome, chunk_rows="1000")  # wrong
parquet.project("entries.parquet", welcome, "sends")  # wrong


def no_weekends(sent: tuple[testing.Send, ...]) -> bool:
    return all(send.send_at.weekday() < 5 for send in sent)


testing.assert_for_all_entries(
    welcome, no_weekends, "2026-01-01T00:00Z", date(2026, 2, 1), naive_time_zone="UTC"
)
testing.assert_for_all_entries(welcome, no_weekends, 2026, 2027)  # wrong
testing.assert_for_all_entries(welcome, no_weekends, "2026-01-01", "2026-02-01", order="email")  # wrong
testing.assert_timeline(sends, [{"position": 0, "send_at": "2026-03-06T21:07-05:00"}])
testing.assert_timeline(sends, "sends.csv")  # wrong
simcore.explore(welcome, "2026-03-06 21:07", entries=entries, assumptions=switches)
simcore.explore(welcome, entries=7)  # wrong
simcore.to_ics(sends, Path("sends.ics"))
simcore.to_ics("sends.ics", sends)  # wrong
simcore.write_report(welcome, "report.html", entries, until=datetime(2026, 4, 1, tzinfo=UTC))
simcore.write_report({"as it is": welcome}, Path("report.html"), entered_at=["2026-03-06 21:07"])
simcore.write_report(welcome, "report.html", entries, explain=True)  # wrong


# A user's own function that passes options on
def evening(sequence: kit.Sequence, options: Mapping[str, datetime]) -> pd.DataFrame:
    return simcore.project(sequence.replace(send_hour=18), entries, until=options["until"])


evening(onboarding, {})  # wrong
