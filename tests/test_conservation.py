"""What holds of every history, whatever happens in it: nothing is lost, sent twice, or sent where it must not be."""

from collections import Counter
from datetime import timedelta

import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import lifecycle_cases

import simcore
from simcore import kit
from simcore.answers import timeline
from simcore.engine import times

MICROSECOND = timedelta(microseconds=1)
SOME = settings(max_examples=settings().max_examples // 4)  # each example is two lives or more
OUTSIDE = {"ignored", "excluded", "blocked"}


def instants(rows):
    return pd.DatetimeIndex(rows).tz_convert("UTC").to_pydatetime() if len(rows) else []


def states(case):
    """(instant, state) after the changes of each instant, the state before any change first."""
    state = oracle.first_state(case)
    found = [(oracle.EPOCH, state)]
    for at, changes in sorted(oracle.by_instant(case["changes"], "at", None).items()):
        for change in changes:
            state = state.after(change)
        found.append((at, state))
    return found


def state_at(history, t):
    return [state for at, state in history if at <= t][-1]


def events_until(case, subscriber, t):
    """The events of a subscriber up to an instant, in order."""
    mine = [(oracle.instant(e["at"]), e) for e in case["events"] if e["subscriber_id"] == subscriber]
    return [event for at, event in sorted(mine, key=lambda each: each[0]) if at <= t]


def sources(case, subscriber, t):
    inside = set()
    for event in events_until(case, subscriber, t):
        if event["event"] in oracle.JOINS:
            kind, joined = oracle.JOINS[event["event"]]
            (inside.add if joined else inside.discard)((kind, event["ref"]))
    return inside


@given(case=lifecycle_cases())
@SOME
def test_no_email_twice_in_a_run(simulate_case, case):
    sends = simulate_case(case).timeline
    assert not sends.duplicated(["subscriber_id", "run", "email_id"]).any()
    if case["include_drafts"]:
        return
    history = states(case)
    for email_id, position, t in zip(
        sends["email_id"], sends["position"], instants(sends["send_at"]), strict=True
    ):
        state = state_at(history, t)
        assert state.fields["active"]
        assert state.published(email_id)
        assert state.place(email_id) == position


@given(case=lifecycle_cases())
@SOME
def test_nothing_to_those_who_are_excluded_or_have_left(simulate_case, case):
    sends, history = simulate_case(case).timeline, states(case)
    for subscriber, t in zip(sends["subscriber_id"], instants(sends["send_at"]), strict=True):
        excluded = {
            (source["type"], one)
            for source in state_at(history, t).fields["exclude_subscriber_sources"]
            for one in source["ids"]
        }
        assert not excluded & sources(case, subscriber, t)
        past = [
            event["event"]
            for event in events_until(case, subscriber, t)
            if event["event"] in {"unsubscribed", "bounced", "complained", "resubscribed"}
        ]
        assert past[-1:] in ([], ["resubscribed"])


@given(case=lifecycle_cases())
@SOME
def test_runs_begin_and_end_in_order(simulate_case, case):
    """Runs of a subscriber never overlap, sends lie within their run, and the journal says how each ended."""
    found = simulate_case(case)
    runs = found.subscribers
    sends = found.timeline.groupby(["subscriber_id", "run"])["send_at"].agg(["count", "min", "max"])
    ends = found.journal.dropna(subset="run").copy()
    ends["what"] = ends["what"].astype(str).replace("excluded_out", "ended")
    for _, mine in runs.sort_values("run").groupby("subscriber_id"):
        assert mine["run"].tolist() == [*range(1, len(mine) + 1)]
        assert (mine["status"] == "active").tolist()[:-1] == [False] * (len(mine) - 1)
        assert (mine["ended_at"].to_numpy()[:-1] <= mine["entered_at"].to_numpy()[1:]).all()
    for row in runs.itertuples():
        assert (row.status == "active") == (row.ended_at is pd.NaT)
        key = (row.subscriber_id, row.run)
        count, first, last = sends.loc[key] if key in sends.index else (0, None, None)
        assert (row.sends, row.last_send_at) == (count, last or pd.NaT) or (
            count == 0 and row.last_send_at is pd.NaT
        )
        if count:
            assert first >= row.entered_at
            if row.status == "completed":
                assert last <= row.ended_at
            elif row.status != "active":
                assert last < row.ended_at
        if row.status != "active":
            assert pd.isna(row.next_email_id)
            said = {"excluded": "ended"}.get(row.status, row.status)
            told = ends[(ends["subscriber_id"] == row.subscriber_id) & (ends["run"] == row.run)]
            assert told.loc[told["what"] == said, "at"].tolist() == [row.ended_at]
            assert told["what"].iloc[-1] == said
        if pd.isna(row.next_email_id):
            assert row.next_send_at is pd.NaT


@given(case=lifecycle_cases())
@SOME
def test_every_entry_is_a_run_or_is_turned_away_once(simulate_case, case):
    found = simulate_case(case)
    until = case["until"] and oracle.instant(case["until"])
    entered = Counter(
        (entry["subscriber_id"], oracle.instant(entry["entered_at"]))
        for entry in case["entries"]
        if until is None or oracle.instant(entry["entered_at"]) < until
    )
    began = zip(found.subscribers["subscriber_id"], instants(found.subscribers["entered_at"]), strict=True)
    away = found.journal[found.journal["run"].isna()]
    assert set(away["what"]) <= OUTSIDE
    turned = zip(away["subscriber_id"], instants(away["at"]), strict=True)
    assert Counter(began) + Counter(turned) == entered
    started = found.journal[found.journal["what"] == "started"]
    assert len(started) == len(found.subscribers)


@given(case=lifecycle_cases(), data=st.data())
@SOME
def test_until_cuts_the_whole(simulate_case, rows_of, records_of, case, data):
    """Until any instant, what was sent and noted is what was sent and noted before it, in the end."""
    whole = simulate_case({**case, "until": None})
    known = [*instants(whole.timeline["send_at"]), *instants(whole.journal["at"])]
    cut = data.draw(st.sampled_from(known or [oracle.EPOCH]))
    cut += data.draw(st.sampled_from([timedelta(0), MICROSECOND, timedelta(days=1)]))
    part = simulate_case({**case, "until": cut.isoformat()})
    assert rows_of(part.timeline) == [row for row in rows_of(whole.timeline) if row[4] < cut]
    assert records_of(part.journal) == [row for row in records_of(whole.journal) if row[2] < cut]
    assert part.subscribers["sends"].sum() == len(part.timeline)
    kept = whole.subscribers[whole.subscribers["entered_at"] < cut]
    assert part.subscribers["entered_at"].tolist() == kept["entered_at"].tolist()
    over = (kept["ended_at"] < cut).to_numpy()
    pd.testing.assert_frame_equal(
        part.subscribers[over].reset_index(drop=True), kept[over].reset_index(drop=True)
    )
    assert (part.subscribers["status"][~over] == "active").all()
    # What a run waits for comes next, unless something happens before.
    ahead = part.subscribers["next_send_at"].dropna()
    assert (ahead >= pd.Timestamp(cut)).all()


@given(case=lifecycle_cases(), data=st.data())
@SOME
def test_the_order_of_rows_is_theirs_alone(arguments_of, rows_of, records_of, case, data):
    """Entries and events of one subscriber at distinct instants may stand in any order."""
    named = arguments_of(case)
    moment = named["entries"]["entered_at"].map(oracle.instant)
    named["entries"] = named["entries"][
        ~named["entries"].assign(at=moment).duplicated(["subscriber_id", "at"])
    ]
    if named["events"] is not None:
        moment = named["events"]["at"].map(oracle.instant)
        named["events"] = named["events"][
            ~named["events"].assign(at=moment).duplicated(["subscriber_id", "at"])
        ]
    found = simcore.simulate(**named)
    turned = dict(named)
    for name in ("entries", "events"):
        if named[name] is not None:
            order = data.draw(st.permutations(range(len(named[name]))))
            turned[name] = named[name].iloc[order]
    again = simcore.simulate(**turned)
    assert Counter(rows_of(again.timeline)) == Counter(rows_of(found.timeline))
    assert Counter(records_of(again.subscribers)) == Counter(records_of(found.subscribers))
    assert Counter(records_of(again.journal)) == Counter(records_of(found.journal))
    moments = turned["entries"]["entered_at"].map(oracle.instant)
    place = {key: at for at, key in enumerate(zip(turned["entries"]["subscriber_id"], moments, strict=True))}
    runs = zip(again.subscribers["subscriber_id"], instants(again.subscribers["entered_at"]), strict=True)
    places = [place[key] for key in runs]
    assert places == sorted(places)


@given(case=lifecycle_cases())
@SOME
def test_subscribers_do_not_touch_each_other(arguments_of, rows_of, records_of, case):
    """Each alone has the life that all together have; and it is the same by whatever names they go."""
    named = arguments_of(case)
    found = simcore.simulate(**named)
    one = case["entries"][0]["subscriber_id"]
    alone = dict(named)
    alone["entries"] = named["entries"][named["entries"]["subscriber_id"] == one]
    by_name = dict(named)
    by_name["entries"] = named["entries"].assign(
        subscriber_id=("s" + named["entries"]["subscriber_id"].astype("str")).astype("category")
    )
    if named["events"] is not None:
        names = pd.Series(["s" + str(each) for each in named["events"]["subscriber_id"]], dtype="str")
        by_name["entries"]["subscriber_id"] = by_name["entries"]["subscriber_id"].astype("str")
        by_name["events"] = named["events"].assign(subscriber_id=names)
    alone, renamed = simcore.simulate(**alone), simcore.simulate(**by_name)
    assert rows_of(alone.timeline) == [row for row in rows_of(found.timeline) if row[0] == one]
    for mine, all_, theirs in zip(alone[1:], found[1:], renamed[1:], strict=True):
        assert records_of(mine) == [row for row in records_of(all_) if row[0] == one]
        assert [("s" + str(who), *rest) for who, *rest in records_of(all_)] == records_of(theirs)
    assert [("s" + str(who), *rest) for who, *rest in rows_of(found.timeline)] == rows_of(renamed.timeline)


@given(case=lifecycle_cases(), data=st.data())
@SOME
def test_a_change_that_changes_nothing_changes_nothing(simulate_case, case, data):
    """Where queued emails keep their instants and nothing is due at once, it only cuts time in two."""
    case["assumptions"] |= {"queued_emails": "keep", "insert_before_next": "wait"}
    found = simulate_case(case)
    known = sorted({*instants(found.timeline["send_at"]), *instants(found.journal["at"]), oracle.EPOCH})
    cuts = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
    nothing = [{"at": at.isoformat(), "op": "update", "fields": {"name": "Other"}} for at in cuts]
    again = simulate_case({**case, "changes": case["changes"] + nothing})
    for before, after in zip(found, again, strict=True):
        pd.testing.assert_frame_equal(before, after)


@given(case=lifecycle_cases())
@SOME
def test_without_a_history_it_is_the_projection(arguments_of, case):
    named = arguments_of(case)
    plain = {name: value for name, value in named.items() if name not in {"events", "changes"}}
    projected = simcore.project(**plain)
    none = pd.DataFrame({"subscriber_id": named["entries"]["subscriber_id"][:0], "at": [], "event": []})
    for others in (
        {},
        {"changes": ()},
        {"changes": iter([])},
        {"events": none},
        {"events": none, "changes": []},
    ):
        pd.testing.assert_frame_equal(simcore.simulate(**plain, **others).timeline, projected)
        pd.testing.assert_frame_equal(simcore.project(**plain, **others), projected)


@given(case=lifecycle_cases())
@SOME
def test_many_at_a_time_are_as_few(simulate_case, case):
    """The ways of many runs (equal instants computed once, rows written by blocks) give what the others give."""
    few = simulate_case(case, explain=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(times, "MANY", 1)
        patch.setattr(timeline, "_RUNS", 2)
        patch.setattr(timeline, "_BLOCK", 2)
        many = simulate_case(case, explain=True)
    for one, other in zip(few, many, strict=True):
        pd.testing.assert_frame_equal(one, other)


@given(case=lifecycle_cases())
@SOME
def test_what_is_given_is_left_as_it_was(arguments_of, case):
    named = arguments_of(case)
    copies = [None if named[name] is None else named[name].copy() for name in ("entries", "events")]
    changes = [str(change) + str(change.fields) for change in named["changes"]]
    sequence = named["sequence"].to_api()
    simcore.simulate(**named)
    for name, copy in zip(("entries", "events"), copies, strict=True):
        if copy is not None:
            pd.testing.assert_frame_equal(named[name], copy)
    assert [str(change) + str(change.fields) for change in named["changes"]] == changes
    assert named["sequence"].to_api() == sequence
    assert isinstance(named["sequence"], kit.Sequence)
