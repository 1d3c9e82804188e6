"""Reading an account over HTTP into a folder, and from there: what is read, kept and given (L1, L2, L3)."""

import importlib
import json
import re
import sys
from datetime import UTC, datetime

import pandas as pd
import pytest
from account_server import BEGIN, KEY, FakeClock, as_json, example, of_kit, of_sequenzy, people, serving
from conftest import TEXT

import simcore
from simcore import kit, sequenzy
from simcore.errors import SimcoreError
from simcore.files.folders import alone
from simcore.kit.reading import KitApi
from simcore.live.account import Live
from simcore.live.key import Key
from simcore.live.snapshot import Snapshot
from simcore.sequenzy.reading import SequenzyApi

ANEW = "choose another folder, or delete this one and start again"


@pytest.fixture
def server():
    with serving(of_kit()) as found:
        yield found


@pytest.fixture
def theirs():
    with serving(of_sequenzy()) as found:
        yield found


@pytest.fixture
def live(server):
    return Live(KitApi(), Key(KEY, "KIT_API_KEY"), server.url, FakeClock())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "account"


def read(server, folder, api=KitApi):
    return Live(api(), Key(KEY, "KIT_API_KEY"), server.url, FakeClock()).snapshot(folder, progress=False)


# ---------------------------------------------------------------- what is given


def test_an_account_of_kit(live, folder):
    """Sequences with their emails, who is in them, who has which tag since when."""
    found = live.snapshot(folder, progress=False)
    welcome, letters = found.sequences
    apart = kit.load(simcore.example("kit_sequence"), emails=simcore.example("kit_emails"))
    assert welcome.emails == apart.emails
    assert (welcome.id, welcome.name, letters.id) == (30, "Welcome series", 31)
    assert found.entries.to_dict("list") == {
        "sequence_id": [30] * 5,
        "subscriber_id": [one["id"] for one in people()],
        "entered_at": [one["added_at"] for one in people()],
        "state": ["active"] * 5,
    }
    assert found.events.to_dict("list") == {
        "subscriber_id": [1001, 1002, 1003],
        "at": ["2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"],
        "event": ["tag_added"] * 3,
        "ref": [5] * 3,
    }
    assert found.tags.to_dict("list") == {"id": [5, 4], "name": ["VIP", "Old"]}
    for frame in (found.entries, found.events):
        assert [str(dtype) for dtype in frame.dtypes if str(dtype) != TEXT] == ["int64"] * 2
    assert (found.platform, found.taken_at, found.differences, found.refused) == ("kit", BEGIN, (), {})
    assert repr(found) == (
        "Snapshot of kit, taken at 2026-03-09 12:00:00+0000: 2 sequences, 5 entries, 3 events"
    )
    timeline = simcore.Account(found.sequences).project(found.entries, events=found.events)
    assert timeline["sequence_id"].tolist() == [30] * 20


def test_an_account_in_the_folder(live, theirs, folder, tmp_path):
    """`Account.load` gives what was read, with its entries and events."""
    found = live.snapshot(folder, progress=False)
    whole = simcore.Account.load(folder)
    pd.testing.assert_frame_equal(
        whole.project(), simcore.Account(found.sequences).project(found.entries, events=found.events)
    )
    (folder / "broadcasts.csv").write_text("at,subject\n2026-04-01T09:00Z,A\n")
    assert simcore.Account.load(folder).project()["sequence_id"].isna().sum() == 5
    other = read(theirs, tmp_path / "other", SequenzyApi)
    whole = simcore.Account.load(tmp_path / "other")
    assert whole.ids == ["Onboarding", "Win back"]
    pd.testing.assert_frame_equal(whole.entries, other.entries)
    assert set(whole.project()["sequence_id"]) == {"Onboarding"}


def test_every_page_is_kept_as_it_came(server, live, folder):
    """Byte for byte, with when it was taken and what was asked; K29's reader takes what stands in it."""
    found = live.snapshot(folder, progress=False)
    files = sorted(folder.rglob("*.json"))
    assert len(files) == len(server.calls) + 1
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}
    reply = server.page("/sequences/30/subscribers", {"per_page": "1000", "after": "1002"})
    second = texts["pages/sequences/30/subscribers/00002.json"]
    assert f'"answer": {reply.body.decode()}}}' in second
    assert json.loads(second) == {
        "taken_at": BEGIN.isoformat(),
        "path": "/sequences/30/subscribers",
        "query": {"status": "all", "per_page": "1000", "after": "1002"},
        "answer": json.loads(reply.body),
    }
    assert json.loads(texts["snapshot.json"]) == {
        "platform": "kit",
        "base_url": server.url,
        "taken_at": BEGIN.isoformat(),
        "finished_at": BEGIN.isoformat(),
        "differences": [],
    }
    pages = [
        json.loads(text)["answer"]
        for path, text in texts.items()
        if path.startswith("pages/sequences/30/subs")
    ]
    assert kit.subscribers(pages)["subscriber_id"].tolist() == found.entries["subscriber_id"].tolist()


