"""The command line: what is shown, what is written, and how it says no."""

import csv
import functools
import io
import json
import os
import pty
import re
import runpy
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from conftest import NO_TEXT, TEXT, read_back
from pyarrow import parquet
from rich.cells import cell_len
from typer import main, testing
from typer.testing import CliRunner

import simcore
from simcore import cli, kit
from simcore.cli import answering
from simcore.files import reading, writing
from simcore.kit.changes import from_json
from simcore.show import terminal

WELCOME = str(simcore.example("welcome"))
ENTRIES = str(simcore.example("entries"))
ACCOUNT = simcore.example("account")
MAIN = "from simcore.cli import main; main()"
EVENTS = str(simcore.example("events"))
CHANGES = str(simcore.example("changes"))
HEADER = "subscriber_id,entered_at,via\n"
COLUMNS = "subscriber_id,run,position,email_id,subject,send_at"
DAY_FIRST = "--day-first reads 03/06/2026 as 3 June"
WAY_OUT = "--on-error quarantine sets them aside in a file of their own and goes on with the others"
VIAS = "api, visual_automation, rule, bulk_action, import, form, manual"
UNCLOSED = "line {}: a quotation mark opens a field that does not end"
GUESSWORK = "leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"


@functools.cache
def parser(app):
    """The same for all: to make it takes longer than most commands do."""
    return main.get_command(app)


testing._get_command = parser


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def run(*arguments, status=0):
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def refused(*arguments):
    """The one message of a command that is refused; nothing on standard output."""
    result = run(*arguments, status=2)
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    return result.stderr.removeprefix("Error: ").removesuffix("\n")


def write(name, text, encoding="utf-8"):
    Path(name).write_bytes(text.encode(encoding))
    return name


def account(file, emails, /, **fields):
    """A file with a sequence of these emails: (subject, days) each."""
    listed = [
        {"subject": subject, "delay_value": days, "delay_unit": "days", "published": True}
        for subject, days in emails
    ]
    sequence = {"name": "Series", "time_zone": "America/New_York", "send_hour": 9} | fields
    return write(file, json.dumps({"sequence": sequence, "emails": listed}))


def command(*arguments, **options):
    """The installed command, in a process of its own."""
    code = "import sys; from simcore.cli import main; sys.argv[0] = 'simcore'; main()"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        check=False,
        timeout=60,
        capture_output=True,
        **options,
    )


def files():
    return sorted(path.name for path in Path().iterdir())


# preview


def test_preview_shows_time_weekday_zone_and_reason():
    shown = run("preview", WELCOME, "--entered", "2026-03-06 21:07").stdout
    lines = shown.splitlines()
    assert lines[:2] == ["Welcome series, America/New_York", "entered Fri 6 Mar 2026 21:07 EST"]
    assert re.findall(r"^ +(\d)  (\w{3} \d+ \w{3} \d{4} [\d:]+ \w+)", shown, re.MULTILINE) == [
        ("0", "Fri 6 Mar 2026 21:07 EST"),
        ("1", "Fri 6 Mar 2026 23:15 EST"),
        ("2", "Mon 9 Mar 2026 09:00 EDT"),
        ("3", "Thu 12 Mar 2026 09:00 EDT"),
    ]
    column = lines[3].index("reason")
    reasons = " ".join(" ".join(line[column:].strip() for line in lines).split())
    assert "1 day after the previous email is Sat 7 Mar; Sat and Sun are not send days" in reasons


@pytest.mark.parametrize("columns", ["40", "60", "80", "200"])
@pytest.mark.parametrize("name", ["welcome", "letters"])
def test_tables_fit(name, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    shown = run("preview", simcore.example(name), "--entered", "2026-03-06 21:07:30.25").stdout
    assert max(map(cell_len, shown.splitlines())) <= (80 if columns == "200" else max(int(columns), 60))
    assert max(map(cell_len, run("assumptions").stdout.splitlines())) <= 80


def test_preview_fits_with_long_and_hostile_texts():
    subject = (
        "[bold]x[/bold] [/] :smile: \x1b[31mred\x07 two\nlines \u202eevil\u00a0" + "long" * 60 + "漢字" * 40
    )
    file = account("w.json", [(subject, 0)], name="[red]N[/red]\x1b]0;t\x07\nsecond")
    shown = run("preview", file, "--entered", "2026-03-06 21:07").stdout
    lines = shown.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert lines[0] == r"[red]N[/red]\x1b]0;t\x07\nsecond, America/New_York"
    left, right = lines[3].index("subject"), lines[3].index("reason")
    cells = "".join(line[left:right].rstrip() for line in lines[3:])
    for part in ("[bold]x[/bold]", ":smile:", r"\x1b[31mred\x07", r"\u202eevil"):
        assert part.replace(" ", "") in cells.replace(" ", "")
    assert "\x1b" not in shown


def test_a_terminal_without_unicode():
    file = account("w.json", [("Café", 0)])
    shown = CliRunner(charset="ascii").invoke(cli.app, ["preview", file, "--entered", "2026-03-06"])
    assert shown.exit_code == 0
    assert r"Caf\xe9" in shown.stdout_bytes.decode("ascii")


@pytest.mark.parametrize(
    ("typed", "options", "read"),
    [
        ("2026-03-06 21:07", [], "Fri 6 Mar 2026 21:07 EST"),
        ("6 March 2026 9pm", [], "Fri 6 Mar 2026 21:00 EST"),
        ("2026-03-06T21:07:30Z", [], "Fri 6 Mar 2026 16:07:30 EST"),  # an offset says it all
        ("2026-03-08 02:30", [], "Sun 8 Mar 2026 03:30 EDT"),  # a time that does not exist
        ("2026-03-06 21:07", ["--naive-time-zone", "UTC"], "Fri 6 Mar 2026 16:07 EST"),
        ("2026-03-06", [], "Fri 6 Mar 2026 00:00 EST"),
    ],
)
def test_preview_says_how_the_entry_was_read(typed, options, read):
    shown = run("preview", WELCOME, "--entered", typed, *options).stdout
    assert shown.splitlines()[1] == f"entered {read}"


def test_preview_json_agrees_with_the_library():
    result = run("preview", WELCOME, "--entered", "2026-03-06 21:07:30.5", "--json")
    assert result.stderr == ""
    rows = json.loads(result.stdout)
    expected = simcore.preview(kit.load(WELCOME), "2026-03-06 21:07:30.5")
    assert rows == [
        {
            "position": position,
            "email_id": row.email_id,
            "subject": row.subject,
            "send_at": row.send_at.isoformat(),
            "wait_seconds": row.wait.total_seconds(),
            "reason": row.reason,
        }
        for position, row in expected.iterrows()
    ]


def test_preview_of_what_cannot_send():
    file = account("w.json", [("One", 0), ("Two", 1)], active=False)
    rows = json.loads(run("preview", file, "--entered", "2026-03-06", "--json").stdout)
    assert [(row["send_at"], row["wait_seconds"]) for row in rows] == [(None, None)] * 2
    shown = run("preview", file, "--entered", "2026-03-06").stdout
    assert re.findall("not sent +One +the sequence is not", shown)


def test_preview_of_drafts_warns_in_one_line():
    draft = {"subject": "Soon", "delay_value": 0, "delay_unit": "days"}
    file = write("w.json", json.dumps({"sequence": {"name": "Series"}, "emails": [draft]}))
    result = run("preview", file, "--entered", "2026-03-06")
    warning = "Warning: nothing to preview: no email is published (--include-drafts shows drafts)\n"
    assert result.stderr == warning
    assert result.stdout == "Series, America/New_York\nentered Fri 6 Mar 2026 00:00 EST\n"
    assert run("preview", file, "--entered", "2026-03-06", "--json").stdout == "[]\n"
    assert "Soon" in run("preview", file, "--entered", "2026-03-06", "--include-drafts").stdout


def test_the_accounts_zone_and_a_second_file():
    write("s.json", json.dumps({"sequence": {"name": "Series"}}))
    write("e.json", json.dumps({"emails": kit.load(WELCOME).to_api()["emails"]}))
    options = ["--emails", "e.json", "--time-zone", "Asia/Tokyo", "--entered", "2026-03-06 21:07"]
    assert "entered Fri 6 Mar 2026 21:07 JST" in run("preview", "s.json", *options).stdout


def test_assumptions_are_turned():
    file = account("w.json", [("One", 0), ("Two", 1)])
    options = ["--assume", "day_count=elapsed", "--assume", "poll_every=5min"]
    rows = json.loads(run("preview", file, "--entered", "2026-03-02 21:00", "--json", *options).stdout)
    assert rows[1]["send_at"] == "2026-03-04T09:00:00-05:00"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--entered", "03/06/2026"], f"--entered: '03/06/2026' {GUESSWORK}"),
        (
            ["--entered", "2026", "--naive-time-zone", "Mars"],
            "--naive-time-zone: 'Mars' is not a time zone: expected an IANA name such as 'America/New_York'",
        ),
        (
            ["--entered", "2026", "--time-zone", "EST9"],
            "--time-zone: 'EST9' is not a time zone: expected an IANA name such as 'America/New_York'",
        ),
        (
            ["--entered", "2026-03-06", "--assume", "weather=fine"],
            "--assume: found 'weather=fine', expected NAME=VALUE with one of the names: day_count, ",
        ),
        (
            ["--entered", "2026-03-06", "--assume", "day_count"],
            "--assume: found 'day_count', expected NAME=VALUE with one of the names: day_count, ",
        ),
        (
            ["--entered", "2026-03-06", "--assume", "poll_every=15"],
            "--assume: found 'poll_every=15', expected a length of time such as 15min or 0:15:00",
        ),
        (
            ["--entered", "2026-03-06", "--assume", "poll_every=soon"],
            "--assume: found 'poll_every=soon', expected a length of time such as 15min or 0:15:00",
        ),
        (
            ["--entered", "2026-03-06", "--assume", "day_count=lunar"],
            "1 problem\n  day_count: day_count must be one of: calendar, elapsed (found 'lunar')",
        ),
    ],
)
def test_preview_refuses(options, message):
    if message.endswith(", "):  # the switches, however many there are
        message = message.removesuffix("day_count, ") + ", ".join(kit.assumptions()["name"])
    assert refused("preview", WELCOME, *options) == message


