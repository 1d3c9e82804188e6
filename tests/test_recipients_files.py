"""Recipients' own time zones from files, on the command line, and through Parquet, Dask and Spark (T22)."""

import importlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import read_back
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.scale import parquet

WELCOME = kit.load(simcore.example("welcome"))
FILE = str(simcore.example("welcome"))
ZONES = ["Europe/Kyiv", "", "Asia/Tokyo"]
PEOPLE = pd.DataFrame({
    "subscriber_id": ["a", "b", "c"],
    "entered_at": ["2026-03-06T21:07:00-05:00"] * 3,
    "tz": ZONES,
})
EXPECTED = simcore.project(WELCOME, PEOPLE, time_zones="tz")
CHANGES = str(simcore.example("changes"))


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PEOPLE.to_csv("people.csv", index=False)
    PEOPLE.to_parquet("people.parquet", index=False)
    PEOPLE.rename(columns={"tz": "time_zone"}).to_csv("plain.csv", index=False)
    PEOPLE.assign(tz=["Kyiv", "", "Asia/Tokyo"]).to_csv("wrong.csv", index=False)


def run(*arguments, status=0):
    result = CliRunner().invoke(cli.app, [*map(str, arguments)])
    assert result.exit_code == status, (result.output, result.exception)
    return result


@pytest.mark.parametrize(
    "asked",
    [
        ["people.csv", "--time-zones", "tz"],
        ["people.parquet", "--time-zones", "tz"],
        ["plain.csv", "--time-zones", "time_zone"],
        ["people.csv", "--time-zones", "time_zone", "--column", "time_zone=tz"],
    ],
)
def test_project(asked):
    run("project", FILE, *asked, "-o", "sends.parquet")
    pd.testing.assert_frame_equal(
        read_back("sends.parquet"), EXPECTED, check_dtype=False, check_categorical=False
    )
    assert read_back("sends.parquet")["send_at"].tolist() == EXPECTED["send_at"].tolist()


def test_simulate_forecast_impact_and_compare():
    asked = ["people.csv", "--time-zones", "tz"]
    run("simulate", FILE, *asked, "-o", "life")
    found = pd.read_csv("life/timeline.csv")
    assert (
        pd.to_datetime(found["send_at"], utc=True).tolist()
        == EXPECTED["send_at"].dt.tz_convert("UTC").tolist()
    )
    counted = json.loads(run("forecast", FILE, *asked, "--freq", "h", "--json").stdout)
    assert counted["sends"] == len(EXPECTED)
    assert counted["busiest_sends"] == 3
    forecast = simcore.forecast(WELCOME, PEOPLE, freq="h", time_zones="tz")
    assert [row["3"] for row in counted["periods"]] == forecast[3].tolist()
    moved = json.loads(run("impact", FILE, *asked, "--changes", CHANGES, "--json").stdout)
    changes = kit.changes.from_json(json.loads(Path(CHANGES).read_text()))
    expected = simcore.impact(WELCOME, PEOPLE, changes, time_zones="tz", naive_time_zone=WELCOME.time_zone)
    assert [row["later"] for row in moved["emails"]] == expected["later"].tolist()
    Path("later.json").write_text(json.dumps(WELCOME.replace(send_hour=18).to_api()))
    both = json.loads(run("compare", FILE, "later.json", *asked, "--json", "-o", "all.csv").stdout)
    assert both["scenarios"][0]["last_send"] == EXPECTED["send_at"].max().isoformat()
    assert len(pd.read_csv("all.csv")) == 2 * len(EXPECTED)


def test_optimize():
    asked = ["people.csv", "--over", "send_hour=[9,18]", "--minimize", "median_days", "--json"]
    found = json.loads(run("optimize", FILE, *asked, "--time-zones", "tz").stdout)
    expected = simcore.sweep(WELCOME, {"send_hour": [9, 18]}, PEOPLE, time_zones="tz").sort_values(
        "median_days"
    )
    assert [row["median_days"] for row in found["best"]] == expected["median_days"].tolist()


def test_preview():
    entered = ["preview", FILE, "--entered", "2026-03-06 21:07", "--json"]
    found = json.loads(run(*entered, "--time-zones", "Asia/Tokyo").stdout)
    expected = simcore.preview(WELCOME, "2026-03-06 21:07", time_zones="Asia/Tokyo")
    assert [row["reason"] for row in found] == expected["reason"].tolist()
    assert run(*entered, "--time-zones", "Tokyo", status=2).stderr == (
        "{\"error\": \"'Tokyo' is not a time zone: expected an IANA name such as 'America/New_York'\"}\n"
    )


def test_rows_without_a_zone_that_is_one():
    asked = ["project", FILE, "wrong.csv", "--time-zones", "tz"]
    told = run(*asked, status=2).stderr
    assert told == (
        "Error: wrong.csv: 1 of 3 rows cannot be used\n"
        "  line 2: time_zone 'Kyiv': not a time zone: expected an IANA name such as 'America/New_York'\n"
        "--on-error quarantine sets them aside in a file of their own and goes on with the others\n"
    )
    run(*asked, "-o", "sends.csv", "--on-error", "quarantine")
    assert pd.read_csv("sends.csv")["subscriber_id"].unique().tolist() == ["b", "c"]
    assert pd.read_csv("sends.quarantine.csv")["subscriber_id"].tolist() == ["a"]
    run("project", FILE, "wrong.csv", "--column", "time_zone=tz", "-o", "sends.csv")  # nobody asks for zones
    assert pd.read_csv("sends.csv")["subscriber_id"].nunique() == 3


