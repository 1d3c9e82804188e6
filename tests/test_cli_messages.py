"""What the command line says to people and to machines: errors, warnings, narrow terminals, help."""

import json
import re
import runpy
import sys
from itertools import pairwise

import pandas as pd
import pytest
from rich.cells import cell_len
from test_cli import CHANGES, ENTRIES, EVENTS, HEADER, WELCOME, account, command, refused, run, write
from test_cli_sequenzy import ONBOARDING
from typer.testing import CliRunner

import simcore
from simcore import cli, kit
from simcore.cli.options import saying
from simcore.show import terminal

ENTERED = ["--entered", "2026-03-06 21:07"]
LETTERS = simcore.example("letters")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


# Errors and warnings for machines


def for_machines(*typed, status=2):
    """What stands on standard error, an object a line."""
    result = run(*typed, "--json", status=status)
    assert status == 0 or result.stdout == ""
    return [json.loads(line) for line in result.stderr.splitlines()]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["preview", WELCOME, "--entered", "03/06/2026"], "--entered: '03/06/2026' leaves day and month to guesswork: "
         "write it as 2026-03-06 or 6 March 2026"),
        (["preview", "no.json", *ENTERED], "no.json: No such file or directory"),
        (["project", WELCOME, "e.csv"], "e.csv: 1 of 1 rows cannot be used\n  line 2: entered_at 'never': not a date "
         "and time: expected something like 2026-03-06T21:07:30-05:00\n--on-error quarantine sets them aside in a "
         "file of their own and goes on with the others"),
        (["forecast", WELCOME, ENTRIES, "--by", "day"], "--by: found 'day', expected 'email' or 'total'"),
        (["lint"], "FILE: missing, expected a sequence, or --list"),
        (["rules", "K99"], "no rule 'K99'; "),
        (["preview", WELCOME], "Missing option '--entered'."),
        (["preview", *ENTERED], "Missing argument 'FILE'."),
        (["simulate", WELCOME, "--wrong"], "No such option: --wrong"),
        (["none"], "No such command 'none'."),
    ],
)  # fmt: skip
def test_errors_for_machines_are_json(typed, message):
    write("e.csv", HEADER + "1,never,\n")
    (found,) = for_machines(*typed)
    assert [*found] == ["error"]
    assert found["error"].startswith(message)
    assert run(*typed, status=2).stderr.endswith(f"Error: {found['error']}\n")


def test_warnings_for_machines_are_json():
    draft = {"subject": "Soon", "delay_value": 0, "delay_unit": "days"}
    file = write("w.json", json.dumps({"sequence": {"name": "Series"}, "emails": [draft]}))
    assert for_machines("preview", file, *ENTERED, status=0) == [
        {"warning": "nothing to preview: no email is published (--include-drafts shows drafts)"}
    ]
    with saying():
        assert terminal._to_machines.get() is False  # what is set for a command ends with it


def test_a_warning_before_an_error_is_a_line_of_its_own():
    typed = ["preview", WELCOME, "--entered", "never", "--time-zone", "Asia/Tokyo"]
    found = for_machines(*typed)
    assert [[*each] for each in found] == [["warning"], ["error"]]


def test_what_no_encoding_has_is_said_to_machines():
    result = CliRunner(charset="ascii").invoke(cli.app, ["preview", "José.json", *ENTERED, "--json"])
    assert json.loads(result.stderr) == {"error": "José.json: No such file or directory"}


def test_in_a_process_of_its_own():
    ended = command("preview", WELCOME, "--json")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert json.loads(ended.stderr) == {"error": "Missing option '--entered'."}


# python -m simcore


def test_the_package_is_the_command(monkeypatch, capfdbinary):
    # Older pytests read modules of plugins in a way that runpy knows nothing of.
    monkeypatch.setattr(
        sys, "meta_path", [each for each in sys.meta_path if not hasattr(each, "_rewritten_names")]
    )
    monkeypatch.setattr(sys, "argv", ["simcore", "example", "welcome"])
    with pytest.raises(SystemExit, match=r"^0$"):
        runpy.run_module("simcore", run_name="__main__")
    assert capfdbinary.readouterr().out == simcore.example("welcome").read_bytes()
    monkeypatch.setattr(sys, "argv", ["simcore", "none"])
    with pytest.raises(SystemExit, match=r"^2$"):
        runpy.run_module("simcore", run_name="__main__")
    assert b"Usage: simcore " in capfdbinary.readouterr().err


