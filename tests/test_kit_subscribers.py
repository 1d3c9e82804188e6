"""The subscribers of a sequence as Kit's API gives them, read as entries; every refusal on its whole text (K29)."""

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import simcore
from simcore import cli, kit
from simcore.errors import SimcoreError, ValidationError
from simcore.scale import parquet

EXAMPLE = simcore.example("kit_subscribers")
PAGES = json.loads(EXAMPLE.read_text("utf-8"))
ROWS = [item for page in PAGES for item in page["subscribers"]]
WELCOME = kit.load(simcore.example("welcome"))
SHAPE = (
    'expected {"subscribers": [...], "pagination": {...}} as Kit gives it of the subscribers of a sequence'
)
NO_PAGE = "expected a page, a list of pages, or the path of a JSON or CSV file"
GOES_ON = "the list goes on: get the next pages too, and put them together"


def page(*items, more=False):
    return {"subscribers": [*items], "pagination": {"has_next_page": more}}


def one(number, added_at="2026-03-02T14:05:31Z", **more):
    return {"id": number, "added_at": added_at, **more}


@pytest.fixture
def file(tmp_path):
    def written(value, name="subscribers.json"):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return path

    return written


# ---------------------------------------------------------------- what is read


def test_as_they_come(file):
    """Pages, a file of them, files of one each: the same entries, and what else stands there."""
    found = kit.subscribers(PAGES)
    assert found.columns.tolist() == [
        *("subscriber_id", "entered_at", "first_name", "email_address", "state", "created_at", "fields"),
    ]
    assert found["subscriber_id"].tolist() == [1001, 1002, 1003, 1004, 1005]
    assert str(found["subscriber_id"].dtype) == "int64"
    assert found["entered_at"].tolist() == [item["added_at"] for item in ROWS]
    assert found["fields"].tolist() == [item["fields"] for item in ROWS]
    assert isinstance(found.index, pd.RangeIndex)
    paths = [file(each, f"{at}.json") for at, each in enumerate(PAGES)]
    for source in (EXAMPLE, str(EXAMPLE), tuple(PAGES), iter(PAGES), paths, [*map(str, paths)], page(*ROWS)):
        pd.testing.assert_frame_equal(kit.subscribers(source), found)


def test_a_csv_file(file):
    """The columns that are entries, whatever else there is; an id is Kit's integer."""
    lines = [
        "added_at,id,state,first_name",
        "2026-03-02T14:05:31Z,1001,active,Ada",
        "2026-03-03T22:40:10Z,1002,active,",
    ]
    found = kit.subscribers(file("\ufeff" + "\n".join(lines), "subscribers.CSV"))
    assert found.to_dict("list") == {
        "entered_at": ["2026-03-02T14:05:31Z", "2026-03-03T22:40:10Z"],
        "subscriber_id": [1001, 1002],
        "state": ["active", "active"],
        "first_name": ["Ada", ""],
    }
    assert str(found["subscriber_id"].dtype) == "int64"
    assert found["first_name"].tolist() == ["Ada", ""]


def test_they_are_entries():
    sends = simcore.project(WELCOME, kit.subscribers(PAGES))
    assert sends["subscriber_id"].unique().tolist() == [1001, 1002, 1003, 1004, 1005]
    assert len(sends) == 20
    by_hand = pd.DataFrame({
        "subscriber_id": [item["id"] for item in ROWS],
        "entered_at": [item["added_at"] for item in ROWS],
    })
    pd.testing.assert_frame_equal(sends, simcore.project(WELCOME, by_hand))


@pytest.mark.parametrize("source", [page(), [], [page(), page()]])
def test_nobody(source):
    found = kit.subscribers(source)
    assert found.columns.tolist() == ["subscriber_id", "entered_at"]
    assert len(simcore.project(WELCOME, found)) == 0