def test_sequence_files_that_are_none():
    assert refused("preview", "no.json", "--entered", "2026") == "no.json: No such file or directory"
    assert refused("preview", ".", "--entered", "2026") == ".: a folder, expected a JSON file"
    told = refused("project", WELCOME, ".")
    assert told == ".: a folder, expected a file"
    message = "1 problem\n  w.json: not JSON: Expecting value at line 1, column 1"
    assert refused("preview", write("w.json", "hello"), "--entered", "2026") == f"w.json: {message}"
    file = account("w.json", [("One", 0)], send_hour=25)
    message = "1 problem\n  send_hour: send_hour must be an integer between 0 and 23 (found 25)"
    assert refused("preview", file, "--entered", "2026") == f"w.json: {message}"


def test_half_a_character_is_one_message():
    message = refused("preview", account("w.json", [("a\ud83d", 0)]), "--entered", "2026-03-06")
    fault = "subject must be text: it has half a character (a lone surrogate) (found 'a\\ud83d')"
    assert message == f"w.json: 1 problem\n  emails[0].subject: {fault}"


def test_usage_errors_are_status_2():
    result = run("preview", WELCOME, status=2)
    assert result.stderr.endswith("Error: Missing option '--entered'.\n")


# project


def test_project_writes_csv_to_standard_output():
    file = write("e.csv", HEADER + "007,2026-03-06 21:07,\nNA,2026-03-06T21:07:30.25Z,form\n")
    result = run("project", WELCOME, file)
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        COLUMNS,
        '007,1,0,301,"Welcome, and your first recipe",2026-03-06T21:07:00-05:00',
        "007,1,1,302,What to buy on Saturday,2026-03-06T23:15:00-05:00",
        "007,1,2,303,Three knives are enough,2026-03-09T09:00:00-04:00",
        "007,1,3,304,A coupon for the cooking class,2026-03-12T09:00:00-04:00",
        'NA,1,0,301,"Welcome, and your first recipe",2026-03-06T16:07:30.250000-05:00',
        "NA,1,1,302,What to buy on Saturday,2026-03-06T18:15:00-05:00",
        "NA,1,2,303,Three knives are enough,2026-03-09T09:00:00-04:00",
        "NA,1,3,304,A coupon for the cooking class,2026-03-12T09:00:00-04:00",
    ]
    assert files() == ["e.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1 << 16, 3])  # at a time
def test_project_agrees_with_the_library(rows, monkeypatch):
    monkeypatch.setattr(reading, "_READ_ROWS", rows)
    monkeypatch.setattr(writing, "_WRITE_ROWS", rows)
    entries = pd.read_csv(ENTRIES, dtype=str)
    expected = simcore.project(kit.load(WELCOME), entries, order="email", until="2026-03-10T00:00-04:00")
    options = ["--order", "email", "--until", "2026-03-10"]
    line = run("project", WELCOME, ENTRIES, *options, "-o", "out.parquet").stdout
    pd.testing.assert_frame_equal(read_back("out.parquet"), expected)
    count = f"{len(expected)} sends to {expected['subscriber_id'].nunique()} subscribers, "
    assert line.startswith(f"{count}Thu 19 Feb 2026 19:42:16 EST to ")
    assert line.endswith(" EDT, in out.parquet\n")
    run("project", WELCOME, ENTRIES, *options, "-o", "out.csv")
    written = pd.read_csv("out.csv", dtype={"subscriber_id": str})
    assert written["send_at"].tolist() == [each.isoformat() for each in expected["send_at"]]
    for name in ("subscriber_id", "run", "position", "email_id", "subject"):
        assert written[name].tolist() == expected[name].tolist()
    lines = run("project", WELCOME, ENTRIES, *options, "--json").stdout.splitlines()
    assert [json.loads(each) for each in lines] == written.to_dict("records")


def test_summary_as_json():
    summary = json.loads(run("project", WELCOME, ENTRIES, "-o", "out.csv", "--json").stdout)
    assert summary == {
        "subscribers": 200,
        "sends": 800,
        "first_send": "2026-02-19T19:42:16-05:00",
        "last_send": "2026-04-09T09:00:00-04:00",
        "entries_without_run": {},
        "why_no_sends": None,
        "file": "out.csv",
        "quarantined": 0,
        "quarantine_file": None,
    }
    assert files() == ["out.csv"]


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_no_entries_are_no_sends(out):
    file = write("e.csv", HEADER)
    assert run("project", WELCOME, file, "-o", out).stdout == f"no sends, in {out}: there are no entries\n"
    read = pd.read_csv(out) if out.endswith("csv") else pd.read_parquet(out)
    assert (list(read.columns), len(read)) == (COLUMNS.split(","), 0)
    summary = json.loads(run("project", WELCOME, file, "-o", out, "--json").stdout)
    assert summary["first_send"] is None


def test_parquet_keeps_dtypes_and_takes_parquet():
    entries = pd.DataFrame({
        "entered_at": pd.to_datetime(["2026-03-06T21:07:30Z"] * 2),
        "subscriber_id": [7, 8],
    })
    entries["via"] = ["form", None]
    entries.to_parquet("e.parquet")
    run("project", WELCOME, "e.parquet", "-o", "out.parquet")
    expected = simcore.project(kit.load(WELCOME), entries)
    pd.testing.assert_frame_equal(read_back("out.parquet"), expected)
    assert expected["subscriber_id"].dtype == "int64"


def test_parquet_rows_are_quarantined_by_number():
    entries = pd.DataFrame({
        "subscriber_id": ["a", "b", None],
        "entered_at": ["2026-03-06", None, "2026-03-06"],
        "note": [1.5, 2.5, None],
    })
    entries.to_parquet("e.parquet")
    message = "\n".join([
        "e.parquet: 2 of 3 rows cannot be used",
        f"  row 1: entered_at {NO_TEXT}: missing",
        "  row 2: no subscriber_id",
        WAY_OUT,
    ])
    assert refused("project", WELCOME, "e.parquet") == message
    result = run("project", WELCOME, "e.parquet", "--on-error", "quarantine")
    assert len(result.stdout.splitlines()) == 5
    aside = Path("e.quarantine.csv").read_text(encoding="utf-8").splitlines()
    header, *rows = csv.reader(aside)
    assert header == ["row", "reason", "subscriber_id", "entered_at", "note"]
    assert rows == [
        ["1", f"entered_at {NO_TEXT}: missing", "b", "", "2.5"],
        ["2", "no subscriber_id", "", "2026-03-06", ""],
    ]


def test_ids_and_subjects_with_anything_in_them_come_back():
    ids = ["a,b", 'say "x"', "two\nlines", "ret\rurn", " padded ", "é漢"]
    subject = 'He said: "hi",\r\nthen left'
    page = io.StringIO()
    csv.writer(page, quoting=csv.QUOTE_ALL).writerows([
        ["entered_at", "subscriber_id"],
        *(["2026-03-06", i] for i in ids),
    ])
    write("e.csv", "\ufeff" + page.getvalue())
    run("project", account("w.json", [(subject, 0)]), "e.csv", "-o", "out.csv")
    with open("out.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows[1:]] == ids
    assert {row[4] for row in rows[1:]} == {subject}
    assert pd.read_csv("out.csv")["subscriber_id"].tolist() == ids


BROKEN = (
    "subscriber_id,entered_at,via,note\r\n"  # 1
    "001,2026-03-06 21:07,api,x\r\n"
    '002,2026-03-06T21:07Z,,"two\r\nlines"\r\n'  # 3, 4
    "3,03/06/2026,api,x\r\n"
    "4,2026-03-06\r\n"  # 6
    "5,2026-03-06,api,x,y,z\r\n"
    "\r\n"  # 8 is no row
    " ,2026-03-06,pigeon,x\r\n"
    '6,"2026-03-06"z,api,"é\r\n'  # 10: after the closing quotation mark nothing is sure, so the line ends it
    "7,2199-12-31T23:00Z,form,q\r\n"
    '8,,form,"a\r\n\r\nb"\r\n'  # 12 to 14
    "NA,2026-03-06 21:07,api,x"
)
FAULTS = {
    5: f"entered_at '03/06/2026': {GUESSWORK}",
    6: "2 fields, expected 4",
    7: "6 fields, expected 4",
    9: f"no subscriber_id; via 'pigeon': not one of: {VIAS}",
    10: "text after a closing quotation mark",
    12: "entered_at '': missing",
}
LATE = {11: "an email would go out after 2200-01-01 UTC"}


@pytest.mark.parametrize("rows", [1 << 13, 1, 2, 5])  # at a time
def test_broken_rows_stop_with_their_lines(rows, monkeypatch):
    monkeypatch.setattr(reading, "_READ_ROWS", rows)
    write("e.csv", BROKEN)
    message = ["e.csv: 6 of 10 rows cannot be used"]
    message += [f"  line {line}: {fault}" for line, fault in FAULTS.items()]
    assert refused("project", WELCOME, "e.csv", "-o", "out.csv") == "\n".join([*message, DAY_FIRST, WAY_OUT])
    assert files() == ["e.csv"]


@pytest.mark.parametrize("rows", [1 << 13, 1, 2, 5])  # at a time
def test_broken_rows_are_quarantined(rows, monkeypatch):
    monkeypatch.setattr(reading, "_READ_ROWS", rows)
    write("e.csv", BROKEN)
    result = run("project", WELCOME, "e.csv", "-o", "out.csv", "--on-error", "quarantine")
    assert result.stderr == "7 of 10 rows cannot be used: see out.quarantine.csv\n"
    assert pd.read_csv("out.csv", dtype=str, keep_default_na=False)["subscriber_id"].unique().tolist() == [
        "001",
        "002",
        "NA",
    ]
    with open("out.quarantine.csv", encoding="utf-8", newline="") as file:
        header, *found = csv.reader(file)
    assert header == ["line", "reason", "subscriber_id", "entered_at", "via", "note", "surplus"]
    assert {int(row[0]): row[1] for row in found} == FAULTS | LATE
    assert [row[2:] for row in found] == [
        ["3", "03/06/2026", "api", "x", ""],
        ["4", "2026-03-06", "", "", ""],
        ["5", "2026-03-06", "api", "x", "y,z"],
        [" ", "2026-03-06", "pigeon", "x", ""],
        ["6", "2026-03-06z", "api", "é\r\n", ""],
        ["7", "2199-12-31T23:00Z", "form", "q", ""],
        ["8", "", "form", "a\r\n\r\nb", ""],
    ]
    assert files() == ["e.csv", "out.csv", "out.quarantine.csv"]


def test_the_mended_quarantine_is_a_file_of_entries():
    write("e.csv", HEADER + "1,2026-03-06,api\n2,2026-13-06,api\n")
    run("project", WELCOME, "e.csv", "-o", "out.csv", "--on-error", "quarantine")
    mended = Path("out.quarantine.csv").read_text(encoding="utf-8").replace("2,2026-13-06", "2,2026-03-06")
    write("mended.csv", mended)
    summary = json.loads(run("project", WELCOME, "mended.csv", "-o", "more.csv", "--json").stdout)
    assert (summary["subscribers"], summary["sends"]) == (1, 4)


def test_the_first_ten_and_the_count():
    write("e.csv", HEADER + "1,never,api\n" * 12)
    lines = refused("project", WELCOME, "e.csv").splitlines()
    fault = "entered_at 'never': not a date and time: expected something like 2026-03-06T21:07:30-05:00"
    assert lines == [
        "e.csv: 12 of 12 rows cannot be used",
        *(f"  line {line}: {fault}" for line in range(2, 12)),
        "  and 2 more",
        WAY_OUT,
    ]


def test_rows_too_late_stop_too():
    write("e.csv", HEADER + "1,2199-12-31T23:00Z,\n")
    message = f"e.csv: 1 of 1 rows cannot be used\n  line 2: {LATE[11]}\n{WAY_OUT}"
    assert refused("project", WELCOME, "e.csv") == message


def test_all_rows_may_be_quarantined():
    write("e.csv", HEADER + "1,never,api\n")
    result = run("project", WELCOME, "e.csv", "-o", "out.csv", "--on-error", "quarantine", "--json")
    summary = json.loads(result.stdout)
    assert (summary["sends"], summary["quarantined"]) == (0, 1)
    assert summary["quarantine_file"] == "out.quarantine.csv"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty: expected a header with subscriber_id and entered_at"),
        ("\n", "no column subscriber_id and no column entered_at; the columns are: none"),
        (
            "id,entered_at\n",
            "no column subscriber_id; did you mean 'id'? the columns are: id, entered_at; --column subscriber_id=id "
            "maps it",
        ),
        (
            "subscriber_id, when\x1b\n",
            r"no column entered_at; did you mean 'when\x1b'? the columns are: subscriber_id, when\x1b; --column "
            r"entered_at='when\x1b' maps it",
        ),
        ("subscriber_id,entered_at,via,via\n", "2 columns are named via"),
        ('"subscriber_id,entered_at\n1,2\n', UNCLOSED.format(1)),
        (HEADER + '1,2026-03-06,api\n2,"2026-03-06,api\n3,2026-03-06,api\n', UNCLOSED.format(3)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
def test_files_that_are_no_entries(text, message, on_error):
    write("e.csv", text)
    assert (
        refused("project", WELCOME, "e.csv", "-o", "out.csv", "--on-error", on_error) == f"e.csv: {message}"
    )
    assert files() == ["e.csv"]


def test_other_encodings():
    write("e.csv", HEADER + "a,2026-03-06,api\nJosé,2026-03-06,api\n", "latin-1")
    message = "e.csv: line 3 is not UTF-8 (byte 0xe9): save it as UTF-8"
    assert refused("project", WELCOME, "e.csv") == message
    write("e.csv", HEADER, "utf-16")
    assert refused("project", WELCOME, "e.csv") == "e.csv: line 1 is not UTF-8 (byte 0xff): save it as UTF-8"


def test_a_pipe_is_read_once():
    os.mkfifo("pipe")
    with ThreadPoolExecutor() as pool:
        pool.submit(write, "pipe", HEADER + "José,2026-03-06,api\n", "latin-1")
        message = "pipe: it is not UTF-8 (byte 0xe9): save it as UTF-8"
        assert refused("project", WELCOME, "pipe") == message


def test_parquet_that_is_none():
    write("e.parquet", "hello")
    assert refused("project", WELCOME, "e.parquet").startswith("e.parquet: not a Parquet file: ")
    pd.DataFrame({"id": [1]}).to_parquet("e.parquet")
    message = (
        "e.parquet: no column subscriber_id and no column entered_at; did you mean 'id'? the columns are: id; "
        "--column subscriber_id=id maps it"
    )
    assert refused("project", WELCOME, "e.parquet") == message


def test_parquet_without_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    write("e.parquet", "PAR1")
    for arguments in ((WELCOME, "e.parquet"), (WELCOME, ENTRIES, "-o", "e.parquet")):
        message = 'e.parquet: Parquet needs pyarrow: pip install "simcore[parquet]"'
        assert refused("project", *arguments) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "out.xlsx"], "out.xlsx: expected a name that ends in .csv or .parquet"),
        (["-o", "no/out.csv"], "no/out.csv: cannot be written: No such file or directory"),
        (["-o", "file/out.csv"], "file/out.csv: cannot be written: Not a directory"),
        (["-o", "folder.csv"], "folder.csv: cannot be written: not an ordinary file"),
        (["-o", "e.csv"], "e.csv: cannot be written: it is an input"),
        (["-o", "a.csv", "--on-error", "quarantine"], "a.quarantine.csv: cannot be written: not an ordinary file"),
        (["--on-error", "ignore"], "--on-error: found 'ignore', expected 'stop' or 'quarantine'"),
        (["--order", "size"], "--order: found 'size', expected 'entry' or 'email'"),
        (["--until", "03/06/2026"], f"--until: '03/06/2026' {GUESSWORK}"),
        (["--until", ""], "--until: '' is missing"),
    ],
)  # fmt: skip
def test_project_refuses(options, message):
    write("e.csv", HEADER + "1,2026-03-06,api\n")
    write("file", "")
    Path("folder.csv").mkdir()
    Path("a.quarantine.csv").mkdir()
    before = files()
    assert refused("project", WELCOME, "e.csv", *options) == message
    assert files() == before
    assert Path("e.csv").read_text(encoding="utf-8") == HEADER + "1,2026-03-06,api\n"


