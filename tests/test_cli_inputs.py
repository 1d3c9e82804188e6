"""What the command line reads: standard input, pipes, .gz, and files that are not what their names say."""

import bz2
import gzip
import io
import json
import lzma
import os
import shlex
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from rich.progress import Progress
from test_cli import (
    CHANGES,
    ENTRIES,
    EVENTS,
    HEADER,
    MAIN,
    WAY_OUT,
    WELCOME,
    account,
    command,
    files,
    refused,
    run,
    write,
)
from typer.testing import CliRunner

import simcore
from simcore import cli, kit
from simcore.errors import ValidationError
from simcore.files import inputs
from simcore.files.inputs import WrongKindError, opened
from simcore.files.reading import read
from simcore.plan.columns import ENTRIES as COLUMNS

SHEET = "save its sheet as CSV UTF-8, and give that file"
GOOD = f"{HEADER}a,2026-03-06 21:07:30,\n"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def fed(data, *arguments, status=0):
    """A command with this on standard input."""
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments], input=data)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def refuses(data, *arguments):
    """The one message of a command that is refused with this on standard input."""
    result = fed(data, *arguments, status=2)
    assert result.stdout == ""
    return result.stderr.removeprefix("Error: ").removesuffix("\n")


@contextmanager
def pipe(data, pieces=1):
    """The path of a pipe that gives these bytes, in so many pieces."""
    out, into = os.pipe()

    def give():
        size = -(-len(data) // pieces)
        with os.fdopen(into, "wb", buffering=0) as end:
            for at in range(0, len(data), size or 1):
                end.write(data[at : at + size])

    giver = threading.Thread(target=give)
    giver.start()
    yield f"/dev/fd/{out}"
    os.close(out)
    giver.join()


def content(path):
    return Path(path).read_bytes()


def parquet(path, name="e.parquet"):
    pd.read_csv(path, dtype=str).to_parquet(name)
    return content(name)


def archive(name, text="<a/>"):
    """A zip archive with one file in it."""
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w") as file:
        file.writestr(name, text)
    return page.getvalue()


# Standard input and pipes


EXPECTED = {
    "project": [WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES],
    "forecast": [WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES, "--json"],
    "impact": [WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "given", [WELCOME, ENTRIES, EVENTS, CHANGES], ids=["file", "entries", "events", "changes"]
)
@pytest.mark.parametrize("name", EXPECTED)
def test_each_input_from_standard_input_and_from_a_pipe(name, given):
    typed = EXPECTED[name]
    expected = run(name, *typed).stdout
    dashed = ["-" if each == given else each for each in typed]
    assert fed(content(given), name, *dashed).stdout == expected
    with pipe(content(given)) as path:
        assert run(name, *[path if each == given else each for each in typed]).stdout == expected


@pytest.mark.slow
def test_a_shell_gives_pipes():
    simcore_ = f"{shlex.quote(sys.executable)} -c {shlex.quote(MAIN)}"
    script = (
        f"cat {ENTRIES} | {simcore_} project {WELCOME} /dev/stdin -o a.csv && "
        f"{simcore_} project <(cat {WELCOME}) <(cat {ENTRIES}) --events <(head -1 {EVENTS}) -o b.csv && "
        f"{simcore_} project {WELCOME} - -o c.csv < {ENTRIES}"
    )
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    run("project", WELCOME, ENTRIES, "-o", "d.csv")
    assert content("a.csv") == content("b.csv") == content("c.csv") == content("d.csv")


def test_standard_input_that_is_a_file_is_no_output():
    write("e.csv", GOOD)
    with open("e.csv", "rb") as given:
        ended = command("project", WELCOME, "-", "-o", "e.csv", stdin=given)
    assert ended.returncode == 2
    assert ended.stderr == b"Error: e.csv: cannot be written: it is an input\n"


@pytest.mark.slow
def test_standard_input_that_was_read_in_part():
    write("e.csv", f"a note\n{GOOD}")
    code = f"import os, sys; os.lseek(0, 7, 0); sys.argv = ['simcore', 'project', {WELCOME!r}, '-']; {MAIN}"
    with open("e.csv", "rb") as given:
        ended = subprocess.run([sys.executable, "-c", code], stdin=given, capture_output=True, check=True)
    write("good.csv", GOOD)
    assert ended.stdout.decode() == run("project", WELCOME, "good.csv").stdout


@pytest.mark.slow
def test_standard_input_that_is_closed():
    code = f"import sys; sys.stdin = None; sys.argv = ['simcore', 'project', {WELCOME!r}, '-']; {MAIN}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    message = "Error: standard input: closed, so nothing can be read from it\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", message)


def test_there_may_be_no_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(WrongKindError, match=r"^closed, so nothing can be read from it$"), opened("-"):
        pass


@pytest.mark.parametrize("pieces", [1, 7, 500])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_pipe_gives_its_bytes_in_pieces(pack, pieces):
    expected = run("project", WELCOME, ENTRIES).stdout
    with pipe(pack(content(ENTRIES)), pieces) as path:
        assert run("project", WELCOME, path).stdout == expected


def test_parquet_from_a_pipe():
    expected = run("project", WELCOME, ENTRIES).stdout
    data = parquet(ENTRIES)
    assert fed(data, "project", WELCOME, "-").stdout == expected
    with pipe(data, 3) as path:
        assert run("project", WELCOME, path).stdout == expected
    os.rename("e.parquet", "e.csv")  # it says itself what it is
    assert run("project", WELCOME, "e.csv").stdout == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty: expected a header with subscriber_id and entered_at"),
        (
            b"id,entered_at\n",
            "no column subscriber_id; did you mean 'id'? the columns are: id, entered_at; "
            "--column subscriber_id=id maps it",
        ),
        (GOOD.replace("a,", "José,").encode("latin-1"), "it is not UTF-8 (byte 0xe9): save it as UTF-8"),
        (
            f"{GOOD}b,never,\n".encode(),
            "1 of 2 rows cannot be used\n  line 3: entered_at 'never': not a date and time: expected something "
            f"like 2026-03-06T21:07:30-05:00\n{WAY_OUT}",
        ),
        (
            f'{GOOD}"b,2026-03-06,\n'.encode(),
            "line 3: a quotation mark opens a field that does not end",
        ),
        (b"PAR1\x15\x00PAR1", "not a Parquet file: "),
    ],
    ids=["empty", "column", "encoding", "row", "quote", "parquet"],
)
def test_what_is_wrong_is_said_of_standard_input(data, message):
    told = refuses(data, "project", WELCOME, "-", "-o", "out.csv")
    assert told.startswith(f"standard input: {message}")
    assert told == f"standard input: {message}" or message.endswith(": ")
    with pipe(data) as path:
        assert refused("project", WELCOME, path, "-o", "out.csv").startswith(f"{path}: {message}")
    assert files() == []


