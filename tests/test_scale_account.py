"""Accounts in parts give what they give in one piece: Dask and Parquet (Spark is with its session)."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import read_back
from test_account import email, of_tag, series
from whole_accounts import CASES, at, rows, with_ids

import simcore
from simcore import Account, Cap, kit
from simcore.errors import EntryError, SimcoreError, TooLateError
from simcore.scale import parquet, whole

CIRCLE, TAGS = CASES["circle"], CASES["tags"]


@pytest.fixture(scope="module")
def scale():
    """Dask, on this thread; it takes so long to be imported that only who tests it does it."""
    dask = pytest.importorskip("dask", reason="the extra dask has it")
    pytest.importorskip("distributed", reason="the extra dask has it")
    from simcore.scale import dask as scale

    with dask.config.set({"scheduler": "sync", "dataframe.convert-string": False}):
        yield scale


def lazily(frame, parts):
    import dask.dataframe as dd

    return None if frame is None else dd.from_pandas(frame, npartitions=parts, sort=False)


def lives(scale, case, parts):
    import dask

    found = scale.simulate(
        lazily(case.entries, parts[0]), case.account, events=lazily(case.events, parts[1]), **case.given
    )
    return found, dask.compute(*found)


# Dask.


@pytest.mark.slow
@pytest.mark.parametrize("parts", [(1, 1), (4, 2), (3, 7)])
@pytest.mark.parametrize("name", CASES)
def test_dask_gives_what_the_account_gives(scale, name, parts):
    case = CASES[name]
    expected = case.account.simulate(case.entries, events=case.events, **case.given)
    lazy, found = lives(scale, case, parts)
    assert isinstance(lazy, simcore.Simulation)
    for what, mine, its in zip(lazy._fields, found, lazy, strict=True):
        wanted = getattr(expected, what)
        assert rows(mine) == rows(wanted)
        assert len(wanted) > 0
        assert [*mine] == [*wanted]
        assert its.dtypes.equals(mine.dtypes)
        assert mine["sequence_id"].cat.categories.equals(wanted["sequence_id"].cat.categories)
        assert its["sequence_id"].cat.known
    sends = scale.project(
        lazily(case.entries, parts[0]), case.account, events=lazily(case.events, parts[1]), **case.given
    )
    assert rows(sends.compute()) == rows(expected.timeline)


def test_the_cases_hold_what_they_are_for():
    life = CIRCLE.account.simulate(CIRCLE.entries, events=CIRCLE.events, **CIRCLE.given)
    assert {"excluded", "deferred"} <= {*life.journal["what"]}
    assert {"All", "Tagged", "Yours", "1.1, anew"} <= {*life.timeline["subject"]}
    life = TAGS.account.simulate(TAGS.entries, events=TAGS.events)
    # U enrols whom a step of S gives the tag; T has entries, and enrols nobody.
    sent = life.timeline["sequence_id"].value_counts()
    assert (sent["U"], sent["T"]) == (25, 2)


@pytest.mark.slow
def test_every_partition_has_all_categories(scale):
    sends = scale.project(lazily(TAGS.entries, 4), TAGS.account, events=lazily(TAGS.events, 2))
    for part in sends.partitions:
        found = part.compute()
        assert [*found["sequence_id"].cat.categories] == [1, "S", "T", "U"]
        assert found["subject"].cat.categories.equals(sends.dtypes["subject"].categories)
    assert "News" in sends.dtypes["subject"].categories


@pytest.mark.slow
def test_entries_are_gone_through_only_where_it_matters(scale, monkeypatch):
    calls = []
    real = scale._distinct
    monkeypatch.setattr(scale, "_distinct", lambda entries: calls.append(1) or real(entries))
    scale.project(lazily(CIRCLE.entries, 2), CIRCLE.account, events=lazily(CIRCLE.events, 2))
    scale.project(lazily(TAGS.entries, 2), TAGS.account)
    scale.project(None, TAGS.account, events=lazily(TAGS.events, 2))
    assert calls == []
    scale.project(lazily(TAGS.entries, 2), TAGS.account, events=lazily(TAGS.events, 2))
    assert calls == [1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda scale: scale.project(lazily(CIRCLE.entries, 1), series(1, 0), cap=Cap(1, "1D")),
            SimcoreError,
            "cap: one sequence has none: give an account, such as simcore.Account([sequence])",
        ),
        (
            lambda scale: scale.simulate(lazily(CIRCLE.entries, 1), CIRCLE.account, cap=2),
            SimcoreError,
            "cap: found 2, expected a simcore.Cap, such as Cap(2, '7D')",
        ),
        (
            lambda scale: scale.project(lazily(CIRCLE.entries, 1), CIRCLE.account, order="email"),
            SimcoreError,
            "order: not for an account: leave it out",
        ),
        (
            lambda scale: scale.project(
                lazily(CIRCLE.entries, 1), CIRCLE.account, assumptions=kit.Assumptions()
            ),
            SimcoreError,
            "assumptions: not for an account: give them to the account itself",
        ),
        (
            lambda scale: scale.project(
                lazily(CIRCLE.entries.drop(columns="sequence_id"), 1), CIRCLE.account
            ),
            EntryError,
            "entries: found the columns subscriber_id, entered_at, expected a table with subscriber_id, entered_at "
            "and sequence_id: which of the account's sequences each entry is for",
        ),
    ],
)
def test_what_is_wrong_with_the_arguments_is_said_at_once(scale, call, kind, text, text_of):
    assert text_of(kind, call, scale) == text


@pytest.mark.slow
def test_a_sequence_that_is_not_there(scale, text_of):
    bad = TAGS.entries.assign(sequence_id=[*["1"] * (len(TAGS.entries) - 1), "Z"])
    sends = scale.project(lazily(bad, 1), TAGS.account, events=lazily(TAGS.events, 1))
    assert text_of(EntryError, sends.compute) == (
        "entries: sequence_id: 1 of 41 rows cannot be used\n  row 40: 'Z' is not a sequence of the account: 1, S, T "
        "or U\nfix those rows, or leave them out"
    )


# Parquet.


def in_order():
    """The rows of a subscriber beside each other."""
    return CIRCLE.entries.sort_values("subscriber_id", kind="stable", ignore_index=True)


def run(tmp_path, entries, account=CIRCLE.account, out="out", **how):
    path = tmp_path / "in.parquet"
    if not path.exists():
        entries.to_parquet(path, index=False)
    return parquet.project(path, tmp_path / out, account, **{"progress": False} | CIRCLE.given | how)


@pytest.mark.parametrize("chunk_rows", [1, 30, 1000])
def test_parquet_gives_what_the_account_gives(tmp_path, chunk_rows):
    entries = in_order()
    done = run(tmp_path, entries, chunk_rows=chunk_rows)
    expected = CIRCLE.account.project(entries, **CIRCLE.given)
    # Who has no entry in the file gets no broadcast, be it by name.
    expected = expected[expected["subscriber_id"].isin(entries["subscriber_id"])]
    found = read_back(tmp_path / "out")
    assert rows(found) == rows(with_ids(expected, "Int64"))
    assert done.sends == len(expected)
    assert done.parts == (1 if chunk_rows == 1000 else done.parts)
    assert str(pq.read_schema(tmp_path / "out" / "part-00000.parquet")) == (
        "sequence_id: int64\nsubscriber_id: int64\nrun: int32\nposition: int16\nemail_id: int64\n"
        "subject: dictionary<values=string, indices=int32, ordered=0>\nsend_at: timestamp[us, tz=UTC]"
    )
    assert run(tmp_path, entries, chunk_rows=chunk_rows).found == done.parts


def test_parquet_of_both_platforms(tmp_path):
    entries = TAGS.entries.sort_values("subscriber_id", kind="stable").assign(via=None)
    entries.loc[entries["sequence_id"] == "T", "via"] = "manual"
    run(tmp_path, entries, TAGS.account, chunk_rows=7, cap=None, changes={})
    found = read_back(tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "part-00000.parquet")
    assert schema.field("sequence_id").type == pa.dictionary(pa.int32(), pa.string())
    assert schema.field("email_id").type == pa.string()
    expected = TAGS.account.project(entries)
    assert rows(found) == rows(with_ids(expected, "str"))
    assert set(found["subject"]) == {"1.0", "1.1", "1.2", "t1", "t2", "News"}


def test_a_subscriber_whose_sequences_are_apart(tmp_path, text_of):
    entries = pd.DataFrame({
        "sequence_id": [1, 1, 2],
        "subscriber_id": [1, 2, 1],
        "entered_at": at([0, 0, 5]),
    })
    path = tmp_path / "in.parquet"
    assert text_of(EntryError, run, tmp_path, entries, chunk_rows=2) == (
        f"{path}: subscriber 1 is at row 0 and, after others, again at row 2: sort the file by subscriber_id, or give "
        "chunk_rows=3 to read it as one chunk"
    )
    assert run(tmp_path, entries, chunk_rows=3).parts == 1


def test_rows_that_cannot_be_used(tmp_path, text_of):
    path = tmp_path / "in.parquet"
    entries = pd.DataFrame({
        "sequence_id": [1, 9, 2],
        "subscriber_id": [1, 2, 3],
        "entered_at": at([0, 0, 0]),
    })
    assert text_of(EntryError, run, tmp_path, entries, chunk_rows=1) == (
        f"{path}: 1 of the 1 rows from row 1 on cannot be used\n  row 1: sequence_id 9: not a sequence of the "
        "account: 1, 2 or 3"
    )
    path.unlink()
    entries = pd.DataFrame({"subscriber_id": [1], "entered_at": at([0])})
    assert text_of(SimcoreError, run, tmp_path, entries, out="other") == (
        f"{path}: no column sequence_id; the columns are: subscriber_id, entered_at"
    )
    # A way of entry of the other platform's.
    path.unlink()
    entries = TAGS.entries[-2:].assign(via="audience")
    told = text_of(
        EntryError, run, tmp_path, entries, TAGS.account, "third", cap=None, changes={}, chunk_rows=9
    )
    assert told == (
        f"{path}: 1 of the 2 rows from row 0 on cannot be used\n  row 0: via 'audience': not one of: api, "
        "visual_automation, rule, bulk_action, import, form, manual"
    )


def test_mails_after_the_last_instant(tmp_path, text_of):
    late = series(1, 0, 400)
    entries = pd.DataFrame({
        "sequence_id": [1, 1],
        "subscriber_id": [1, 2],
        "entered_at": pd.to_datetime(["2026-03-02T00:00Z", "2199-12-31T00:00Z"]),
    })
    told = text_of(TooLateError, run, tmp_path, entries, Account([late]), cap=None, changes={}, chunk_rows=1)
    assert told.startswith(f"{tmp_path / 'in.parquet'}: in the 1 rows from row 1 on: ")
    assert pq.read_metadata(tmp_path / "out" / "part-00000.parquet").num_rows == 2


OTHERS = {
    "sequence": {"account": Account(CIRCLE.account.sequences.values())},
    "cap": {"cap": Cap(3, "7D")},
    "changes": {"changes": {2: [kit.update(at([40])[0], send_hour=10)]}},
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_run_in_the_folder_is_refused(tmp_path, text_of, name):
    run(tmp_path, in_order())
    told = text_of(SimcoreError, run, tmp_path, None, **OTHERS[name])
    assert re.search(rf"cannot be resumed, since these have changed: {name}: ", told)


def test_why_nothing_goes_out_is_kept(tmp_path):
    entries = pd.DataFrame({"sequence_id": [1], "subscriber_id": [1], "entered_at": at([0])})
    silent = Account([series(1, 0, excludes=[2]), series(2, 1)])
    assert run(tmp_path, entries, silent, changes={}, cap=None, until=at([0])[0]).sends == 0
    assert parquet.nothing_of(tmp_path / "out") == ({}, "no mail of the account goes out")


# Either.


def test_changes_can_be_read_more_than_once():
    given = whole.Options(changes={1: iter(CIRCLE.given["changes"][1]), 2: 5})
    _, options = whole.checked(CIRCLE.account, given, None)
    assert options.changes == {1: CIRCLE.given["changes"][1], 2: 5}


def test_the_tables_of_a_loaded_account_are_not_those_of_each_part():
    account = Account.load(simcore.example("three_sequences"))
    bare, _ = whole.checked(account, whole.Options(), None)
    assert account.entries is not None
    assert account.events is not None
    assert (bare.entries, bare.events) == (None, None)
    assert bare.broadcasts is account.broadcasts


def test_who_is_in_broadcasts_alone_is_in_no_part():
    account = Account([series(1, 0)], broadcasts=[{"at": at([30])[0], "subject": "B", "subscriber_id": "b"}])
    rows_ = pd.DataFrame({"sequence_id": [1], "subscriber_id": ["a"], "entered_at": at([0])})
    assert set(account.project(rows_)["subscriber_id"]) == {"a", "b"}
    assert set(whole.make(account, rows_, whole.Options()).timeline()["subscriber_id"]) == {"a"}
    assert len(whole.make(account, rows_[:0], whole.Options()).timeline()) == 0
    wrong = rows_.assign(subscriber_id=[1])
    with pytest.raises(
        EntryError, match=r"broadcasts: subscriber_id is (str|object) there and int64 in entries"
    ):
        whole.make(account, wrong, whole.Options())


def test_a_sequence_that_has_entries_elsewhere_does_not_enrol():
    account = Account([of_tag("S", "x", email("s"))])
    events = pd.DataFrame({"subscriber_id": ["b"], "at": at([0]), "event": "tag_added", "ref": "x"})
    entries = pd.DataFrame({"sequence_id": ["S"], "subscriber_id": ["a"], "entered_at": at([0])})
    options = whole.Options(events=events)
    assert len(whole.make(account, entries[:0], options).timeline()) == 1
    came = whole.entered(account, lambda: entries["sequence_id"])
    assert came == {"S"}
    assert len(whole.make(account, entries[:0], options, entered=came).timeline()) == 0
    assert whole.entered(account, lambda: np.array(["T"])) == frozenset()


def test_one_subscriber_alone_is_enrolled_by_no_sequence_that_has_entries():
    account = Account([of_tag("S", "x", email("s")), series(1, 0)])
    events = pd.DataFrame({"subscriber_id": ["b"], "at": at([0]), "event": "tag_added", "ref": "x"})
    entries = pd.DataFrame({"sequence_id": ["S", "1"], "subscriber_id": ["a", "b"], "entered_at": at([0, 0])})
    found = account.simulate(entries, events=events)
    assert found.timeline_of("b")["subject"].tolist() == ["1.0"]