def test_entries_that_are_not_there():
    assert refused("project", WELCOME, "e.csv", "-o", "out.csv") == "e.csv: No such file or directory"
    assert files() == []


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "Error: {}: cannot be written: No space left on device\n"),
        (KeyboardInterrupt(), ""),
    ],
    ids=["full", "interrupted"],
)
def test_nothing_half_written(name, error, message, monkeypatch):
    write(name, "as it was")

    def parts(sends):
        yield sends.iloc[:100]
        raise error

    monkeypatch.setattr(writing, "_parts", parts)
    result = run("project", WELCOME, ENTRIES, "-o", name, status=130 if not message else 2)
    assert result.stderr == message.format(name)
    assert result.stdout == ""
    assert files() == [name]
    assert Path(name).read_text(encoding="utf-8") == "as it was"


def test_a_full_disk_while_the_quarantine_is_written(monkeypatch):
    def full(rows):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(answering, "quarantine", full)
    write("e.csv", BROKEN)
    message = refused("project", WELCOME, "e.csv", "-o", "out.csv", "--on-error", "quarantine")
    assert message == "out.quarantine.csv: cannot be written: No space left on device"
    assert files() == ["e.csv"]


def test_links_are_followed():
    write("real.csv", "as it was")
    Path("out.csv").symlink_to("real.csv")
    run("project", WELCOME, ENTRIES, "-o", "out.csv")
    assert Path("out.csv").is_symlink()
    assert Path("real.csv").read_text(encoding="utf-8").startswith(COLUMNS)