def test_what_is_wrong_with_a_sequence_is_said_of_standard_input():
    message = "standard input: 1 problem\n  standard input: not JSON: Expecting value at line 1, column 1"
    assert refuses(b"hello", "preview", "-", "--entered", "2026-03-06") == message
    message = (
        "standard input: 1 problem\n  send_hour: send_hour must be an integer between 0 and 23 (found 25)"
    )
    data = content(account("w.json", [("One", 0)], send_hour=25))
    assert refuses(data, "preview", "-", "--entered", "2026-03-06") == message


def test_a_list_from_standard_input_is_named_by_what_can_be_typed():
    data = content(simcore.example("account"))
    message = (
        "standard input: found a list of 2 sequences, expected one: choose from: "
        "/dev/stdin#30 (Welcome series), /dev/stdin#31 (Weekly letters)"
    )
    assert refuses(data, "preview", "-", "--entered", "2026-03-06") == message


BAD = f"{GOOD}b,soon,\nc,2026-03-07 09:00:00\nd,2026-03-08,\n"
SET_ASIDE = (
    "line,reason,subscriber_id,entered_at,via\n"
    "3,entered_at 'soon': not a date and time: expected something like 2026-03-06T21:07:30-05:00,b,soon,\n"
    '4,"2 fields, expected 3",c,2026-03-07 09:00:00,\n'
)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("output", [True, False])
def test_rows_of_standard_input_are_set_aside(output, packed):
    """They are kept while they are read, since they cannot be read again."""
    data = gzip.compress(BAD.encode()) if packed else BAD
    aside = "o.quarantine.csv" if output else "stdin.quarantine.csv"
    typed = ["-o", "o.csv"] if output else []
    result = fed(data, "project", WELCOME, "-", "--on-error", "quarantine", *typed)
    assert result.stderr == f"2 of 4 rows cannot be used: see {aside}\n"
    assert Path(aside).read_text(encoding="utf-8") == SET_ASIDE
    write("e.csv", BAD)
    run("project", WELCOME, "e.csv", "--on-error", "quarantine", "-o", "p.csv")
    sent = Path("o.csv").read_bytes() if output else result.stdout_bytes
    assert sent == Path("p.csv").read_bytes()