def test_what_is_asked(server, live, folder):
    """Once each, by GET, with the key in Kit's header; the sequences once more at the end."""
    live.snapshot(folder, progress=False)
    paths = [path for _, path, _, _ in server.calls]
    assert paths[:3] == ["/account", "/sequences", "/tags"]
    assert paths[-1] == "/sequences"
    assert server.paths.pop(("/sequences", "")) == 2
    assert {count for call, count in server.paths.items() if call[0] != "/sequences"} == {1}
    for method, path, query, headers in server.calls:
        assert (method, headers["x-kit-api-key"]) == ("GET", KEY)
        assert "authorization" not in headers
        assert query.get("status") == ("all" if path.endswith("/subscribers") else None)
        assert query.get("per_page") == ("1000" if path in server.lists else None)


def test_oauth(server, folder):
    """An access token is a Bearer's, and may make 600 calls a minute."""
    api = KitApi(oauth=True)
    Live(api, Key(KEY, "KIT_API_KEY"), server.url, FakeClock()).snapshot(folder, progress=False)
    assert {headers["authorization"] for *_, headers in server.calls} == {f"Bearer {KEY}"}
    assert not any("x-kit-api-key" in headers for *_, headers in server.calls)
    assert (api.most, KitApi().most, SequenzyApi().most) == (600, 120, 100)
    assert kit.live("a-key", oauth=True)._api.most == 600