# simulate and impact


LIFE = [WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES]
FOLDER = ["journal.csv", "subscribers.csv", "timeline.csv"]
EVENT_NAMES = (
    "bounced, complained, form_joined, removed, resubscribed, segment_entered, segment_left, sequence_joined, "
    "tag_added, tag_removed, unsubscribed"
)
NONE_ASIDE = {
    "quarantined": 0,
    "quarantine_file": None,
    "events_quarantined": 0,
    "events_quarantine_file": None,
}


def life(call=simcore.simulate, **options):
    """What the library says to the shipped examples."""
    entries, events = pd.read_csv(ENTRIES, dtype=str), pd.read_csv(EVENTS, dtype=str)
    changes = from_json(json.loads(Path(CHANGES).read_text(encoding="utf-8")))
    return call(kit.load(WELCOME), entries, events=events, changes=changes, **options)


def changed(*items):
    """A file of changes."""
    return write("c.json", json.dumps(items))


@pytest.mark.parametrize("options", [{}, {"explain": True, "order": "email"}], ids=["plain", "options"])
def test_simulate_agrees_with_the_library(options, monkeypatch):
    monkeypatch.setattr(writing, "_WRITE_ROWS", 100)
    typed = ["--explain", "--order", "email", "--until", "2026-03-25"] if options else []
    expected = life(**options, **({"until": "2026-03-25T00:00-04:00"} if options else {}))
    run("simulate", *LIFE, *typed, "-o", "out", "--format", "parquet")
    run("simulate", *LIFE, *typed, "-o", "out")
    for name, table in expected._asdict().items():
        pd.testing.assert_frame_equal(read_back(f"out/{name}.parquet"), table)
        with open(f"out/{name}.csv", encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        assert header == [*table.columns]
        texts = [
            table[each].map(lambda at: at.isoformat(), na_action="ignore")
            if isinstance(table[each].dtype, pd.DatetimeTZDtype)
            else table[each]
            for each in table
        ]
        assert rows == [
            ["" if pd.isna(cell) else str(cell) for cell in row] for row in zip(*texts, strict=True)
        ]
    assert sorted(path.name for path in Path("out").glob("*.csv")) == FOLDER


def test_project_takes_events_changes_and_explains():
    run("project", *LIFE, "--explain", "-o", "out.parquet")
    pd.testing.assert_frame_equal(read_back("out.parquet"), life(simcore.project, explain=True))
    row = json.loads(run("project", *LIFE, "--explain", "--json").stdout.splitlines()[0])
    assert row["reason"] == "at once, on entry: Thu 19 Feb 19:42:16 EST"
    assert row["send_at"] == "2026-02-19T19:42:16-05:00"


def test_simulate_says_what_it_wrote():
    told = run("simulate", *LIFE, "-o", "out")
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "198 runs: 192 completed, 4 cancelled, 2 removed",
        "2 entries started no run: 1 is blocked, 1 is excluded",
        "863 sends to 198 subscribers, Thu 19 Feb 2026 19:42:16 EST to Tue 7 Apr 2026 18:00 EDT",
        "timeline.csv, subscribers.csv, journal.csv: in out",
    ]
    summary = json.loads(run("simulate", *LIFE, "-o", "out", "--until", "2026-03-20", "--json").stdout)
    names = ["active", "completed", "restarted", "excluded", "cancelled", "removed", "stopped"]
    assert summary == {
        "runs": 124,
        "status": dict(zip(names, [20, 99, 0, 0, 4, 1, 0], strict=True)),
        "entries_without_run": {"excluded": 1, "blocked": 1},
        "subscribers": 124,
        "sends": 525,
        "first_send": "2026-02-19T19:42:16-05:00",
        "last_send": "2026-03-19T19:45:00-04:00",
        "why_no_sends": None,
        "files": {name: f"out/{name}.csv" for name in ("timeline", "subscribers", "journal")},
        **NONE_ASIDE,
    }


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_simulate_without_anybody(suffix):
    file = write("e.csv", HEADER)
    told = run("simulate", WELCOME, file, "-o", "out", "--format", suffix).stdout
    tables = f"timeline.{suffix}, subscribers.{suffix}, journal.{suffix}"
    assert told == f"no runs\nno sends: there are no entries\n{tables}: in out\n"
    read = pd.read_csv if suffix == "csv" else pd.read_parquet
    assert [len(read(f"out/{name}.{suffix}")) for name in ("timeline", "subscribers", "journal")] == [0] * 3


