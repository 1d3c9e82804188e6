"""The second reading of whole accounts gives what was worked by hand, and its own results keep the laws of A7."""

import json
from collections import Counter
from datetime import timedelta

import account_cases
import account_oracle
import oracle
import pytest
import sequenzy_graph_oracle as graph_oracle
from account_worked import AT_ONCE, WORKED, at, broadcast, by_tag, cap, does, entries, events, kit, sequenzy
from sequenzy_graph_cases import every_step

NAMES = [f"{row['rules'][0]}-{n}" for n, row in enumerate(WORKED)]
MICROSECOND, QUARTER = timedelta(microseconds=1), timedelta(minutes=15)
CHANGE_WHAT_OTHERS_SEE = {"add_tag", "remove_tag", "add_to_list", "remove_from_list", "update_subscriber"}
PARTS = ("timeline", "subscribers", "journal")
SOME = 400


def name_of(row):
    """How an example names the mail of a row of the timeline."""
    if row["run"] == 0:
        return f"news {row['position']}"
    is_kit = isinstance(row["sequence_id"], int)
    return f"{row['sequence_id']}.{row['position']}" if is_kit else row["email_id"]


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize("row", WORKED, ids=NAMES)
def test_what_was_worked_by_hand(row):
    case = row["case"]
    assert json.loads(json.dumps(case)) == case
    found = account_oracle.simulate_case(case)
    sent = [(r["send_at"].isoformat(), name_of(r), r["subscriber_id"]) for r in found.timeline]
    assert sorted(sent) == sorted((at(t), *rest) for t, *rest in row["sent"]), row["why"]
    noted = [
        (r["at"].isoformat(), r["sequence_id"], r["what"], r["email_id"])
        for r in found.journal
        if r["what"] not in {"started", "completed"}
    ]
    expected = [(at(t), *rest) for t, *rest in row["noted"]]
    assert sorted(noted, key=str) == sorted(expected, key=str), row["why"]
    if row["statuses"]:
        assert [r["status"] for r in found.subscribers] == row["statuses"], row["why"]


def test_every_rule_has_examples():
    found = Counter(rule for row in WORKED for rule in row["rules"])
    rules = {f"A{n}" for n in range(1, 7)} | {f"N{n}" for n in range(1, 7)}
    assert {rule for rule in rules if found[rule] < 3} == set()


def test_rows_begin_with_the_sequence():
    case = WORKED[0]["case"]
    found = account_oracle.simulate_case(case)
    columns = ["sequence_id", "subscriber_id", "run", "position", "email_id", "send_at"]
    assert [list(row) for row in found.timeline] == [columns] * 4
    assert list(found.subscribers[0])[:3] == ["sequence_id", "subscriber_id", "run"]
    assert list(found.journal[0]) == ["sequence_id", "subscriber_id", "run", "at", "what", "email_id"]
    news = [row for row in found.timeline if row["run"] == 0]
    assert [(row["sequence_id"], row["position"], row["email_id"]) for row in news] == [(None, 0, None)] * 2


@pytest.mark.parametrize("given", [cap(0, "1 days"), cap(1, "0 days")])
def test_a_cap_of_nothing_is_refused(given):
    with pytest.raises(ValueError, match="a cap lets at least one mail through"):
        account_oracle.simulate_case({**WORKED[0]["case"], "cap": given})


def test_a_cap_without_most_is_none():
    expected = account_oracle.simulate_case(WORKED[0]["case"])
    found = account_oracle.simulate_case({**WORKED[0]["case"], "cap": cap(None, "1 days")})
    assert found.timeline == expected.timeline


def test_the_log_may_not_say_who_is_in_a_sequence_of_the_account():
    case = {"sequences": [kit(101, AT_ONCE)], "events": events(("1 08:00", "sequence_joined", 101))}
    with pytest.raises(ValueError, match="sequence_joined: 101 is a sequence of the account"):
        account_oracle.simulate_case(case)


def test_a_circle_without_end_at_one_instant_is_an_error():
    both = [
        sequenzy("S", does("n1", "add_tag", tagName="y"), **by_tag("x")),
        sequenzy("T", does("n2", "add_tag", tagName="x"), **by_tag("y")),
    ]
    case = {"sequences": both, "events": events(("1 08:00", "tag_added", "x"))}
    with pytest.raises(RuntimeError, match="steps enrol a without end at 2026-06-01 08:00"):
        account_oracle.simulate_case(case)