def test_a_column_that_is_not_there():
    told = run("project", FILE, "people.csv", "--time-zones", "zone", status=2).stderr
    assert told == (
        "Error: --time-zones: no column 'zone' in entries; did you mean 'tz'? the columns are: subscriber_id, "
        "entered_at, tz; --time-zones tz takes it\n"
    )
    told = run("project", FILE, "people.csv", "--time-zones", "time_zone", status=2).stderr
    assert told == (
        "Error: --time-zones: no column 'time_zone' in entries; did you mean 'tz'? the columns are: subscriber_id, "
        "entered_at, tz; --time-zones tz takes it\n"
    )
    typed = ["project", FILE, "people.csv", "--time-zones", "time_zone", "--column", "time_zone=zone"]
    assert run(*typed, status=2).stderr == (
        "Error: --column: time_zone is 'zone', and entries have no such column; the columns are: subscriber_id, "
        "entered_at, tz\n"
    )
    with pytest.raises(
        simcore.SimcoreError, match=r"^time_zones: no column 'time_zone' in entries; did you mean"
    ):
        parquet.project("people.parquet", "sends", WELCOME, progress=False, time_zones="time_zone")


def test_zones_of_subscribers_in_files():
    """Q31: the column time_zone of a file counts where a window is the subscriber's."""
    window = {
        "enabled": True,
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00",
        "endTime": "20:00",
        "timezone": "UTC",
        "timezoneSource": "subscriber",
    }
    body = {"name": "S", "trigger": "contact_added", "sendingWindow": window}
    body["steps"] = [{"subject": "A", "html": "<p>A</p>"}]
    Path("series.json").write_text(json.dumps(body))
    run("project", "series.json", "plain.csv", "-o", "sends.csv")
    found = pd.to_datetime(pd.read_csv("sends.csv")["send_at"], utc=True)
    by_hand = sequenzy.from_api(body)
    people = PEOPLE.rename(columns={"tz": "time_zone"})
    assert found.tolist() == simcore.project(by_hand, people)["send_at"].tolist()
    assert found.nunique() == 3


# ---------------------------------------------------------------- scale

BY_ID = dict(zip(PEOPLE["subscriber_id"], ZONES, strict=True))


@pytest.mark.parametrize("zones", ["tz", BY_ID, pd.Series(BY_ID)], ids=["column", "dict", "Series"])
@pytest.mark.parametrize("chunk_rows", [1, 100])
def test_parquet(zones, chunk_rows):
    how = {"chunk_rows": chunk_rows, "progress": False, "time_zones": zones}
    parquet.project("people.parquet", "sends", WELCOME, **how)
    found = read_back("sends")
    assert found["send_at"].tolist() == EXPECTED["send_at"].tolist()
    assert found["subscriber_id"].tolist() == EXPECTED["subscriber_id"].tolist()
    again = parquet.project("people.parquet", "sends", WELCOME, **how)
    assert again.found == again.parts
    other = {"a": "Asia/Tokyo"} if isinstance(zones, str) else "tz"
    with pytest.raises(simcore.SimcoreError, match=r"these have changed: .*time_zones"):
        parquet.project("people.parquet", "sends", WELCOME, **how | {"time_zones": other})


def test_parquet_of_another_calendar():
    """Dates left out are part of what a folder is of (T23)."""
    parquet.project("people.parquet", "sends", WELCOME, progress=False)
    with pytest.raises(simcore.SimcoreError, match="these have changed: sequence:"):
        parquet.project("people.parquet", "sends", WELCOME.without(["2026-03-09"]), progress=False)


def test_parquet_with_what_is_no_zone():
    pd.read_csv("wrong.csv").to_parquet("wrong.parquet", index=False)
    with pytest.raises(
        simcore.EntryError, match=r"row 0: time_zone 'Kyiv': not a time zone: expected an IANA name"
    ):
        parquet.project("wrong.parquet", "sends", WELCOME, progress=False, time_zones="tz")


MANY = simcore.arrivals(40, "2026-03-02", "2026-03-09", time_zone="UTC", seed=6)
MANY["tz"] = np.array(ZONES, object)[MANY.index % 3]


def rows(frame):
    plain = frame.assign(send_at=frame["send_at"].dt.tz_convert("UTC")).astype(object)
    return Counter(plain.itertuples(index=False, name=None))


@pytest.mark.slow
@pytest.mark.parametrize(
    "zones", ["tz", dict(zip(MANY["subscriber_id"], MANY["tz"], strict=True))], ids=["column", "dict"]
)
def test_dask(zones):
    dask, dd = (pytest.importorskip(name, reason="the extra dask") for name in ("dask", "dask.dataframe"))
    scale = importlib.import_module("simcore.scale.dask")
    with dask.config.set({"scheduler": "sync", "dataframe.convert-string": False}):
        found = scale.project(dd.from_pandas(MANY, npartitions=3), WELCOME, time_zones=zones).compute()
    assert rows(found) == rows(simcore.project(WELCOME, MANY, time_zones=zones))