def test_times_without_an_offset_are_those_of_the_sequence():
    write("e.csv", HEADER + "a,2026-03-02 10:00,\nb,2026-03-02 10:00,\n")
    write("v.csv", "subscriber_id,at,event\nb,2026-03-02 11:30,unsubscribed\n")
    changed({"at": "2026-03-02 11:45", "op": "update", "fields": {"active": False}})
    typed = ["simulate", WELCOME, "e.csv", "--events", "v.csv", "--changes", "c.json", "-o", "out"]
    for options, sends, ended in (
        (["--until", "2026-03-02 11:44"], 1, "2026-03-02T11:30:00-05:00"),
        (["--naive-time-zone", "Asia/Tokyo"], 1, "2026-03-01T21:30:00-05:00"),
    ):
        run(*typed, *options)
        runs = pd.read_csv("out/subscribers.csv").set_index("subscriber_id")
        assert runs.loc["b", "ended_at"] == ended
        assert runs["sends"].tolist() == [sends, sends]
        assert runs["status"].tolist() == ["active", "cancelled"]
    assert runs["next_send_at"].isna().all()  # the sequence is not active


def test_impact_answers_in_a_sentence_and_a_table():
    shown = run("impact", *LIFE).stdout
    lines = shown.splitlines()
    expected = life(simcore.impact)
    assert lines[0] == "16 emails go out at the instant of a change."
    assert max(map(cell_len, lines)) <= 80
    assert re.fullmatch(r" +sent at +median", lines[2])
    heads = ["email", "subject", "once", "earlier", "later", "unchanged", "gained", "lost", "shift"]
    assert lines[3].split() == heads
    names = ["sent_at_once", "earlier", "later", "unchanged", "gained", "lost"]
    found = re.findall(r"^ +(30\d)  \w.*?" + r" +(\d+)" * 6 + r" *(.*)$", shown, re.MULTILINE)
    assert [tuple(map(int, row[:-1])) for row in found] == [
        *expected[["email_id", *names]].itertuples(index=False, name=None)
    ]
    assert [row[-1] for row in found] == ["none", "none", "", "1 d later", "none"]


def test_impact_json_agrees_with_the_library():
    answer = json.loads(run("impact", *LIFE, "--until", "2026-03-20", "--json").stdout)
    expected = life(simcore.impact, until="2026-03-20T00:00-04:00")
    seconds = expected.pop("median_shift").dt.total_seconds()
    expected["median_shift_seconds"] = seconds.astype(object).where(seconds.notna(), None)
    assert answer == {"sent_at_once": 16, "emails": expected.to_dict("records"), **NONE_ASIDE}