def test_one_row_a_subscriber():
    """The latest of several, by the instant and not by its text, in the place of the first."""
    found = kit.subscribers([
        page(one(7, "2026-03-02T10:00:00Z", n="a"), one(5), one(9, None), more=True),
        page(
            one(7, "2026-03-02T09:00:00-05:00", n="b"), one(5), one(7, "2026-03-02T13:00:00Z", n="c"), one(9)
        ),
    ])
    assert found["subscriber_id"].tolist() == [7, 5, 9]
    assert found["n"].tolist()[0] == "b"
    assert found["entered_at"].tolist() == [
        "2026-03-02T09:00:00-05:00",
        "2026-03-02T14:05:31Z",
        "2026-03-02T14:05:31Z",
    ]


def test_those_who_are_not_active_are_counted():
    items = [
        one(1, state="active"),
        one(2, state="cancelled"),
        one(3),
        one(4, state="bounced"),
        one(5, state=None),
    ]
    items.append(one(6, state="cancelled"))
    told = (
        "3 of 6 subscribers are not active (2 cancelled and 1 bounced): since when is not said, so they are entries "
        "like the others"
    )
    with pytest.warns(UserWarning, match="not active") as caught:
        found = kit.subscribers(page(*items))
    assert [str(each.message) for each in caught] == [told]
    assert caught[0].filename == __file__
    assert found["subscriber_id"].tolist() == [1, 2, 3, 4, 5, 6]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kit.subscribers(page(one(1, state="active"), one(2, state=None), one(3, state="")))


def test_an_instant_that_cannot_be_read_is_told_by_the_verbs(text_of):
    found = kit.subscribers(page(one(1), one(2, "yesterday")))
    good, bad = simcore.split_entries(found)
    assert (good["subscriber_id"].tolist(), bad["subscriber_id"].tolist()) == ([1], [2])


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (page(one(1), more=True), f"pagination.has_next_page: {GOES_ON} (found True)"),
        (
            [page(one(1)), page(one(2), more=True)],
            f"pages[1].pagination.has_next_page: {GOES_ON} (found True)",
        ),
        ({"emails": []}, f"{SHAPE} (found an object with emails)"),
        ({}, f"{SHAPE} (found {{}})"),
        ({"subscribers": {}}, f"{SHAPE} (found an object with subscribers)"),
        ([page(), {"emails": []}], f"pages[1]: {SHAPE} (found an object with emails)"),
        (5, f"{NO_PAGE} (found 5)"),
        (None, f"{NO_PAGE} (found None)"),
        ([page(), 5], f"pages[1]: {NO_PAGE} (found 5)"),
        (page(5), "subscribers[0]: a subscriber must be an object (found 5)"),
        (page(one("1")), "subscribers[0].id: id must be an integer (found '1')"),
        (page(one(1), one(True)), "subscribers[1].id: id must be an integer (found True)"),
        (page(one(2**63)), f"subscribers[0].id: id must be an integer (found {2**63})"),
        (page(one(-1)), "subscribers[0].id: id must be an integer (found -1)"),
        (
            [page(one(1)), page({"added_at": "x"})],
            "pages[1].subscribers[0].id: id must be an integer (found None)",
        ),
        (
            page({"id": 1, "created_at": "2026-03-02T14:05:31Z"}),
            "subscribers[0].added_at: added_at is missing: expected the subscribers of a sequence, not those of the "
            "account",
        ),
    ],
)
def test_refused(text_of, source, text):
    assert text_of(ValidationError, kit.subscribers, source) == f"1 problem\n  {text}"