def test_parquet_rows_of_standard_input_are_set_aside():
    frame = pd.DataFrame({"subscriber_id": ["a", "b"], "entered_at": ["2026-03-06 21:07", "soon"]})
    frame.to_parquet("e.parquet")
    result = fed(content("e.parquet"), "project", WELCOME, "-", "--on-error", "quarantine")
    assert result.stderr == "1 of 2 rows cannot be used: see stdin.quarantine.csv\n"
    assert pd.read_csv("stdin.quarantine.csv")[["row", "entered_at"]].to_numpy().tolist() == [[1, "soon"]]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_rows_of_two_pipes_are_set_aside():
    event = "subscriber_id,at,event,ref\na,soon,unsubscribed,\na,2026-03-07,unsubscribed,\n"
    Path("in").mkdir()
    feeders = []
    for name, text in (("in/e.pipe", BAD), ("in/v.pipe", event)):
        os.mkfifo(name)
        feeders.append(threading.Thread(target=Path(name).write_text, args=[text], daemon=True))
        feeders[-1].start()
    run("simulate", WELCOME, "in/e.pipe", "--events", "in/v.pipe", "--on-error", "quarantine", "-o", "life")
    for each in feeders:
        each.join()
    assert Path("life/entries.quarantine.csv").read_text(encoding="utf-8") == SET_ASIDE
    assert pd.read_csv("life/events.quarantine.csv")["at"].tolist() == ["soon"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (["project", "-", "-"], "FILE and ENTRIES"),
        (["project", WELCOME, "-", "--events", "-"], "ENTRIES and --events"),
        (["project", WELCOME, "/dev/stdin", "--changes", "-"], "ENTRIES and --changes"),
        (["simulate", "-", ENTRIES, "--emails", "-", "-o", "out"], "FILE and --emails"),
        (["impact", "-", "-", "--changes", "-"], "FILE, ENTRIES and --changes"),
        (["forecast", "/dev/fd/0#30", "-"], "FILE and ENTRIES"),
        (["compare", "-", "-", ENTRIES], "FILE and FILE"),
        (["lint", "-", "--among", "-"], "FILE and --among"),
    ],
)
def test_standard_input_is_given_for_one_thing(typed, names):
    message = f"-: standard input is given for {names}: it can be read once, so give files for the others"
    assert refuses(GOOD, *typed) == message
    assert files() == []


def test_progress_without_a_size(monkeypatch):
    told = []
    monkeypatch.setattr(Progress, "update", lambda self, task, **new: told.append(new))
    fed(content(ENTRIES), "project", WELCOME, "-", "-o", "out.csv")
    size = len(content(ENTRIES))
    assert told[0] == {"description": "Reading 7.7 kB", "completed": size, "total": None}
    del told[:]
    run("project", WELCOME, ENTRIES, "-o", "out.csv")
    assert told[0] == {"description": "Reading", "completed": size, "total": size}
    del told[:]
    write("e.csv.gz", "")
    Path("e.csv.gz").write_bytes(gzip.compress(content(ENTRIES)))
    run("project", WELCOME, "e.csv.gz", "-o", "out.csv")
    packed = Path("e.csv.gz").stat().st_size
    assert told[0] == {"description": "Reading", "completed": packed, "total": packed}