@pytest.mark.parametrize(
    ("position", "sentence"),
    [(2, "No email goes out"), (1, "1 email goes out"), (0, "2 emails go out")],
)
def test_impact_counts_emails_at_once(position, sentence):
    file = account("w.json", [("One", 1), ("Two", 3), ("Three", 3)])
    write("e.csv", HEADER + "a,2026-03-02 10:00,\nb,2026-03-05 10:00,\n")  # a has two emails then, b one
    new = {"subject": "New", "delay_value": 1, "delay_unit": "days", "published": True, "position": position}
    changed({"at": "2026-03-06 11:00", "op": "create_email", "fields": new})
    told = run("impact", file, "e.csv", "--changes", "c.json").stdout
    assert told.splitlines()[0] == f"{sentence} at the instant of a change."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "none"),
        (None, ""),
        (86400, "1 d later"),
        (-75 * 60, "1 h 15 min earlier"),
        (2 * 86400 + 3600 + 60, "2 d 1 h later"),
        (86400 + 30, "1 d 30 s later"),
    ],
)
def test_shifts_in_words(seconds, text):
    assert terminal.shift(pd.NaT if seconds is None else pd.Timedelta(seconds=seconds)) == text


def test_impact_of_nothing():
    shown = run("impact", WELCOME, ENTRIES, "--changes", changed()).stdout
    assert shown == "No email goes out at the instant of a change.\n"
    answer = json.loads(run("impact", WELCOME, ENTRIES, "--changes", "c.json", "--json").stdout)
    assert answer == {"sent_at_once": 0, "emails": [], "quarantined": 0, "quarantine_file": None}


AT = "2026-03-06T21:00Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "1 problem\n  c.json: not JSON: Expecting value at line 1, column 2"),
        ("{}", "1 problem\n  changes: changes must be a list of objects (found {})"),
        (
            '[{"op": "update"}]',
            "1 problem\n  changes[0]: a change must be an object with at, and op or method "
            "(found {'op': 'update'})",
        ),
        (
            json.dumps([
                {"at": AT, "op": "pause"},
                {"at": AT, "op": "delete_email"},
                {"at": AT, "method": "PATCH", "path": "/v4/sequences/30", "body": {}},
                {"at": AT, "op": "update", "fields": ["active"]},
            ]),
            "4 problems\n"
            "  changes[0].op: op must be one of: update, create_email, update_email, delete_email "
            "(found 'pause')\n"
            "  changes[1].email_id: email_id must be an integer (found None)\n"
            "  changes[2]: not a call that changes a sequence: see Kit's API v4 "
            "(found 'PATCH /v4/sequences/30')\n"
            "  changes[3].fields: fields must be an object (found ['active'])",
        ),
        (
            json.dumps([{"at": AT, "op": "delete_email", "email_id": 999}]),
            "1 problem\n  changes[0].email_id: email_id must be one of: 301, 302, 303, 304 "
            f"(found 999, delete_email 999 at {AT})",
        ),
        (
            json.dumps([{"at": AT, "op": "update", "fields": {"send_hour": 25, "time_zone": "Mars"}}]),
            "2 problems\n  changes[0].send_hour: send_hour must be an integer between 0 and 23 "
            f"(found 25, update at {AT})\n  changes[0].time_zone: time_zone must be a valid IANA timezone "
            f"string (found 'Mars', update at {AT})",
        ),
        (
            json.dumps([{"at": "03/06/2026", "op": "update", "fields": {}}]),
            f"changes[0].at: '03/06/2026' {GUESSWORK}",
        ),
    ],
    ids=["no JSON", "no list", "no change", "several", "no such email", "cannot be", "no instant"],
)
@pytest.mark.parametrize("name", ["project", "simulate", "impact"])
def test_changes_that_are_none(name, text, message):
    write("c.json", text)
    output = {"simulate": ["-o", "out"]}.get(name, [])
    assert refused(name, WELCOME, ENTRIES, "--changes", "c.json", *output) == f"c.json: {message}"
    assert files() == ["c.json"]


def test_changes_that_are_not_there():
    message = "c.json: No such file or directory"
    assert refused("impact", WELCOME, ENTRIES, "--changes", "c.json") == message
    told = run("impact", WELCOME, ENTRIES, status=2)
    assert told.stderr.endswith("Error: Missing option '--changes'.\n")


def test_changes_of_different_kinds_and_two_files():
    api = kit.load(WELCOME).to_api()
    write("s.json", json.dumps({"sequence": api["sequence"]}))
    write("m.json", json.dumps({"emails": api["emails"]}))
    typed = ["s.json", ENTRIES, "--emails", "m.json", "--changes", CHANGES]
    assert run("impact", *typed).stdout == run("impact", WELCOME, ENTRIES, "--changes", CHANGES).stdout
    Path("out").mkdir()
    os.replace("m.json", "out/timeline.csv")
    message = "out/timeline.csv: cannot be written: it is an input"
    assert refused("simulate", "s.json", ENTRIES, "--emails", "out/timeline.csv", "-o", "out") == message


EVENT_HEADER = "subscriber_id,at,event,ref\n"
BROKEN_EVENTS = (
    EVENT_HEADER + "1001,2026-03-01 10:00,unsubscribed,\n"
    "1002,03/01/2026,tag_added,7\n"  # 3
    "1003,2026-03-01,tagged,7\n"
    ",2026-03-01,bounced,\n"  # 5
    "1004,2026-03-01,tag_added,\n"
    "1004,2026-03-01,form_joined,newsletter\n"  # 7
    "1004,2026-03-01\n"
    "1005,2026-03-01,tag_added, 12.0 \n"  # 9 is one
    "1006,2026-03-01,,\n"
    "1007,2026-03-01,tag_removed,1.5\n"
    "1008,,removed,x\n"
)
EVENT_FAULTS = {
    3: f"at '03/01/2026': {GUESSWORK}",
    4: f"event 'tagged': not one of: {EVENT_NAMES}",
    5: "no subscriber_id",
    6: "no ref: expected the integer id that tag_added needs",
    7: "ref 'newsletter': expected the integer id that form_joined needs",
    8: "2 fields, expected 4",
    10: f"event '': not one of: {EVENT_NAMES}",
    11: "ref '1.5': expected the integer id that tag_removed needs",
    12: "at '': missing",
}


@pytest.mark.parametrize("name", ["project", "simulate", "impact"])
def test_broken_events_stop_with_their_lines(name):
    write("v.csv", BROKEN_EVENTS)
    options = {"simulate": ["-o", "out"], "impact": ["--changes", CHANGES]}.get(name, [])
    lines = [f"  line {line}: {fault}" for line, fault in EVENT_FAULTS.items()]
    message = "\n".join(["v.csv: 9 of 11 rows cannot be used", *lines, DAY_FIRST, WAY_OUT])
    assert refused(name, WELCOME, ENTRIES, "--events", "v.csv", *options) == message
    assert files() == ["v.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty: expected a header with subscriber_id, at and event"),
        (
            "subscriber_id,when,ref\n",
            "no column at and no column event; did you mean 'when'? the columns are: subscriber_id, when, ref; "
            "--column at=when maps it",
        ),
        ("subscriber_id,at,event,ref,ref\n", "2 columns are named ref"),
    ],
)  # fmt: skip
def test_files_that_are_no_events(text, message):
    write("v.csv", text)
    assert refused("project", WELCOME, ENTRIES, "--events", "v.csv") == f"v.csv: {message}"