# --emails and --time-zone


def apart():
    """The sequence and its emails in files of their own."""
    api = kit.load(WELCOME).to_api()
    write("s.json", json.dumps({"sequence": api["sequence"]}))
    return "s.json", write("m.json", json.dumps({"emails": api["emails"]}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "--emails m.json: 1 problem\n  m.json: not JSON: Expecting value at line 1, column 1"),
        ('{"emails": 5}', "s.json with --emails m.json: 1 problem\n  emails: emails must be a list (found 5)"),
        ("{}", "s.json with --emails m.json: 1 problem\n  emails: expected {\"emails\": [...]} as Kit's list of "
         "sequence emails gives it (found {})"),
        ('[{"subject": "A", "delay_value": -1, "delay_unit": "days"}]', "s.json with --emails m.json: 1 problem\n  "
         "emails[0].delay_value: delay_value must be an integer between 0 and 3650 (found -1)"),
        ('{"emails": [], "emails": []}', "--emails m.json: 1 problem\n  m.json: not JSON that can be read: the key "
         "'emails' is twice in one object (found [] and [])"),
    ],
)  # fmt: skip
def test_the_file_of_emails_is_named(text, message):
    sequence, emails = apart()
    if text is None:
        emails = "m.json"
        (write(emails, ""), __import__("os").remove(emails))
    else:
        write(emails, text)
    told = refused("preview", sequence, "--emails", emails, *ENTERED)
    assert (
        told == message if message else told.startswith("s.json with --emails m.json: 1 problem\n  emails: ")
    )


def test_a_sequence_without_emails_points_to_them():
    sequence, emails = apart()
    told = "Warning: s.json: it has no emails: if they are in a file of their own, give it with --emails\n"
    for typed in (["project", sequence, ENTRIES, "-o", "o.csv"], ["forecast", sequence, ENTRIES]):
        result = run(*typed)
        assert result.stderr == told
        assert "no sends" in result.stdout
        assert "the sequence has no emails" in result.stdout
        assert run(*typed, "--emails", emails).stderr == ""
    result = run("preview", sequence, *ENTERED)
    assert result.stderr == f"{told}Warning: nothing to preview: the sequence has no emails\n"
    assert run("preview", sequence, "--emails", emails, *ENTERED).stderr == ""
    assert run("lint", sequence, status=1).stderr == ""  # which has no such option
    assert run("preview", ONBOARDING, *ENTERED).stderr == ""
    empty = write("q.json", json.dumps({"name": "Q", "trigger": "contact_added", "steps": []}))
    assert "--emails" not in CliRunner().invoke(cli.app, ["preview", empty, *ENTERED]).stderr


@pytest.mark.parametrize(
    ("file", "typed", "told"),
    [
        (WELCOME, "Asia/Tokyo", f"--time-zone has no effect: {WELCOME} has the time zone America/New_York itself"),
        (LETTERS, "America/New_York", f"--time-zone has no effect: {LETTERS} has the time zone Europe/Berlin itself"),
        (WELCOME, "America/New_York", None),
        ("s.json", "Asia/Tokyo", None),
        ("s.json", "America/New_York", None),
        (f"{simcore.example('account')}#31", "Asia/Tokyo", f"--time-zone has no effect: {simcore.example('account')} "
         "has the time zone Europe/Berlin itself"),
    ],
)  # fmt: skip
def test_a_zone_that_is_not_used_is_said(file, typed, told):
    emails = [{"subject": "One", "delay_value": 0, "delay_unit": "days", "published": True}]
    write("s.json", json.dumps({"sequence": {"name": "Series"}, "emails": emails}))
    result = run("preview", file, *ENTERED, "--time-zone", typed)
    assert result.stderr == (f"Warning: {told}\n" if told else "")
    if file == "s.json":
        assert f"Series, {typed}" in result.stdout


def test_of_several_sequences_some_may_use_the_zone():
    account_ = simcore.example("account")
    told = run("lint", account_, "--time-zone", "Asia/Tokyo", status=0).stderr
    assert told == (
        f"Warning: --time-zone has no effect: {account_} has the time zone America/New_York and Europe/Berlin itself\n"
    )
    assert run("lint", account_, "--time-zone", "Europe/Berlin").stderr == ""
    told = run(
        "compare", WELCOME, account("x.json", [("One", 0)]), ENTRIES, "--time-zone", "Asia/Tokyo"
    ).stderr
    assert told.splitlines() == [
        f"Warning: --time-zone has no effect: {each} has the time zone America/New_York itself"
        for each in (WELCOME, "x.json")
    ]