def test_a_blank_draft_has_no_part_in_it():
    case = {
        "sequences": [{"platform": "sequenzy", "payload": {"name": "S", **by_tag("x")}}, kit(101, AT_ONCE)],
        "entries": entries((101, "1 08:00")),
        "broadcasts": [broadcast("1 09:00")],
        "events": events(("1 08:00", "tag_added", "x")),
    }
    found = account_oracle.simulate_case(case)
    assert [name_of(row) for row in found.timeline] == ["101.0", "news 0"]
    assert {row["sequence_id"] for row in found.journal} == {101}


# ---------------------------------------------------------------- random cases


@pytest.fixture(scope="module")
def some_cases():
    return list(account_cases.cases(SOME))


def rows_of(rows):
    return sorted(map(str, rows))


def assert_same(found, expected, case):
    for part in PARTS:
        assert rows_of(getattr(found, part)) == rows_of(getattr(expected, part)), (case["case"], part)


@pytest.mark.slow
def test_cases_are_json_and_the_same_again(some_cases):
    assert json.loads(json.dumps(some_cases)) == some_cases
    assert [account_cases.case_of(row["case"]) for row in some_cases[:20]] == some_cases[:20]


@pytest.mark.slow
def test_every_theme_occurs_often(some_cases):
    found = Counter(theme for case in some_cases for theme in account_cases.themes_of(case))
    wanted = dict.fromkeys(account_cases.OCCUR, 5) | dict.fromkeys(account_cases.OCCUR_SELDOM, 1)
    assert {theme: found[theme] for theme, least in wanted.items() if found[theme] < least} == {}


@pytest.mark.slow
def test_the_table_of_paths_is_what_the_seed_takes(some_cases):
    split = [case for case in some_cases if case["paths"]]
    assert len(split) > 10
    for case in split:
        by_seed = account_oracle.simulate_case({**case, "paths": None})
        assert account_oracle.simulate_case(case).timeline == by_seed.timeline


# ---------------------------------------------------------------- A7: the union


def without_steps(given):
    """Steps without those that change what others see."""
    for where, one in list(every_step(given)):
        if one.get("type") in CHANGE_WHAT_OTHERS_SEE:
            where.remove(one)
    return given


def apart(case):
    """A case whose sequences have nothing to do with each other."""
    case = json.loads(json.dumps({**case, "cap": None, "broadcasts": [], "paths": None}))
    ids = [account_oracle.id_of(one) for one in case["sequences"]]
    fields = [change.get("fields") or {} for rows in case["changes"].values() for change in rows]
    for one in case["sequences"]:
        fields.append(one["payload"] if one["platform"] == "sequenzy" else one["payload"]["sequence"])
    for given in fields:
        without_steps(given.get("steps") or [])
        for source in given.get("exclude_subscriber_sources") or []:
            if source["type"] == "sequence":
                source["ids"] = [i for i in source["ids"] if i not in ids]
    return case


def is_kits(event):
    """Whether Kit can read an event."""
    if event["event"] not in oracle.JOINS:
        return event["event"] in {*oracle.LEAVES, "resubscribed"}
    return str(event["ref"]).isdecimal()


def alone(case, one):
    """What a sequence of a case gives alone."""
    sequence_id, log = account_oracle.id_of(one), []
    for event in case["events"]:
        elsewhere = event.get("sequence_id") not in {None, sequence_id}
        log.append({**event, "event": "tag_removed", "ref": "999"} if elsewhere else event)
    rows = [row for row in case["entries"] if row["sequence_id"] == sequence_id]
    changes = case["changes"].get(str(sequence_id)) or []
    if one["platform"] == "kit":
        kit_case = {
            "include_drafts": False,
            "assumptions": case["assumptions"]["kit"],
            "until": case["until"],
        }
        log = [event for event in log if is_kits(event)]
        kit_case |= {**one["payload"], "entries": rows, "events": log, "changes": changes}
        return oracle.simulate(kit_case)
    found = graph_oracle.simulate(
        one["payload"],
        case["assumptions"]["sequenzy"],
        case["enabled_at"],
        case["until"],
        log,
        rows or None,
        changes,
        graph_oracle.by_seed(case["seed"]),
    )
    return {part: getattr(found, part) for part in PARTS}