def test_events_need_no_column_ref():
    write("v.csv", "subscriber_id,at,event\n1001,2026-03-01,unsubscribed\n")
    write("w.csv", "subscriber_id,at,event\n1001,2026-03-01,tag_added\n")
    run("project", WELCOME, ENTRIES, "--events", "v.csv", "-o", "out.csv")
    fault = "line 2: no ref: expected the integer id that tag_added needs"
    message = f"w.csv: 1 of 1 rows cannot be used\n  {fault}\n{WAY_OUT}"
    assert refused("project", WELCOME, ENTRIES, "--events", "w.csv") == message


@pytest.mark.parametrize(
    ("typed", "asides"),
    [
        (["project", "-o", "out.csv"], ["out.quarantine.csv", "out.events.quarantine.csv"]),
        (["project"], ["e.quarantine.csv", "v.quarantine.csv"]),
        (["simulate", "-o", "out"], ["out/entries.quarantine.csv", "out/events.quarantine.csv"]),
        (["impact", "--changes", CHANGES], ["e.quarantine.csv", "v.quarantine.csv"]),
    ],
    ids=["project -o", "project", "simulate", "impact"],
)
def test_broken_events_are_quarantined_too(typed, asides):
    write("e.csv", HEADER + "1001,2026-02-28 10:00,\n1004,2026-02-28,\n7,2199-12-31T23:00Z,form\n")
    write("v.csv", BROKEN_EVENTS)
    name, *options = typed
    told = run(name, WELCOME, "e.csv", "--events", "v.csv", *options, "--on-error", "quarantine")
    assert told.stderr.splitlines() == [
        f"1 of 3 rows cannot be used: see {asides[0]}",
        f"9 of 11 rows cannot be used: see {asides[1]}",
    ]
    with open(asides[0], encoding="utf-8", newline="") as file:
        assert [row[:3] for row in csv.reader(file)][1:] == [["4", LATE[11], "7"]]
    with open(asides[1], encoding="utf-8", newline="") as file:
        header, *found = csv.reader(file)
    assert header == ["line", "reason", "subscriber_id", "at", "event", "ref"]
    assert {int(row[0]): row[1] for row in found} == EVENT_FAULTS


def test_events_and_entries_of_different_ids():
    pd.DataFrame({"subscriber_id": [1001], "entered_at": ["2026-03-01"]}).to_parquet("e.parquet")
    message = (
        f"events: subscriber_id is {TEXT} there and int64 in entries; "
        'expected the same, since 1 and "1" never match'
    )
    assert refused("project", WELCOME, "e.parquet", "--events", EVENTS) == message


def test_events_in_parquet():
    events = pd.read_csv(EVENTS, dtype={"subscriber_id": str, "ref": "Int64"})
    events.to_parquet("v.parquet")
    run("project", *LIFE[:2], "--events", "v.parquet", "--changes", CHANGES, "-o", "out.parquet")
    pd.testing.assert_frame_equal(read_back("out.parquet"), life(simcore.project))
    events.loc[0, "event"], events.loc[1, "ref"] = None, None
    events.to_parquet("v.parquet")
    message = [
        "v.parquet: 2 of 15 rows cannot be used",
        f"  row 0: event {NO_TEXT}: not one of: {EVENT_NAMES}",
        "  row 1: no ref: expected the integer id that tag_added needs",
        WAY_OUT,
    ]
    assert refused("project", *LIFE[:2], "--events", "v.parquet") == "\n".join(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "no/out"], "no/out: No such file or directory"),
        (["-o", "e.csv"], "e.csv: File exists"),
        (["-o", "out", "--format", "xlsx"], "--format: found 'xlsx', expected 'csv' or 'parquet'"),
        (["-o", "out", "--order", "size"], "--order: found 'size', expected 'entry' or 'email'"),
        (["-o", "out", "--on-error", "ignore"], "--on-error: found 'ignore', expected 'stop' or 'quarantine'"),
        (["-o", "out", "--until", "never"], "--until: 'never' is not a date and time: expected something like "
         "2026-03-06T21:07:30-05:00"),
        (["-o", "out", "--events", "v.csv"], "v.csv: No such file or directory"),
        (["-o", "there"], "there/journal.csv: cannot be written: not an ordinary file"),
    ],
)  # fmt: skip
def test_simulate_refuses(options, message):
    write("e.csv", HEADER + "1,2026-03-06,api\n")
    Path("there/journal.csv").mkdir(parents=True)
    assert refused("simulate", WELCOME, "e.csv", *options) == message
    assert files() == ["e.csv", "there"]
    assert [path.name for path in Path("there").iterdir()] == ["journal.csv"]


@pytest.mark.parametrize("there", [True, False])
def test_no_table_half_written(there, monkeypatch):
    if there:
        Path("out").mkdir()
        write("out/journal.csv", "as it was")
    tables = []

    def parts(frame):
        tables.append(frame)
        if len(tables) == 3:
            raise OSError(28, "No space left on device")
        yield frame

    monkeypatch.setattr(writing, "_parts", parts)
    message = "out/journal.csv: cannot be written: No space left on device"
    assert refused("simulate", *LIFE, "-o", "out") == message
    assert files() == ["out"] * there
    if there:
        assert [path.name for path in Path("out").iterdir()] == ["journal.csv"]
        assert Path("out/journal.csv").read_text(encoding="utf-8") == "as it was"


# the others


def test_assumptions_lists_the_switches():
    shown = run("assumptions", "kit").stdout
    listed = kit.assumptions()
    assert re.findall(r"^ (\w+) +\S+ .* (K\d+)$", shown, re.MULTILINE) == [
        *zip(listed["name"], listed["rule"], strict=True)
    ]
    assert json.loads(run("assumptions", "kit", "--json").stdout) == listed.to_dict("records")
    assert refused("assumptions", "mailman") == "no platform 'mailman'; there are: kit, sequenzy"


def test_example_prints_the_file():
    for name in simcore.example():
        path = simcore.example(name)
        expected = f"{path}\n".encode() if path.is_dir() else path.read_bytes()
        assert run("example", name).stdout_bytes == expected
    assert run("example").stdout.split() == simcore.example()
    message = f"no example 'x'; there are: {', '.join(simcore.example())}"
    assert refused("example", "x") == message


def test_version():
    expected = "".join(f"{name} {number}\n" for name, number in simcore.versions().items())
    assert run("--version").stdout == expected