def test_the_public_names(server, theirs, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("SEQUENZY_API_KEY", KEY)
    before = datetime.now(UTC)
    found = kit.live(base_url=server.url).snapshot(folder, progress=False)
    assert isinstance(found, Snapshot)
    assert before <= found.taken_at <= found.finished_at <= datetime.now(UTC)
    again = kit.load_snapshot(str(folder))
    pd.testing.assert_frame_equal(again.entries, found.entries)
    pd.testing.assert_frame_equal(again.events, found.events)
    assert (again.sequences, again.taken_at) == (found.sequences, found.taken_at)
    other = sequenzy.live(base_url=theirs.url).snapshot(tmp_path / "other", progress=False)
    pd.testing.assert_frame_equal(sequenzy.load_snapshot(tmp_path / "other").entries, other.entries)
    assert repr(kit.live()) == "<Kit at https://api.kit.com/v4, to be read only>"
    assert repr(sequenzy.live()) == "<Sequenzy at https://api.sequenzy.com/api/v1, to be read only>"


def test_an_account_of_sequenzy(theirs, folder):
    """Offsets; all statuses, the oldest first; what an id has in it leads out of no folder."""
    found = read(theirs, folder, SequenzyApi)
    assert [one.name for one in found.sequences] == ["Onboarding", "Win back"]
    rows = [one for page in example("sequenzy_enrollments") for one in page["enrollments"]]
    assert found.entries["subscriber_id"].tolist() == [one["subscriberId"] for one in rows]
    assert found.entries["sequence_id"].tolist() == ["Onboarding"] * 3
    assert found.entries["via"].tolist() == ["trigger", "trigger", "manual"]
    assert list(found.events) == ["subscriber_id", "at", "event", "ref"]
    assert len(found.events) == len(found.tags) == 0
    assert {headers["authorization"] for *_, headers in theirs.calls} == {f"Bearer {KEY}"}
    asked = [query for _, path, query, _ in theirs.calls if path == "/sequences/seq_a/enrollments"]
    assert [query["offset"] for query in asked] == ["0", "2"]
    assert {query["status"] for query in asked} == {"active,waiting,paused,completed,failed,cancelled"}
    assert {query["sort"] for query in asked} == {"enrolled_at_asc"}
    assert (folder / "pages/sequences/seq%252F%2E%2E/00001.json").is_file()
    life = simcore.Account(found.sequences).simulate(found.entries, events=found.events)
    assert life.subscribers["sequence_id"].tolist() == ["Onboarding"] * 3


@pytest.mark.parametrize("zone", ["Mars/Olympus", None, 5])
def test_the_zone_of_the_account(server, folder, tmp_path, zone):
    """K1: a sequence that names none has the account's, where that is one."""
    del server.objects["/sequences/31"]["sequence"]["time_zone"]
    assert read(server, folder).sequences[1].time_zone == "Europe/Berlin"
    server.objects["/account"] = {"account": {"timezone": {"name": zone}}}
    assert read(server, tmp_path / "other").sequences[1].time_zone == "America/New_York"
    server.objects["/account"] = {"account": zone}
    assert read(server, tmp_path / "third").sequences[1].time_zone == "America/New_York"


def test_nothing_in_it(server, theirs, folder, tmp_path):
    server.lists |= {"/sequences": ("sequences", []), "/tags": ("tags", [])}
    theirs.lists["/sequences"] = ("sequences", [])
    for found in (read(server, folder), read(theirs, tmp_path / "other", SequenzyApi)):
        assert (found.sequences, len(found.entries), len(found.events)) == ((), 0, 0)
    assert [str(dtype) for dtype in read(server, folder).entries.dtypes] == ["int64", "int64", TEXT, TEXT]


# ---------------------------------------------------------------- what is said


def test_who_is_not_active(server, folder):
    """Once for the account, however many sequences (K29)."""
    server.lists["/sequences/30/subscribers"][1][1]["state"] = "cancelled"
    server.lists["/sequences/31/subscribers"] = ("subscribers", [dict(people()[0], state="bounced")])
    with pytest.warns(UserWarning, match="not active") as caught:
        found = read(server, folder)
    assert [str(each.message) for each in caught] == [
        "2 of 6 subscribers are not active (1 cancelled and 1 bounced): since when is not said, so they are entries "
        "like the others"
    ]
    assert found.entries["state"].value_counts().to_dict() == {"active": 4, "cancelled": 1, "bounced": 1}


def test_without_states_and_without_dates(server, folder):
    for one in server.lists["/sequences/30/subscribers"][1]:
        del one["state"]
    del server.lists["/tags/5/subscribers"][1][0]["tagged_at"]
    with pytest.warns(UserWarning, match=re.escape("1 tag of subscribers without tagged_at: since when")):
        found = read(server, folder)
    assert found.entries["state"].isna().all()
    assert found.events["subscriber_id"].tolist() == [1002, 1003]


def test_a_sequence_that_cannot_be_used(server, folder):
    """It is named with all that is wrong, and left out with its entries; the others are there."""
    server.objects["/sequences/30"]["sequence"]["send_hour"] = 25
    server.lists["/sequences/31/subscribers"] = ("subscribers", people()[:2])
    with pytest.warns(UserWarning, match="left out") as caught:
        found = read(server, folder)
    (text,) = (str(each.message) for each in caught)
    assert text.startswith("sequence 30 is left out, with its entries: 1 problem\n  send_hour: ")
    assert [one.id for one in found.sequences] == [31]
    assert found.entries["sequence_id"].tolist() == [31, 31]
    assert [*found.refused] == [30]


def test_a_sequence_of_sequenzy_that_cannot_be_used(theirs, folder):
    theirs.objects["/sequences/seq_a"]["sequence"]["trigger"] = "a whim"
    with pytest.warns(UserWarning, match="^sequence 'Onboarding' is left out, with its entries: 1 problem"):
        found = read(theirs, folder, SequenzyApi)
    assert [one.name for one in found.sequences] == ["Win back"]
    assert len(found.entries) == 0
    assert "sequence_id" in found.entries


def test_sequences_that_change_meanwhile(server, folder):
    """L2: they are read before and after, and what is another is said, also when the folder is loaded later."""

    def changed():
        first, second = server.lists["/sequences"][1]
        server.lists["/sequences"] = (
            "sequences",
            [dict(first, send_hour=10), dict(second, id=32, name="New")],
        )

    server.faults["/tags/4/subscribers"] = [changed]
    with pytest.warns(UserWarning, match="changed while") as caught:
        found = read(server, folder)
    assert found.differences == (
        "sequence 30 ('Welcome series'): send_hour was 9, now 10",
        "sequence 31 ('Weekly letters') is gone",
        "sequence 32 ('New') is new",
    )
    text = f"the sequences changed while the account was read: {'; '.join(found.differences)}"
    assert [str(each.message) for each in caught] == [text]
    with pytest.warns(UserWarning, match=re.escape(text)):
        kit.load_snapshot(folder)
    assert [one.id for one in found.sequences] == [30, 31]


def test_a_list_of_something_else_at_the_end(server, folder):
    told = {"sequences": [5], "pagination": {"has_next_page": False}}
    server.faults["/sequences"] = [None, as_json(told)]
    with pytest.warns(UserWarning, match="^the sequences changed while the account was read: "):
        found = read(server, folder)
    assert found.differences == (
        "sequence 30 ('Welcome series') is gone",
        "sequence 31 ('Weekly letters') is gone",
    )


def test_lists_that_grow_meanwhile(server, folder):
    """One who is on two pages is there once: of a sequence with the latest time, else the last."""
    welcome, tagged = (server.lists[path][1] for path in ("/sequences/30/subscribers", "/tags/5/subscribers"))
    welcome.append(dict(welcome[0], added_at="2026-03-09T14:00:00Z"))
    tagged.append(dict(tagged[0], tagged_at="2026-03-09T15:00:00Z"))
    emails = server.lists["/sequences/30/emails"][1]
    emails.append(dict(emails[0], subject="Hello again"))
    found = read(server, folder)
    assert found.entries["subscriber_id"].tolist() == [1001, 1002, 1003, 1004, 1005]
    assert found.entries["entered_at"].iloc[0] == "2026-03-09T14:00:00Z"
    assert found.events["at"].iloc[0] == "2026-03-09T15:00:00Z"
    assert found.sequences[0].emails[0].subject == "Hello again"
    assert len(found.events) == 3


# ---------------------------------------------------------------- stopped, and started again


class Stopped(BaseException):
    """As where a process ends."""


@pytest.mark.slow
@pytest.mark.parametrize("api", [KitApi, SequenzyApi])
def test_stopped_anywhere(folder, tmp_path, monkeypatch, api):
    """After each page that is written: the next run reads the rest, none twice, and gives the same."""
    made = of_kit if api is KitApi else of_sequenzy
    with serving(made()) as server:
        whole = read(server, tmp_path / "whole", api)
        pages = len(server.calls)
        server.calls.clear()
        room = importlib.import_module("simcore.live.folder")
        settle, left = room.settle, [0]

        def stopped(sink):
            left[0] -= 1
            if not left[0]:
                raise Stopped
            settle(sink)

        monkeypatch.setattr(room, "settle", stopped)
        for after in range(1, pages + 3):
            left[0] = after
            with pytest.raises(Stopped):
                read(server, folder, api)
            with pytest.raises(SimcoreError, match=r"no snapshot|not finished"):
                (kit if api is KitApi else sequenzy).load_snapshot(folder)
            assert not [*folder.rglob("*.part")]
            left[0] = -1
            found = read(server, folder, api)
            pd.testing.assert_frame_equal(found.entries, whole.entries)
            assert len(server.calls) == pages + (
                after not in {1, pages + 2}
            )  # that whose answer was not written
            server.calls.clear()
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()


def test_finished(server, live, folder, capsys):
    """Then no call is made."""
    first = live.snapshot(folder)
    assert "Reading" in capsys.readouterr().err
    calls = len(server.calls)
    second = live.snapshot(folder)
    assert len(server.calls) == calls
    assert capsys.readouterr().err == f"{folder}: already finished, nothing to do\n"
    live.snapshot(folder, progress=False)
    assert capsys.readouterr().err == ""
    pd.testing.assert_frame_equal(first.entries, second.entries)


def test_half_a_file_is_swept_away(live, folder):
    half = folder / "pages/tags/.0123456789abcdef.part"
    half.parent.mkdir(parents=True)
    (folder / "snapshot.json").write_text("", "utf-8")
    half.write_text("{")
    with pytest.raises(SimcoreError, match="not a snapshot that simcore wrote"):
        live.snapshot(folder, progress=False)
    assert not half.exists()


# ---------------------------------------------------------------- folders that do not fit


def test_of_something_else(server, theirs, folder, tmp_path, text_of):
    read(server, folder)
    url = f"http://127.0.0.1:{server.port}/other"
    other = Live(KitApi(), Key(KEY, "KIT_API_KEY"), url, FakeClock())
    assert text_of(SimcoreError, other.snapshot, folder) == (
        f"{folder}: has a snapshot of kit at {server.url}, not of kit at {url}: {ANEW}"
    )
    assert text_of(SimcoreError, sequenzy.load_snapshot, folder) == (
        f"{folder}: a snapshot of 'kit', expected one of 'sequenzy': load it by simcore.kit.load_snapshot"
    )
    assert text_of(SimcoreError, kit.load_snapshot, tmp_path) == (
        f"{tmp_path}: no snapshot: there is no snapshot.json in it"
    )
    (tmp_path / "photo.jpg").write_text("")
    assert text_of(SimcoreError, read, server, tmp_path) == (
        f"{tmp_path}: the folder has other files and no snapshot.json of a run to resume: choose a new folder"
    )
    missing = tmp_path / "no" / "such"
    assert text_of(SimcoreError, read, server, missing) == (
        f"{missing}: cannot be written: No such file or directory"
    )


def test_two_at_once(live, folder, text_of):
    with alone(folder, "snapshot.json"):
        assert text_of(SimcoreError, live.snapshot, folder) == (
            f"{folder}: another process is writing to it: let it finish"
        )


def test_files_that_were_changed(server, folder, text_of):
    read(server, folder)
    manifest, page = folder / "snapshot.json", folder / "pages/sequences/30/subscribers/00002.json"
    told, text = manifest.read_text("utf-8"), page.read_text("utf-8")
    for wrong in ("{", "[]", "{}", told.replace("2026", "the year"), told.replace("[]", "5")):
        manifest.write_text(wrong, "utf-8")
        assert text_of(SimcoreError, kit.load_snapshot, folder) == (
            f"{manifest}: not a snapshot that simcore wrote: {ANEW}"
        )
    manifest.write_text(re.sub(r'"finished_at": "[^"]+"', '"finished_at": null', told), "utf-8")
    assert text_of(SimcoreError, kit.load_snapshot, folder) == (
        f"{folder}: the snapshot is not finished: read on with simcore pull kit {folder}"
    )
    for wrong in ("{", "[]", "{}"):
        page.write_text(wrong, "utf-8")
        assert text_of(SimcoreError, read, server, folder) == f"{page}: not a page that simcore wrote: {ANEW}"
    page.write_text(text.replace('"after": "1002"', '"after": "7"'), "utf-8")
    asked = {"status": "all", "per_page": "1000", "after": "1002"}
    assert text_of(SimcoreError, read, server, folder) == (
        f"{page}: of another call, found {asked | {'after': '7'}}, expected {asked}: {ANEW}"
    )
    manifest.write_text(told, "utf-8")
    page.write_text(text.replace('"path": "/sequences/30/', '"path": "/sequences/3O/'), "utf-8")
    assert text_of(SimcoreError, kit.load_snapshot, folder) == (
        f"{page}: of another call, found '/sequences/3O/subscribers', expected '/sequences/30/subscribers': {ANEW}"
    )
    page.unlink()
    assert text_of(SimcoreError, kit.load_snapshot, folder) == f"{page}: missing: {ANEW}"
    for each in page.parent.glob("*.json"):
        each.unlink()
    first = page.with_name("00001.json")
    assert text_of(SimcoreError, kit.load_snapshot, folder) == f"{first}: missing: {ANEW}"


def test_where_nothing_can_be_written(server, folder, text_of):
    folder.mkdir()
    (folder / "snapshot.json").write_text(
        json.dumps({
            "platform": "kit",
            "base_url": server.url,
            "taken_at": BEGIN.isoformat(),
            "finished_at": None,
            "differences": [],
        })
    )
    (folder / "pages").write_text("")
    assert text_of(SimcoreError, read, server, folder) == f"{folder}: cannot be written: Not a directory"


# ---------------------------------------------------------------- without the extra


@pytest.mark.parametrize("absent", ["httpx2", "tenacity"])
def test_without_the_extra(monkeypatch, text_of, absent):
    monkeypatch.setitem(sys.modules, absent, None)
    monkeypatch.delitem(sys.modules, "simcore.live.calls", raising=False)
    monkeypatch.delitem(sys.modules, "simcore.live.transport", raising=False)
    assert text_of(SimcoreError, kit.live, "a-key") == (
        'reading an account needs httpx2 and tenacity: pip install "simcore[live]"'
    )


def test_another_module_that_is_missing_is_not_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "simcore.live.transport", None)
    monkeypatch.delitem(sys.modules, "simcore.live.calls", raising=False)
    with pytest.raises(ModuleNotFoundError):
        kit.live("a-key")
