"""Tools for assistants: what they answer, what they may read, mistakes; and the server, spoken to by a client."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_cli import refused, run

import simcore
from simcore import kit, sequenzy
from simcore.cli.tools import TOOLS, Files, call
from simcore.errors import SimcoreError

WELCOME = json.loads(simcore.example("welcome").read_text("utf-8"))
EVENING = {**WELCOME, "sequence": {**WELCOME["sequence"], "send_hour": 18}}
ONBOARDING = json.loads(simcore.example("onboarding").read_text("utf-8"))
CHANGES = json.loads(simcore.example("changes").read_text("utf-8"))
ENTRIES = pd.read_csv(simcore.example("entries"))[["subscriber_id", "entered_at"]].iloc[54:66]
PEOPLE = ENTRIES.to_dict("records")
FRIDAY = {"sequence": WELCOME, "entered_at": "2026-03-06 21:07"}
NONE = Files(None)
SEQUENCE = kit.from_api(WELCOME)


THERE = (
    "there are: a, account.json, deep.json, entries.csv, events.csv, inside.json, onboarding.json, "
    "sequenzy_events.csv, welcome.json"
)
"""The files that may be read; no links out of the folder."""


@pytest.fixture
def folder(tmp_path):
    """A folder with files, beside another file."""
    found = tmp_path / "mine"
    found.mkdir()
    for name in ("welcome", "account", "onboarding", "entries", "events", "sequenzy_events"):
        path = simcore.example(name)
        (found / path.name).write_bytes(path.read_bytes())
    (tmp_path / "secret.json").write_bytes(simcore.example("welcome").read_bytes())
    (found / "link.json").symlink_to(tmp_path / "secret.json")
    (found / "inside.json").symlink_to(found / "welcome.json")
    (found / "loop.json").symlink_to(found / "loop.json")
    (found / "welcome.json#30").symlink_to(tmp_path / "secret.json")
    (found / "a").write_text("{}")
    (found / "a#").mkdir()
    (found / "deep").mkdir()
    (found / "deep" / "er.json").write_bytes(simcore.example("account").read_bytes())
    (found / "deep" / "er.json#30").symlink_to(tmp_path / "secret.json")
    (found / "deep.json").symlink_to(found / "deep" / "er.json")
    return found


def wrong(name, arguments, files=NONE):
    with pytest.raises(SimcoreError) as caught:
        call(name, arguments, files)
    return str(caught.value)


# what they answer: that of the library


def test_preview():
    records, words = call("preview", FRIDAY, NONE)
    shown = simcore.preview(SEQUENCE, "2026-03-06 21:07")
    assert records == {
        "sequence": "Welcome series",
        "platform": "kit",
        "time_zone": "America/New_York",
        "emails": simcore.records(shown),
        "warnings": [],
    }
    assert words == f"Welcome series. {shown!r}"
    assert (
        "2 days after the previous email is Wed 11 Mar; Wed is not a send day, so Thu 12 Mar 09:00 EDT"
        in words
    )
    elapsed, _ = call("preview", FRIDAY | {"assumptions": {"day_count": "elapsed", "poll_every": "1h"}}, NONE)
    other = kit.Assumptions(day_count="elapsed", poll_every=pd.Timedelta("1h").to_pytimedelta())
    theirs = simcore.preview(SEQUENCE, "2026-03-06 21:07", assumptions=other)
    assert elapsed["emails"] == simcore.records(theirs) != records["emails"]
    own, _ = call("preview", FRIDAY | {"time_zones": "Europe/Kyiv", "naive_time_zone": "UTC"}, NONE)
    theirs = simcore.preview(SEQUENCE, "2026-03-06 21:07", time_zones="Europe/Kyiv", naive_time_zone="UTC")
    assert own["emails"] == simcore.records(theirs)


def test_a_list_of_one():
    asked = {"sequences": [WELCOME["sequence"]], "emails": WELCOME["emails"]}
    assert call("preview", FRIDAY | {"sequence": asked}, NONE) == call("preview", FRIDAY, NONE)


def test_a_switch_that_is_true_or_false():
    records, _ = call(
        "preview",
        {"sequence": ONBOARDING, "entered_at": "2026-03-06", "assumptions": {"update_unsubscribes": False}},
        NONE,
    )
    assert records["platform"] == "sequenzy"


def test_lint():
    letters = kit.load(simcore.example("letters"))
    records, words = call("lint", {"sequence": letters.to_api(), "as_of": "2026-01-01"}, NONE)
    found = simcore.lint(letters, as_of="2026-01-01T00:00+01:00")
    assert records["findings"] == simcore.records(found)
    assert records["findings"][0]["code"] == "hour-skipped"
    assert words == f"Weekly letters: {found!r}"
    excludes = {"exclude_subscriber_sources": [{"type": "sequence", "ids": [31]}]}
    theirs = {**WELCOME, "sequence": {**WELCOME["sequence"], **excludes}}
    among = [{**WELCOME, "sequence": {**WELCOME["sequence"], "id": 31}}]
    codes = [
        [each["code"] for each in call("lint", {"sequence": theirs, "among": others}, NONE)[0]["findings"]]
        for others in ([], among)
    ]
    assert codes == [
        simcore.lint(kit.from_api(theirs), among=[kit.from_api(each) for each in others])["code"].tolist()
        for others in ([], among)
    ]


def test_compare():
    records, words = call(
        "compare", {"sequences": {"now": WELCOME, "idea": EVENING}, "entries": PEOPLE}, NONE
    )
    both = simcore.compare({"now": SEQUENCE, "idea": kit.from_api(EVENING)}, ENTRIES, explain=True)
    now, idea = (both[both["scenario"] == name] for name in ("now", "idea"))
    assert [row["sends"] for row in records["schedules"]] == [len(now), len(idea)]
    assert [row["last_send"] for row in records["schedules"]] == [
        side["send_at"].max().isoformat() for side in (now, idea)
    ]
    moved = simcore.shift(now, idea)
    assert [row["later"] for row in records["emails"]] == [
        int((moved.loc[moved["email_id"] == row["email_id"], "what"] == "later").sum())
        for row in records["emails"]
    ]
    assert [row["later"] for row in records["emails"]] == [0, 0, 12, 12]
    assert len(records["explained"]) == 3 * 2
    told = {(row["schedule"], each["reason"]) for row in records["explained"] for each in row["emails"]}
    assert told <= {*both[["scenario", "reason"]].itertuples(index=False, name=None)}
    assert words.splitlines()[:2] == [
        "now: 48 sends to 12 subscribers, 2026-03-06T02:58:26-05:00 to 2026-03-12T09:00:00-04:00; 4.8 days from the "
        "entry to the last send (median); 25% on weekends, 25% at night (22:00 to 07:00)",
        "idea: 48 sends to 12 subscribers, 2026-03-06T02:58:26-05:00 to 2026-03-12T18:00:00-04:00; 5.2 days from the "
        "entry to the last send (median); 25% on weekends, 25% at night (22:00 to 07:00)",
    ]
    assert (
        "303       Three knives are enough         0        12     0          0       0     9 h later"
        in words
    )
    assert "the slowest: enters" in words


def test_compare_more():
    three = {"a": WELCOME, "b": WELCOME, "c": WELCOME}
    records, _ = call("compare", {"sequences": three, "entries": PEOPLE, "until": "2026-03-09"}, NONE)
    assert records["emails"] == []  # of three, nobody says which moves to which
    until = simcore.project(SEQUENCE, ENTRIES, until="2026-03-09T00:00-04:00")
    assert [row["sends"] for row in records["schedules"]] == [len(until)] * 3
    records, words = call("compare", {"sequences": {"a": WELCOME, "b": EVENING}, "entries": []}, NONE)
    assert [row["why_no_sends"] for row in records["schedules"]] == ["there are no entries"] * 2
    assert words == "a: no sends: there are no entries\nb: no sends: there are no entries"
    # Ids that only one has have no shift.
    fewer = {**WELCOME, "emails": WELCOME["emails"][:3]}
    _, words = call("compare", {"sequences": {"a": WELCOME, "b": fewer}, "entries": PEOPLE[:1]}, NONE)
    lost = "304       A coupon for the cooking class  0        0      0          0       1"
    assert lost in words.splitlines()


def test_events():
    log = pd.read_csv(simcore.example("sequenzy_events"))
    events = [
        {**row, "properties": json.loads(row["properties"]) if isinstance(row["properties"], str) else None}
        for row in log.astype(object).where(log.notna(), None).to_dict("records")
    ]
    both = {"a": ONBOARDING, "b": ONBOARDING}
    records, words = call("compare", {"sequences": both, "events": events}, NONE)
    life = simcore.simulate(sequenzy.from_api(ONBOARDING), events=pd.DataFrame(events))
    assert records["schedules"][0]["sends"] == len(life.timeline)
    assert records["schedules"][0]["entries_without_run"] == {"repeated": 1}
    assert "; 1 entry started no run: 1 came again" in words


def test_impact():
    records, words = call("impact", {"sequence": WELCOME, "entries": PEOPLE, "changes": CHANGES}, NONE)
    found = simcore.impact(SEQUENCE, ENTRIES, kit.changes.from_json(CHANGES))
    assert records["emails"] == simcore.records(found)
    assert records["sent_at_once"] == found["sent_at_once"].sum() > 0
    assert words.startswith(
        f"Welcome series: {records['sent_at_once']} emails go out at the instant of a change.\n"
    )
    _, words = call("impact", {"sequence": WELCOME, "entries": PEOPLE, "changes": []}, NONE)
    assert words.startswith("Welcome series: No email goes out at the instant of a change.")


def test_warnings_are_told():
    draft = {**WELCOME, "emails": []}
    records, words = call("preview", FRIDAY | {"sequence": draft}, NONE)
    assert records["warnings"] == ["nothing to preview: the sequence has no emails"]
    assert words.startswith("Warning: nothing to preview: the sequence has no emails\n")


def test_words_are_lines_of_their_own():
    odd = {**WELCOME, "sequence": {**WELCOME["sequence"], "name": "a\nWarning: b\x1b[31m"}}
    for name, arguments in (
        ("preview", FRIDAY | {"sequence": odd}),
        ("lint", {"sequence": odd}),
        ("compare", {"sequences": {"a\nWarning: b\x1b[31m": odd, "b": odd}, "entries": PEOPLE[:1]}),
        ("impact", {"sequence": odd, "entries": PEOPLE[:1], "changes": []}),
    ):
        _, words = call(name, arguments, NONE)
        assert words.startswith("a\\nWarning: b\\x1b[31m")
        assert "\x1b" not in words


# files


def test_files_of_a_folder(folder):
    files = Files(folder)
    assert call("preview", FRIDAY | {"sequence": "welcome.json"}, files) == call("preview", FRIDAY, NONE)
    assert call("preview", FRIDAY | {"sequence": "account.json#30"}, files) == call("preview", FRIDAY, NONE)
    assert call("preview", FRIDAY | {"sequence": "inside.json"}, files) == call("preview", FRIDAY, NONE)
    asked = {"sequences": {"now": "welcome.json", "idea": EVENING}}
    whole = (
        pd
        .read_csv(simcore.example("entries"))[["subscriber_id", "entered_at"]]
        .astype(str)
        .to_dict("records")
    )
    given = {"entries": "entries.csv", "events": "events.csv"}
    records, _ = call("compare", asked | given, files)
    events = pd.read_csv(simcore.example("events"), dtype=str)
    theirs, _ = call("compare", asked | {"entries": whole, "events": events.to_dict("records")}, files)
    assert records == theirs
    both = {"a": "onboarding.json", "b": "onboarding.json"}
    records, _ = call("compare", {"sequences": both, "events": "sequenzy_events.csv"}, files)
    assert records["schedules"][0]["sends"] == 32


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../secret.json", "sequence: '../secret.json' is not in the folder that this server may read"),
        ("link.json", "sequence: 'link.json' is not in the folder that this server may read"),
        ("/etc/passwd", "sequence: '/etc/passwd' is not in the folder that this server may read"),
        ("a\0b", "sequence: 'a\\x00b' is not in the folder that this server may read"),
        ("a\ud800", "sequence: 'a\\ud800' is not in the folder that this server may read"),
        # What is called as an ID of a list in the folder is, or a link or folder that is called so.
        ("welcome.json#30", "sequence: 'welcome.json#30' is not in the folder that this server may read"),
        (
            "a#/../../secret.json",
            "sequence: 'a#/../../secret.json' is not in the folder that this server may read",
        ),
        ("deep.json#30", "sequence: no file 'deep.json' in the folder; " + THERE),
        (
            "other.json#1",
            "sequence: no file 'other.json' in the folder; " + THERE,
        ),
        ("x" * 5000, f"sequence: no file '{'x' * 58}… in the folder; " + THERE),
        ("loop.json", "sequence: no file 'loop.json' in the folder; " + THERE),
        (
            "entries.csv",
            "entries.csv: 1 problem\n  entries.csv: not JSON: Expecting value at line 1, column 1",
        ),
        (
            "account.json",
            "account.json: found a list of 2 sequences, expected one: choose from: account.json#30 (Welcome series), "
            "account.json#31 (Weekly letters)",
        ),
    ],
)
def test_files_that_cannot_be_read(name, told, folder):
    assert wrong("preview", FRIDAY | {"sequence": name}, Files(folder)) == told


def test_more_files_that_cannot_be_read(folder):
    files = Files(folder)
    assert wrong("preview", FRIDAY | {"sequence": "welcome.json"}) == (
        "sequence: found 'welcome.json', but this server reads no files: give the data themselves, or start it with "
        "simcore mcp --folder FOLDER"
    )
    (folder / "bad.csv").write_text("subscriber_id,entered_at\na,yesterday\n")
    asked = {"sequence": WELCOME, "changes": []}
    told = wrong("impact", asked | {"entries": "bad.csv"}, files)
    assert told.splitlines()[0] == "bad.csv: 1 of 1 rows cannot be used"
    assert told.splitlines()[-1] == "correct them, or leave them out"
    (folder / "closed.csv").write_text("subscriber_id,entered_at\n")
    (folder / "closed.csv").chmod(0)
    if not os.access(folder / "closed.csv", os.R_OK):  # which root may all the same
        assert wrong("impact", asked | {"entries": "closed.csv"}, files) == "closed.csv: Permission denied"
    with pytest.raises(SimcoreError, match=r"--folder: found .*, expected a folder"):
        Files(folder / "welcome.json")


def test_a_name_with_the_sign_of_an_id(folder):
    (folder / "mine #1.csv").write_text("subscriber_id,entered_at\na,2026-03-06 21:07\n")
    asked = {"sequences": {"a": WELCOME, "b": WELCOME}, "entries": "mine #1.csv"}
    records, _ = call("compare", asked, Files(folder))
    assert [row["sends"] for row in records["schedules"]] == [4, 4]


def test_a_folder_with_many_files_or_none(tmp_path):
    asked = FRIDAY | {"sequence": "welcome.json"}
    assert wrong("preview", asked, Files(tmp_path)).endswith("in the folder; there are: none")
    for number in range(60):
        (tmp_path / f"{number:02}.json").touch()
    assert wrong("preview", asked, Files(tmp_path)).endswith("47.json, 48.json, 49.json and 10 more")


def test_the_path_of_the_folder_is_not_told(folder):
    files = Files(folder)
    folder.rename(folder.with_name("gone"))
    assert wrong("preview", FRIDAY | {"sequence": "x"}, files) == "the folder: No such file or directory"
    assert Files(Path("/")).told("/a/b") == "/a/b"


def test_a_file_that_goes_away(folder, monkeypatch):
    def gone(path, *others):
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr("simcore.cli.tools.load", gone)
    files = Files(folder)
    assert (
        wrong("preview", FRIDAY | {"sequence": "welcome.json"}, files)
        == "welcome.json: No such file or directory"
    )


# mistakes


def test_too_little_memory(monkeypatch):
    def full(*given, **named):
        raise MemoryError

    monkeypatch.setattr("simcore.lint", full)
    assert (
        wrong("lint", {"sequence": WELCOME})
        == "there is not enough memory for this: give fewer rows at a time"
    )


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("preview", {"sequence": WELCOME}, "preview: entered_at missing, expected sequence and entered_at"),
        (
            "preview",
            {"sequence": None},
            "preview: sequence and entered_at missing, expected sequence and entered_at",
        ),
        (
            "lint",
            {"sequence": WELCOME, "asof": "x"},
            "lint: no argument 'asof'; there are: sequence, as_of, among",
        ),
        ("preview", FRIDAY | {"entered_at": 5}, "entered_at: found 5, expected string"),
        ("preview", FRIDAY | {"seed": True}, "seed: found True, expected integer"),
        ("preview", FRIDAY | {"tags": ["vip", []]}, "tags[1]: found [], expected string"),
        ("preview", FRIDAY | {"sequence": 5}, "sequence: found 5, expected object, array or string"),
        (
            "preview",
            FRIDAY | {"entered_at": "03/06/2026"},
            "entered_at: '03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
        ),
        ("lint", {"sequence": {"sequences": []}}, "sequence: found a list of 0 sequences, expected one"),
        (
            "lint",
            {"sequence": {"sequence": {"name": ""}}},
            "sequence: 1 problem\n  name: name can't be blank",
        ),
        (
            "compare",
            {"sequences": {"a": WELCOME}},
            "sequences: found 1 sequence, expected two or more, by name",
        ),
        ("compare", {"sequences": {"a": WELCOME, "b": WELCOME}}, "entries: missing, expected who enters"),
        (
            "preview",
            FRIDAY | {"assumptions": {"day_count": "x"}},
            "1 problem\n  day_count: day_count must be one of: calendar, elapsed (found 'x')",
        ),
        (
            "preview",
            FRIDAY | {"assumptions": {"poll_every": "often"}},
            "assumptions: found 'poll_every=often', expected a length of time such as 15min or 0:15:00",
        ),
    ],
)
def test_mistakes(name, arguments, told):
    assert wrong(name, arguments) == told


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=6,
)
VALID = {
    "preview": FRIDAY,
    "lint": {"sequence": WELCOME},
    "compare": {"sequences": {"a": WELCOME, "b": EVENING}, "entries": PEOPLE[:1]},
    "impact": {"sequence": WELCOME, "entries": PEOPLE[:1], "changes": []},
}


@given(st.sampled_from([*VALID]), st.data())
def test_whatever_is_given_is_answered_or_refused(name, data):
    argument = data.draw(st.sampled_from([*TOOLS[name].takes]))
    value = data.draw(ANYTHING)
    try:
        records, words = call(name, VALID[name] | {argument: value}, NONE)
    except SimcoreError as error:
        assert str(error)  # noqa: PT017  it may be answered too
    else:
        assert json.dumps(records, allow_nan=False)
        assert words


def test_schemas_say_what_is_taken():
    jsonschema = pytest.importorskip("jsonschema", reason="the extra test has it")
    for name, tool in TOOLS.items():
        jsonschema.Draft202012Validator.check_schema(tool.schema)
        jsonschema.validate(VALID[name], tool.schema)
        assert {*tool.needs} <= {*tool.takes}
        assert all(each["description"] for each in tool.takes.values())
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(VALID[name] | {"other": 1}, tool.schema)


# the server


def test_without_the_sdk(monkeypatch):
    monkeypatch.setattr(sys.modules["simcore.cli.mcp"], "find_spec", lambda name: None)
    told = 'simcore mcp needs the SDK of the protocol, version 2: pip install "simcore[cli,mcp]"'
    assert refused("mcp") == told


@pytest.mark.parametrize("terminal", [True, False])
def test_who_types_it_is_told_what_it_waits_for(terminal, folder, monkeypatch):
    serving = pytest.importorskip("simcore.cli.serving", reason="the extra mcp has it")
    served = []
    monkeypatch.setattr(serving, "serve", served.append)
    monkeypatch.setattr(
        sys.modules["simcore.cli.mcp"], "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: terminal))
    )
    told = "waiting for a client: an assistant's program starts this itself; Ctrl+C ends it\n"
    assert run("mcp", "--folder", folder).stderr == (told if terminal else "")
    assert [files.folder for files in served] == [folder.resolve()]


def spoken(talk, *options, mode="auto"):
    """What comes of talking to the server in a process of its own, over its standard input and output."""
    pytest.importorskip("mcp_types", reason="the extra mcp has it")
    from mcp import Client, StdioServerParameters, stdio_client

    code = "import sys; from simcore.cli import main; sys.argv[0] = 'simcore'; main()"
    server = StdioServerParameters(
        command=sys.executable, args=["-W", "error", "-c", code, "mcp", *options], env=dict(os.environ)
    )

    async def talking():
        async with Client(stdio_client(server), mode=mode) as client:
            return await talk(client)

    return asyncio.run(talking())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_calls_each_tool(mode):
    pytest.importorskip("mcp_types", reason="the extra mcp has it")
    from mcp import MCPError

    async def talk(client):
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {name: tool.input_schema for name, tool in listed.items()} == {
            name: tool.schema for name, tool in TOOLS.items()
        }
        assert all(tool.annotations.read_only_hint for tool in listed.values())
        for name, arguments in VALID.items():
            records, words = call(name, arguments, NONE)
            found = await client.call_tool(name, arguments)
            assert not found.is_error
            assert found.structured_content == records
            assert [each.text for each in found.content] == [words]
        found = await client.call_tool("preview", FRIDAY | {"sequence": "welcome.json"})
        assert found.is_error
        assert found.content[0].text.startswith(
            "sequence: found 'welcome.json', but this server reads no files"
        )
        assert found.structured_content is None
        found = await client.call_tool("lint", {})
        assert (found.is_error, found.content[0].text) == (True, "lint: sequence missing, expected sequence")
        with pytest.raises(MCPError, match="no tool 'nothing'; there are: preview, lint, compare, impact"):
            await client.call_tool("nothing", {})
        return client.server_info.name, client.server_info.version

    assert spoken(talk, mode=mode) == ("simcore", simcore.versions()["simcore"])


@pytest.mark.slow
def test_a_client_reads_files_and_resources(folder):
    pytest.importorskip("mcp_types", reason="the extra mcp has it")
    from mcp import MCPError

    async def talk(client):
        found = await client.call_tool("preview", FRIDAY | {"sequence": "welcome.json"})
        assert found.structured_content == call("preview", FRIDAY, NONE)[0]
        listed = {each.uri: each for each in (await client.list_resources()).resources}
        files = [name for name in simcore.example() if simcore.example(name).is_file()]
        assert {*listed} == {
            "simcore://rules",
            *(
                f"simcore://{what}/{name}"
                for what in ("schema", "assumptions")
                for name in ("kit", "sequenzy")
            ),
            *(f"simcore://examples/{name}" for name in files),
        }

        async def read(uri):
            [page] = (await client.read_resource(uri)).contents
            assert uri not in listed or page.mime_type == listed[uri].mime_type
            return page.text

        assert "K7 Days\n" in await read("simcore://rules")
        assert await read("simcore://rules/K7") == repr(simcore.rules("K7"))
        assert json.loads(await read("simcore://schema/kit")) == simcore.schema("kit")
        assert json.loads(await read("simcore://assumptions/kit")) == kit.assumptions().to_dict("records")
        for name in files:
            assert await read(f"simcore://examples/{name}") == simcore.example(name).read_text("utf-8")
        [template] = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "simcore://rules/{number}"
        with pytest.raises(MCPError, match="no resource 'simcore://rules/K700'"):
            await client.read_resource("simcore://rules/K700")
        return True

    assert spoken(talk, "--folder", str(folder))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_server_while_it_waits(name):
    pytest.importorskip("mcp_types", reason="the extra mcp has it")
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    number = getattr(signal, name)
    before = signal.signal(
        number, signal.SIG_DFL
    )  # what is ignored here, as under nohup, would be there, too
    with subprocess.Popen(
        [sys.executable, "-c", "from simcore.cli import main; main()", "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        signal.signal(number, before)
        try:
            server.stdin.write(json.dumps(asked).encode() + b"\n")
            server.stdin.flush()
            assert json.loads(server.stdout.readline())["id"] == 1
            server.send_signal(number)
            assert server.wait(20) == -number
            assert server.stderr.read() == b""
        finally:
            server.kill()