def test_what_cannot_be_read_is_named(monkeypatch):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    good = content(WELCOME)
    monkeypatch.setattr(inputs, "_raw", lambda path: io.BytesIO(good) if str(path) == WELCOME else Broken())
    assert refused("project", WELCOME, "-", "-o", "out.csv") == "standard input: Input/output error"
    assert refused("preview", "e.json", "--entered", "2026-03-06") == "e.json: Input/output error"


# .gz


def test_gz_of_every_input():
    typed = EXPECTED["project"]
    expected = run("project", *typed).stdout
    packed = []
    for each in typed:
        if os.path.exists(each):
            Path(f"{Path(each).name}.gz").write_bytes(gzip.compress(content(each)))
            each = f"{Path(each).name}.gz"
        packed.append(each)
    assert run("project", *packed).stdout == expected
    Path("e.parquet.GZ").write_bytes(gzip.compress(parquet(ENTRIES)))
    plain = run("project", WELCOME, ENTRIES).stdout
    assert run("project", WELCOME, "e.parquet.GZ").stdout == plain


def test_gz_of_scenarios_and_of_a_list():
    for name in ("welcome", "letters", "account"):
        Path(f"{name}.json.gz").write_bytes(gzip.compress(content(simcore.example(name))))
    found = json.loads(run("compare", "welcome.json.gz", "letters.json.gz", ENTRIES, "--json").stdout)
    assert [row["scenario"] for row in found["scenarios"]] == ["welcome", "letters"]
    message = refused("compare", "welcome.json.gz", "letters.json.gz")  # the last is a sequence too
    assert message.startswith("ENTRIES: missing")
    shown = run("preview", "account.json.gz#30", "--entered", "2026-03-06").stdout
    assert shown == run("preview", WELCOME, "--entered", "2026-03-06").stdout
    assert kit.load("welcome.json.gz") == kit.load(WELCOME)


def test_rows_of_a_gz_are_set_aside():
    Path("e.csv.gz").write_bytes(gzip.compress(f"{GOOD}b,never,\n".encode()))
    result = run("project", WELCOME, "e.csv.gz", "--on-error", "quarantine")
    assert result.stderr == "1 of 2 rows cannot be used: see e.quarantine.csv\n"
    assert Path("e.quarantine.csv").read_text(encoding="utf-8").endswith(",b,never,\n")
    Path("e.csv.gz").write_bytes(gzip.compress(GOOD.replace("a,", "José,").encode("latin-1")))
    message = "e.csv.gz: line 2 is not UTF-8 (byte 0xe9): save it as UTF-8"
    assert refused("project", WELCOME, "e.csv.gz") == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD.encode(), "not compressed, though its name ends in .gz: give it another name"),
        (gzip.compress(content(ENTRIES))[:400], "compressed by gzip, and damaged or cut short: Compressed file ended "
         "before the end-of-stream marker was reached"),
        (gzip.compress(b"x" * 9999)[:-8] + b"\0" * 8, "compressed by gzip, and damaged or cut short: CRC check "),
        (gzip.compress(b"x" * 9999)[:12] + b"\xff" * 30, "compressed by gzip, and damaged or cut short: Error -3 "
         "while decompressing data: "),
        (gzip.compress(gzip.compress(GOOD.encode())), "compressed by gzip: give it a name that ends in .gz, or "
         "unpack it first, with gunzip"),
        (gzip.compress(archive("xl/x.xml")), f"a workbook (.xlsx): {SHEET}"),
        (gzip.compress(b""), "empty: expected a header with subscriber_id and entered_at"),
        (b"", "empty: expected a header with subscriber_id and entered_at"),
    ],
    ids=["plain", "cut", "crc", "damaged", "twice", "workbook", "nothing", "empty"],
)  # fmt: skip
def test_gz_that_is_none(data, message):
    Path("e.csv.gz").write_bytes(data)
    told = refused("project", WELCOME, "e.csv.gz")
    assert told.startswith(f"e.csv.gz: {message}")
    assert told == f"e.csv.gz: {message}" or message.endswith(" ")


# Files of another kind