@pytest.mark.slow
def test_without_caps_exclusions_and_such_steps_it_is_the_union(some_cases):
    compared = 0
    for case in map(apart, some_cases):
        found, parts = account_oracle.simulate_case(case), {part: [] for part in PARTS}
        for one in case["sequences"]:
            for part, rows in alone(case, one).items():
                parts[part] += [{"sequence_id": account_oracle.id_of(one), **row} for row in rows]
        for part, rows in parts.items():
            assert rows_of(getattr(found, part)) == rows_of(rows), (case["case"], part)
        compared += len(found.timeline)
    assert compared > 1000


@pytest.mark.slow
def test_an_account_of_one_sequence_is_that_sequence(some_cases):
    """With its steps that change tags and all: of what else there is in the case nothing is left."""
    for case in some_cases:
        for one in case["sequences"]:
            sequence_id = account_oracle.id_of(one)
            rows = [row for row in case["entries"] if row["sequence_id"] == sequence_id]
            few = {**case, "sequences": [one], "entries": rows, "cap": None, "broadcasts": [], "paths": None}
            changes = case["changes"].get(str(sequence_id)) or []
            if one["platform"] == "kit" and f"[{sequence_id}]" in json.dumps([one, changes]):
                continue  # it excludes itself
            found, expected = account_oracle.simulate_case(few), alone(few, one)
            for part in PARTS:
                of_it = [{"sequence_id": sequence_id, **row} for row in expected[part]]
                assert rows_of(getattr(found, part)) == rows_of(of_it), (case["case"], sequence_id, part)


# ---------------------------------------------------------------- A7: caps


@pytest.mark.slow
def test_a_cap_that_holds_nobody_back_changes_nothing(some_cases):
    for case in some_cases:
        expected = account_oracle.simulate_case({**case, "cap": None, "paths": None})
        for on_excess in ("defer", "skip"):
            wide = {**case, "cap": cap(1_000_000, "14 days", on_excess), "paths": None}
            assert_same(account_oracle.simulate_case(wide), expected, case)


def by_person(rows):
    found = {}
    for row in rows:
        found.setdefault(row["subscriber_id"], []).append(row)
    return found


def window_of(case):
    return oracle.minutes(case["cap"]["window"])


def sent_in(mails, t, window):
    """How many of these mails went out in the window that ends with an instant."""
    return sum(t - window < row["send_at"] <= t for row in mails)


@pytest.mark.slow
def test_no_window_holds_more_than_the_cap(some_cases):
    full = 0
    for case in some_cases:
        if case["cap"] is None:
            continue
        quiet = account_oracle.simulate_case({**case, "broadcasts": [], "paths": None})
        for mails in by_person(quiet.timeline).values():
            held = [sent_in(mails, row["send_at"], window_of(case)) for row in mails]
            assert max(held) <= case["cap"]["most"], case["case"]
            full += max(held) == case["cap"]["most"]
        for mails in by_person(account_oracle.simulate_case(case).timeline).values():
            for n, row in enumerate(mails):
                before = sent_in(mails[:n], row["send_at"], window_of(case))
                assert row["run"] == 0 or before < case["cap"]["most"], case["case"]
    assert full > 100


def later_rows(result, row):
    """What became of the email of a row of the journal afterwards: (instant, what), in order."""
    key = ("sequence_id", "subscriber_id", "run", "email_id")
    found = [
        (one["at"], one["what"]) for one in result.journal if all(one[name] == row[name] for name in key)
    ]
    found += [
        (one["send_at"], "sent") for one in result.timeline if all(one[name] == row[name] for name in key)
    ]
    return sorted(one for one in found if one[0] > row["at"])


def is_open(case, row, t):
    """Whether the gate of an email lets it go at an instant, as the clock on the wall says."""
    one = next(one for one in case["sequences"] if account_oracle.id_of(one) == row["sequence_id"])
    if one["platform"] == "sequenzy":
        given = one["payload"].get("sendingWindow")
        if given is None or given.get("enabled") is False:
            return True
        return graph_oracle.window_in(given, given.get("days"), None).is_open(t)
    rules = {"assumptions": case["assumptions"]["kit"], "include_drafts": False}
    state = oracle.first_state({**one["payload"], **rules})
    email = state.emails[state.place(row["email_id"])]
    zone = state.fields["time_zone"]
    if email["delay_unit"] == "hours":
        every, phase = (oracle.minutes(state.rules[name]) for name in ("poll_every", "poll_phase"))
        return (t - oracle.EPOCH - phase) % every == timedelta(0)
    if email["delay_value"] > 0:
        return oracle.allowed_slot(t, state.days(email), state.fields["send_hour"], zone)
    if state.rules["immediate_days"] == "any":
        return True
    return oracle.wall_clock(t, zone).weekday() in state.days(email)