def test_refused_all_at_once(text_of):
    source = [page(one("x"), {"id": 2}), page(one(None), more=True)]
    assert text_of(ValidationError, kit.subscribers, source) == (
        "4 problems\n"
        "  pages[0].subscribers[0].id: id must be an integer (found 'x')\n"
        "  pages[0].subscribers[1].added_at: added_at is missing: expected the subscribers of a sequence, not those "
        "of the account\n"
        "  pages[1].subscribers[0].id: id must be an integer (found None)\n"
        f"  pages[1].pagination.has_next_page: {GOES_ON} (found True)"
    )
    with pytest.raises(ValidationError) as caught:
        kit.subscribers(page(*[one("x")] * 3000))
    assert len(caught.value.problems) == 1000


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("", "empty: expected a header with id and added_at"),
        ("a,b\n1,2\n", "no column id or added_at; the columns are: a, b"),
        ("id,b\n1,2\n", "no column added_at; the columns are: id, b"),
        ("id,added_at\n1,x\nseven,y\n", "id in row 1 (from 0) must be an integer: found 'seven'"),
        ("id,added_at\n1,x,y,z\n2,x\n3,x,y,z,5\n", None),
    ],
)
def test_csv_files_refused(text_of, file, written, text):
    path = file(written, "subscribers.csv")
    if text is None:
        with pytest.raises(SimcoreError, match=r"not CSV that can be read: .+"):
            kit.subscribers(path)
    else:
        assert text_of(SimcoreError, kit.subscribers, path) == f"{path}: {text}"


def test_files_that_cannot_be_read(text_of, tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes("id,added_at\n1,Jos\xe9\n".encode("latin-1"))
    with pytest.raises(SimcoreError, match=r"not CSV that can be read: .*0xe9"):
        kit.subscribers(path)
    for name in ("none.csv", "none.json"):
        with pytest.raises(FileNotFoundError):
            kit.subscribers(tmp_path / name)


def test_no_file_leads_to_another(file, text_of):
    """What stands in a JSON file is a page, never a path."""
    name = EXAMPLE.name
    path = file([name])
    assert text_of(ValidationError, kit.subscribers, path) == f"1 problem\n  {NO_PAGE} (found {name!r})"


def test_the_example_is_shipped():
    assert Path(EXAMPLE).name == "kit_subscribers.json"


def test_rows_read_as_they_come_are_counted_too(tmp_path):
    """K29: in a table, and in a file on the command line; not in tables whose columns are somebody else's."""
    states = ["active", "cancelled", None, "bounced", "cancelled"]
    frame = pd.DataFrame({"id": range(5), "added_at": "2026-03-06T21:07Z", "state": states})
    welcome = kit.load(simcore.example("welcome"))
    told = (
        "3 of 5 subscribers are not active (2 cancelled and 1 bounced): since when is not said, so they are entries "
        "like the others"
    )
    with pytest.warns(UserWarning, match="not active") as caught:
        sends = simcore.project(welcome, frame)
    assert [str(each.message) for each in caught] == [told]
    assert len(sends) == 20
    for ending, write in (("csv", frame.to_csv), ("parquet", frame.to_parquet)):
        path = tmp_path / f"e.{ending}"
        write(path, index=False)
        result = CliRunner().invoke(cli.app, ["project", str(simcore.example("welcome")), str(path)])
        assert (result.exit_code, result.stderr) == (0, f"Warning: {told}\n")
    for chunk_rows in (1, 5):
        with pytest.warns(UserWarning, match="not active") as caught:
            done = parquet.project(
                path, tmp_path / f"{chunk_rows}", welcome, chunk_rows=chunk_rows, progress=False
            )
        assert ([str(each.message) for each in caught], done.sends) == ([told], 20)
    part_by_part = ["project", str(simcore.example("welcome")), str(path), "-o", str(tmp_path / "typed")]
    result = CliRunner().invoke(cli.app, part_by_part)
    assert (result.exit_code, result.stderr) == (0, f"Warning: {told}\n")
    assert CliRunner().invoke(cli.app, part_by_part).stderr == ""  # it is finished: nothing is read
    named = {"subscriber_id": "id", "entered_at": "added_at"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parquet.project(path, tmp_path / "named", welcome, columns=named, progress=False)
    ours = frame.rename(columns={"id": "subscriber_id", "added_at": "entered_at"})
    assert len(simcore.project(welcome, frame, columns=named)) == len(simcore.project(welcome, ours)) == 20
    typed = ["--column", "subscriber_id=id", "--column", "entered_at=added_at"]
    result = CliRunner().invoke(cli.app, ["project", str(simcore.example("welcome")), str(path), *typed])
    assert (result.exit_code, result.stderr) == (0, "")