KINDS = {
    "xlsx": (archive("xl/x.xml"), f"a workbook (.xlsx): {SHEET}"),
    "xlsx of Excel": (archive("[Content_Types].xml"), f"a workbook (.xlsx): {SHEET}"),
    "xlsx of a library": (archive("docProps/app.xml"), f"a workbook (.xlsx): {SHEET}"),
    "ods": (
        archive("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        f"a workbook (.ods): {SHEET}",
    ),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504, f"a workbook (.xls): {SHEET}"),
    "zip": (archive("e.csv", GOOD), "a zip archive: unpack it, and give the file that is in it"),
    "zip of nothing": (
        b"PK\x05\x06" + b"\0" * 18,
        "a zip archive: unpack it, and give the file that is in it",
    ),
    "gz": (
        gzip.compress(GOOD.encode()),
        "compressed by gzip: give it a name that ends in .gz, or unpack it first, with gunzip",
    ),
    "bz2": (bz2.compress(GOOD.encode()), "compressed by bzip2: unpack it first, with bunzip2"),
    "xz": (lzma.compress(GOOD.encode()), "compressed by xz: unpack it first, with unxz"),
    "zstd": (b"\x28\xb5\x2f\xfd\x00\x58", "compressed by zstd: unpack it first, with unzstd"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["e.csv", "e.xlsx", "e", "e.parquet"])
def test_a_file_of_another_kind_is_called_what_it_is(kind, name):
    data, message = KINDS[kind]
    Path(name).write_bytes(data)
    assert refused("project", WELCOME, name, "-o", "out.csv") == f"{name}: {message}"
    assert refused("project", WELCOME, ENTRIES, "--events", name) == f"{name}: {message}"
    assert files() == [name]


@pytest.mark.parametrize("kind", KINDS)
def test_so_is_a_pipe(kind):
    data, message = KINDS[kind]
    if kind == "gz":  # it has no name that could say so
        assert fed(data, "project", WELCOME, "-").stdout == fed(GOOD, "project", WELCOME, "-").stdout
    else:
        assert refuses(data, "project", WELCOME, "-") == f"standard input: {message}"


@pytest.mark.parametrize("kind", KINDS)
def test_so_is_a_sequence(kind, text_of):
    data, message = KINDS[kind]
    Path("w.json").write_bytes(data)
    expected = f"not JSON that can be read: {message}"
    if message.startswith("a workbook"):
        expected = f"not JSON: {message.partition(':')[0]}"
    told = refused("preview", "w.json", "--entered", "2026-03-06")
    assert told == f"w.json: 1 problem\n  w.json: {expected}"
    assert text_of(ValidationError, kit.load, "w.json") == f"1 problem\n  w.json: {expected}"


def test_a_file_that_begins_as_others_do_is_read():
    """Texts that only look like the beginning of something."""
    for name in ("PK", "BZh91", "PAR1", "7zXZ"):
        write("e.csv", f"{name},subscriber_id,entered_at\nx,a,2026-03-06\n")
        assert len(run("project", WELCOME, "e.csv").stdout.splitlines()) == 5


def test_an_input_by_itself():
    write("e.csv", GOOD)
    with opened("e.csv") as given:
        assert (given.file.read(), given.size, given.done(), given.anywhere) == (
            GOOD.encode(),
            len(GOOD),
            len(GOOD),
            True,
        )
    with pipe(GOOD.encode()) as path, opened(path) as given:
        assert (given.head, given.size, given.done(), given.anywhere) == (GOOD.encode(), None, 0, False)
        assert given.file.read(5) == GOOD[:5].encode()
    Path("x").write_bytes(lzma.compress(b""))
    with pytest.raises(WrongKindError, match=r"^compressed by xz: unpack it first, with unxz$"), opened("x"):
        pass


# What divides columns


def divided(sign, text=GOOD):
    return write("e.csv", text.replace(",", sign))


@pytest.mark.parametrize(
    ("sign", "name", "typed"),
    [(";", "semicolons", ";"), ("\t", "tabs", r"\t"), ("|", "vertical bars", "|"), ("\t", "tabs", "\t")],
)
def test_columns_are_divided_by(sign, name, typed):
    told = f"the columns are divided by {name}: --delimiter {sign!r}"
    message = f"e.csv: no column subscriber_id and no column entered_at; {told}"
    assert refused("project", WELCOME, divided(sign)) == message
    assert refuses(content("e.csv"), "project", WELCOME, "-") == message.replace("e.csv", "standard input", 1)
    expected = fed(GOOD, "project", WELCOME, "-").stdout
    assert run("project", WELCOME, "e.csv", "--delimiter", typed).stdout == expected
    write("q.csv", f'"subscriber_id"{sign}"entered_at"\n"a"{sign}"2026-03-06 21:07:30"\n')
    assert refused("project", WELCOME, "q.csv") == f"q.csv: {told}"
    assert run("project", WELCOME, "q.csv", "--delimiter", typed).stdout == expected


def test_every_command_takes_a_delimiter():
    entries, typed = divided(";"), ["--delimiter", ";"]
    write("v.csv", "subscriber_id;at;event\na;2026-03-07;unsubscribed\n")
    run("simulate", WELCOME, entries, "--events", "v.csv", *typed, "-o", "out")
    assert len(pd.read_csv("out/timeline.csv")) == 2
    assert json.loads(run("forecast", WELCOME, entries, *typed, "--json").stdout)["sends"] == 4
    run("impact", WELCOME, entries, "--changes", CHANGES, *typed)
    write("idea.json", Path(WELCOME).read_text(encoding="utf-8"))
    run("compare", WELCOME, "idea.json", entries, *typed)


def test_rows_divided_by_semicolons_are_set_aside():
    entries = divided(";", f'{HEADER}a,2026-03-06,\nb,never,\nc,"2026-03-06",api,more\nd,"x,y"z,\n')
    typed = ["project", WELCOME, entries, "--delimiter", ";", "--on-error", "quarantine"]
    run(*typed, "-o", "out.csv")
    aside = pd.read_csv("out.quarantine.csv", dtype=str, keep_default_na=False)
    assert aside["line"].tolist() == ["3", "4", "5"]
    assert aside["subscriber_id"].tolist() == ["b", "c", "d"]
    assert aside["surplus"].tolist() == ["", "more", ""]
    mended = aside.assign(entered_at="2026-03-06")[["subscriber_id", "entered_at"]]
    mended.to_csv("mended.csv", index=False)
    assert json.loads(run("project", WELCOME, "mended.csv", "-o", "o.csv", "--json").stdout)["sends"] == 12


@pytest.mark.parametrize(
    ("header", "typed", "message"),
    [
        ("one,two", [], "no column subscriber_id and no column entered_at; the columns are: one, two"),
        ("id;when", [], "no column subscriber_id and no column entered_at; the columns are divided by semicolons: "
         "--delimiter ';'"),
        ("subscriber_id;entered_at;note, of whom", [], "no column subscriber_id and no column entered_at; the columns "
         "are divided by semicolons: --delimiter ';'"),
        ("subscriber_id,entered_at", ["--delimiter", ";"], "no column subscriber_id and no column entered_at; the "
         "columns are divided by commas: --delimiter ','"),
        ("subscriber_id", [], "no column entered_at; the columns are: subscriber_id"),
        ("subscriber_id,entered;at;when", [], "no column entered_at; the columns are divided by semicolons: "
         "--delimiter ';'"),
    ],
)  # fmt: skip
def test_columns_that_are_not_there(header, typed, message):
    write("e.csv", f"{header}\n")
    assert refused("project", WELCOME, "e.csv", *typed) == f"e.csv: {message}"


@pytest.mark.parametrize("typed", ["", "ab", '"', "\n", "tab", r"\n"])
def test_a_delimiter_is_one_character(typed):
    message = f"--delimiter: found {typed!r}, expected one character, such as ';' or '\\t'"
    assert refused("project", WELCOME, ENTRIES, "--delimiter", typed) == message


def test_rows_know_what_divides_them():
    rows = read(Path(divided(";")), lambda done, size: None, COLUMNS, delimiter=";")
    assert (rows.delimiter, rows.total, rows.frame["subscriber_id"].tolist()) == (";", 1, ["a"])