def instants_between(t, end, mails, window):
    """Quarters of an hour, and the instants around which room begins."""
    first = oracle.next_poll(t, QUARTER, timedelta(0))
    quarters = [first + n * QUARTER for n in range(min((end - t) // QUARTER, 3000))]
    around = [end - MICROSECOND, *(one["send_at"] + window for one in mails)]
    return [u for u in {*quarters, *around} if t < u < end]


@pytest.mark.slow
def test_a_deferral_is_minimal(some_cases):
    """At no earlier instant at which its gate was open was there room."""
    looked_at = deferrals = 0
    for case in some_cases:
        own_zones = "subscriber" in [word for word in json.dumps(case["sequences"]).split('"') if word]
        if case["cap"] is None or case["changes"] or own_zones:
            continue
        result = account_oracle.simulate_case(case)
        persons, window = by_person(result.timeline), window_of(case)
        for row in result.journal:
            later = later_rows(result, row)
            if row["what"] != "deferred" or not later:
                continue
            deferrals += 1
            end, mails = later[0][0], persons[row["subscriber_id"]]
            for u in instants_between(row["at"], end, mails, window):
                if is_open(case, row, u):
                    looked_at += 1
                    assert sent_in(mails, u, window) >= case["cap"]["most"], (case["case"], row, u)
            assert is_open(case, row, end), (case["case"], row)
    assert deferrals > 200
    assert looked_at > 2000


# ---------------------------------------------------------------- A7: people, order, time


@pytest.mark.slow
def test_who_is_left_out_changes_nobody_else(some_cases):
    compared = 0
    for case in some_cases:
        result = account_oracle.simulate_case(case)
        for gone in by_person([*case["entries"], *case["events"]]):
            kept = {**case, "paths": None}
            for part in ("entries", "events"):
                kept[part] = [row for row in case[part] if row["subscriber_id"] != gone]
            ids = [{row["sequence_id"] for row in one["entries"]} for one in (case, kept)]
            if ids[0] != ids[1]:
                continue  # N8: without any rows a sequence is begun by its trigger, for everyone
            found = account_oracle.simulate_case(kept)
            for part in PARTS:
                rows, others = (
                    [row for row in getattr(one, part) if row["subscriber_id"] != gone]
                    for one in (result, found)
                )
                assert rows_of(others) == rows_of(rows), (case["case"], part)
                compared += len(rows)
    assert compared > 1000


@pytest.mark.slow
def test_the_order_of_sequences_matters_only_at_ties(some_cases):
    compared = 0
    for case in some_cases:
        result = account_oracle.simulate_case(case)
        busy = {}
        for row in [*result.timeline, *result.journal]:
            if row["run"] != 0:
                at_once = (row["subscriber_id"], row.get("at") or row["send_at"])
                busy.setdefault(at_once, set()).add(row["sequence_id"])
        hidden = any(word in json.dumps(case) for word in ('"branch', '"condition', "wait", '"draft_delay'))
        if hidden or any(len(ids) > 1 for ids in busy.values()):
            continue
        turned = {**case, "sequences": case["sequences"][::-1], "paths": None}
        assert_same(account_oracle.simulate_case(turned), result, case)
        compared += len(case["sequences"]) > 1 and len(result.timeline) > 1
    assert compared > 10


@pytest.mark.slow
def test_until_cuts_and_changes_nothing_before_it(some_cases):
    for case in some_cases:
        if "inactivity" in json.dumps(case["sequences"]):
            continue  # Q16: a contact_added of any time says from when on a subscriber is known, if it is in the log
        whole = account_oracle.simulate_case({**case, "until": None, "paths": None})
        instants = sorted(whole.instants)
        if not instants:
            continue
        until = instants[len(instants) * 2 // 3]
        found = account_oracle.simulate_case({**case, "until": until.isoformat(), "paths": None})
        for part, name in (("timeline", "send_at"), ("journal", "at")):
            before = [row for row in getattr(whole, part) if row[name] < until]
            assert rows_of(getattr(found, part)) == rows_of(before), (case["case"], part)