@pytest.mark.parametrize(
    "name", [None, "preview", "project", "simulate", "impact", "assumptions", "rules", "example"]
)
def test_help_fits_and_has_an_example(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = run(*([name] if name else []), "--help").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(rf"^ +simcore {name or 'preview'} ", shown, re.MULTILINE)


# in a process of its own


@pytest.mark.slow
def test_an_error_in_a_process_of_its_own_has_no_traceback():
    bad = command("preview", WELCOME, "--entered", "tomorrow")
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert bad.stderr == (
        b"Error: --entered: 'tomorrow' is not a date and time: expected something like 2026-03-06T21:07:30-05:00\n"
    )


@pytest.mark.slow
def test_a_closed_pipe_ends_quietly():
    code = "from simcore.cli import main; main()"
    write("e.csv", HEADER + "1,2026-03-06,api\n" + "".join(f"a{n},2026-03-06,api\n" for n in range(5000)))
    with subprocess.Popen(
        [sys.executable, "-c", code, "project", WELCOME, "e.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == f"{COLUMNS}\n".encode()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("full", "status", "message"),
    [(True, 2, "Error: standard output: No space left on device\n"), (False, 0, "")],
    ids=["full", "closed"],
)
def test_standard_output_that_takes_no_more(full, status, message, monkeypatch, capsys):
    read, out = os.pipe()
    os.close(read)
    if full:
        os.close(out)
        out = os.open("/dev/full", os.O_WRONLY)
    with os.fdopen(out, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "argv", ["simcore", "project", WELCOME, ENTRIES])
        with pytest.raises(SystemExit, match=rf"^{status}$"):
            cli.main()
    assert capsys.readouterr().err == message


@pytest.mark.slow
def test_ctrl_c_exits_130_quietly():
    os.mkfifo("e.csv")
    # Whoever runs the tests in the background has them ignore the signal, and their children too.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heeds}; from simcore.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "project", WELCOME, "e.csv", "-o", "out.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        with open("e.csv", "wb", buffering=0) as pipe:  # which waits until the command reads
            pipe.write(HEADER.encode())
            # Until it waits for more; and again, since a signal right before a system call is only seen after it.
            time.sleep(1)
            for _ in range(6):
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                    break
            assert process.wait(60) == 130
        assert process.stdout.read() + process.stderr.read() == b""
    assert files() == ["e.csv"]


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_without_the_extra(name, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit, match=r"^2$"):
        runpy.run_path(cli.__file__)
    message = 'Error: the command line needs typer and rich: pip install "simcore[cli]"\n'
    assert capsys.readouterr().err == message


def test_another_module_that_is_missing_keeps_its_traceback(monkeypatch, tmp_path):
    write("typer.py", "import a_part_of_it")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "typer")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'a_part_of_it'$"):
        runpy.run_path(cli.__file__)


@pytest.mark.slow
def test_progress_at_a_terminal():
    code = "from simcore.cli import main; main()"
    arguments = [sys.executable, "-c", code, "project", WELCOME, ENTRIES, "-o", "out.csv"]
    environment = os.environ | {"TERM": "xterm"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        told = b""
        with suppress(OSError):  # the other end of a terminal that is closed
            while part := os.read(ours, 4096):
                told += part
        assert process.stdout.read().startswith(b"800 sends to 200 subscribers, ")
        assert process.wait(60) == 0
    os.close(ours)
    assert set(re.findall(rb"Reading|Projecting|Writing", told)) == {b"Reading", b"Projecting", b"Writing"}


def test_a_list_of_one_sequence_is_that_sequence():
    account = json.loads(ACCOUNT.read_text())
    one = {"sequences": account["sequences"][:1], "emails": account["emails"][:4], "pagination": None}
    Path("one.json").write_text(json.dumps(one))
    listed = run("preview", "one.json", "--entered", "2026-03-06 21:07")
    assert listed.stdout == run("preview", WELCOME, "--entered", "2026-03-06 21:07").stdout


def test_of_a_list_one_is_named():
    named = run("preview", f"{ACCOUNT}#30", "--entered", "2026-03-06 21:07")
    assert named.stdout == run("preview", WELCOME, "--entered", "2026-03-06 21:07").stdout


@pytest.mark.parametrize("mark", ["", "#5"])
def test_of_a_list_none_is_guessed(mark):
    refused = run("preview", f"{ACCOUNT}{mark}", "--entered", "2026-03-06 21:07", status=2)
    assert refused.stderr == (
        f"Error: {ACCOUNT}: found a list of 2 sequences, expected one: choose from: "
        f"{ACCOUNT}#30 (Welcome series), {ACCOUNT}#31 (Weekly letters)\n"
    )


@pytest.mark.parametrize("dtype", [object, "category"])
def test_blank_ids_in_parquet(dtype):
    ids = pd.Series(["a", "", "  ", None], dtype=dtype)
    entered_at = pd.Timestamp("2026-03-06T21:07:30Z")
    pd.DataFrame({"subscriber_id": ids, "entered_at": entered_at}).to_parquet("e.parquet")
    assert refused("project", WELCOME, "e.parquet") == (
        "e.parquet: 3 of 4 rows cannot be used\n"
        "  row 1: no subscriber_id\n  row 2: no subscriber_id\n  row 3: no subscriber_id\n"
        "--on-error quarantine sets them aside in a file of their own and goes on with the others"
    )


def test_parquet_without_a_send_keeps_its_types():
    Path("e.csv").write_text("subscriber_id,entered_at\n")
    run("project", WELCOME, "e.csv", "-o", "out.parquet")
    assert "null" not in str(parquet.read_schema("out.parquet"))


@pytest.mark.parametrize("ref", ["+5", "1e3", "12345678901234567890", "7.5"])
def test_a_ref_that_is_no_id_is_named_where_it_stands(ref):
    write("e.csv", HEADER + "a,2026-03-02 10:00,\nb,2026-03-05 10:00,\n")
    write("v.csv", f"subscriber_id,at,event,ref\na,2026-03-07T00:00Z,tag_added,{ref}\n")
    assert refused("project", WELCOME, "e.csv", "--events", "v.csv", "-o", "o.csv").startswith(
        "v.csv: 1 of 1 rows cannot be used\n"
        f"  line 2: ref '{ref}': expected the integer id that tag_added needs\n"
    )
    run("project", WELCOME, "e.csv", "--events", "v.csv", "-o", "o.csv", "--on-error", "quarantine")
    assert Path("o.events.quarantine.csv").exists()


def test_a_sequence_from_a_pipe():
    out, into = os.pipe()
    with open(out, "rb"):
        with open(into, "wb") as pipe:
            pipe.write(Path(WELCOME).read_bytes())
        shown = run("preview", f"/dev/fd/{out}", "--entered", "2026-03-06")
    assert shown.stdout.startswith("Welcome series, America/New_York\n")


def test_a_column_of_objects_without_a_row_is_text():
    nothing = pd.DataFrame({"subscriber_id": pd.Series([], dtype=object)})
    with open("out.parquet", "wb") as sink:
        writing._write_parquet(nothing, sink, lambda rows: None)
    assert str(parquet.read_schema("out.parquet").field("subscriber_id").type) == "string"