# by= and --by


@pytest.mark.parametrize("by", ["email", "total"])
def test_by_and_its_option_take_the_same_words(by):
    run("forecast", WELCOME, ENTRIES, "--by", by, "-o", "f.parquet")
    expected = simcore.forecast(kit.load(WELCOME), pd.read_csv(ENTRIES, dtype=str), by=by)
    assert pd.read_parquet("f.parquet").iloc[:, 1:].to_numpy().tolist() == expected.to_numpy().tolist()
    assert [*expected.columns] == ([0, 1, 2, 3] if by == "email" else ["sends"])


def test_a_total_has_two_names():
    entries = pd.read_csv(ENTRIES, dtype=str)
    one, other = (simcore.forecast(kit.load(WELCOME), entries, by=by) for by in ("total", None))
    pd.testing.assert_frame_equal(one, other)


# Narrow terminals


def words(text):
    return re.sub(r"\W+", "", text)


@pytest.mark.parametrize("columns", [20, 30, 40, 45, 49, 50, 60, 80, 200])
def test_the_reason_stays_however_narrow_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("preview", WELCOME, *ENTERED).stdout.splitlines()
    assert max(map(cell_len, lines)) <= min(columns, 80)
    assert not any(before == after == "" for before, after in pairwise(lines))
    expected = simcore.preview(kit.load(WELCOME), "2026-03-06 21:07")
    if columns <= 50:  # a cell below another, so that each is in one piece
        shown = words("".join(line[12:] for line in lines[4:]))
        for row in expected.itertuples():
            assert words(f"{row.subject}{row.reason}") in shown
        assert re.findall(r"^ (\w+(?: \w+)?)  ", "\n".join(lines), re.MULTILINE) == [
            *["pos", "send time", "subject", "reason"] * 4
        ]
    else:
        column = lines[3].index("reason")
        shown = words("".join(line[column:] for line in lines[4:]))
        assert shown == words("".join(expected["reason"]))


@pytest.mark.parametrize(
    "typed",
    [
        ["impact", WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES],
        ["compare", WELCOME, LETTERS, ENTRIES],
        ["assumptions"],
        ["lint", "--list"],
        ["preview", LETTERS, *ENTERED],
    ],
    ids=lambda typed: typed[0],
)
@pytest.mark.parametrize("columns", [40, 60])
def test_no_table_has_rows_of_blank_lines(typed, columns, monkeypatch):
    whole = run(*typed).stdout
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run(*typed).stdout.splitlines()
    assert not any(before == after == "" for before, after in pairwise(lines))
    names = next(line for line in whole.splitlines() if "  " in line).split("  ")
    assert all(word in " ".join(lines) for name in names for word in name.split())


def test_cells_below_one_another(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    shown = run("compare", WELCOME, LETTERS, ENTRIES).stdout
    assert shown.startswith(
        " scenario    welcome\n"
        " sends       800\n"
        " people      200\n"
        " first send  19 Feb 2026\n"
        " last send   9 Apr 2026\n"
        " days        5.2\n"
        " Sat Sun     15%\n"
        " night       18%\n"
        "\n"
        " scenario    letters\n"
        " sends       600\n"
    )
    legend = shown.partition("\n\ndays:")[2].splitlines()[:4]
    assert legend == [
        " from the entry to the last send,",
        "the median",
        "Sat Sun, night (22:00 to 07:00): shares",
        "of the sends",
    ]
    write("none.csv", HEADER)
    shown = run("compare", WELCOME, LETTERS, "none.csv").stdout
    assert shown.startswith(" scenario  welcome\n sends     0\n people    0\n\n scenario  letters\n")


# Help


def test_the_examples_are_explained():
    shown = run("example", "--help").stdout
    told = dict(re.findall(r"^    (\w+) {2,}(\S.*)$", shown, re.MULTILINE))
    assert sorted(told) == sorted(simcore.example())
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", ["project", "simulate", "forecast", "compare", "impact"])
def test_the_help_says_how_columns_are_divided(name):
    shown = run(name, "--help").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "--delimiter" in shown
