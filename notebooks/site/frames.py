"""Every frame that simcore gives: its columns and dtypes, from a run on the examples, and what they mean."""

import re
import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd
from names import SOUGHT
from names import markdown as linked_names
from tables import named, rows

import simcore
from simcore import kit, sequenzy

PAGE = "reference/frames.md"
SEND = ("subscriber_id", "run", "position", "email_id", "subject", "send_at")
MEANINGS = {
    "subscriber_id": "who, as you gave it",
    "sequence_id": "the sequence; missing for broadcasts",
    "scenario": "the name of the schedule",
    "run": "which time through the sequence, from 1",
    "position": "the email's place, from 0, in the order in force at the send",
    "email_id": "the email",
    "subject": "its subject",
    "rendered_subject": "the subject with its merge tags filled in (`render=True`)",
    "send_at": "when it goes out",
    "reason": "why then, in one sentence (`explain=True`)",
    "entered_at": "when the subscriber entered",
    "via": "the way in",
    "status": "how the run stands, or ended",
    "sends": "how many emails it has had",
    "last_send_at": "when the last of them went out",
    "next_email_id": "the email that it waits for",
    "next_send_at": "when that goes out; missing if it cannot",
    "ended_at": "when the run ended",
    "at": "when it happened",
    "what": "what happened: [the journal's words](events.md)",
    "detail": "the same in a sentence",
    "median_days": "days from the entry to the last send, for the run in the middle",
    "p95_days": "the same for the 95th of 100 runs",
    "weekend_share": "share of sends on Saturday or Sunday",
    "night_share": "share of sends from 22:00 to before 07:00",
    "most_in_an_hour": "sends in the busiest hour",
    "code": "which finding: [all of them](findings.md)",
    "severity": "note, warning or error",
    "where": "the field that it is about",
    "message": "what was found",
    "send_hour": "the field's value, as you gave it",
}


def _welcome() -> Any:
    return kit.load(simcore.example("welcome"))


def _entries() -> pd.DataFrame:
    return pd.read_csv(simcore.example("entries"))


def _life() -> simcore.Simulation:
    return simcore.simulate(_welcome(), _entries(), events=pd.read_csv(simcore.example("events")))


def _account() -> simcore.AccountSimulation:
    return simcore.Account.load(simcore.example("three_sequences")).simulate()


def _onboarding() -> pd.DataFrame:
    listed = sequenzy.enrollments(simcore.example("sequenzy_enrollments"))
    return sequenzy.load(simcore.example("onboarding")), listed


def _best() -> simcore.Optimum:
    over = {"send_hour": range(24)}
    return simcore.optimize(_welcome(), _entries(), over=over, minimize="p95_days", progress=False)


def _calibrated() -> Any:
    sent = simcore.project(_welcome(), _entries().head(20)).rename(columns={"send_at": "sent_at"})
    sent.loc[0, "sent_at"] += pd.Timedelta(hours=3)
    return kit.calibrate(_welcome(), _entries().head(20), sent, progress=False)


def _shift() -> pd.DataFrame:
    evening = _welcome().replace(send_hour=18)
    return simcore.shift(simcore.project(_welcome(), _entries()), simcore.project(evening, _entries()))


def _impact() -> pd.DataFrame:
    return simcore.impact(_welcome(), _entries(), [kit.update("2026-03-05T12:00-05:00", send_hour=18)])


def _account_impact() -> pd.DataFrame:
    account = simcore.Account.load(simcore.example("three_sequences"))
    changes = {41: [kit.update("2026-03-05T12:00-05:00", send_hour=18)]}
    return account.impact(None, changes)


def _rendered() -> pd.DataFrame:
    sequence, listed = _onboarding()
    return simcore.project(sequence, listed, render=True, explain=True)


def _reconciled() -> pd.DataFrame:
    sequence, listed = _onboarding()
    return sequenzy.reconcile(sequence, listed, as_of="2026-03-27T12:00Z")


def _pair() -> pd.DataFrame:
    return simcore.compare({"9:00": _welcome(), "18:00": _welcome().replace(send_hour=18)}, _entries())


_SWITCH = "the value of the switch"
_IMPACT = {
    "sent_at_once": "how many get it at the very instant of a change",
    "earlier": "how many runs get it earlier",
    "later": "how many get it later",
    "unchanged": "how many get it when they would have",
    "gained": "how many get it who would not have",
    "lost": "how many do not get it who would have",
    "median_shift": "by how much, in the middle; positive is later",
}
FRAMES: Mapping[str, tuple[str, Any, Mapping[Any, str]]] = {
    "simcore.preview": (
        "one row for each email of one subscriber; the index is `position`",
        lambda: simcore.preview(_welcome(), "2026-03-06 21:07"),
        {"wait": "from the previous email, or from the entry", "reason": "why then, in one sentence"},
    ),
    "simcore.project": ("one row for each send", _rendered, {}),
    "simcore.simulate: timeline": ("as of `simcore.project`", lambda: _life().timeline, {}),
    "simcore.simulate: subscribers": ("one row for each run", lambda: _life().subscribers, {}),
    "simcore.simulate: journal": (
        "one row for everything that happened but the sends",
        lambda: _life().journal,
        {"email_id": "the email that it is about, if any", "run": "missing for an entry that started none"},
    ),
    "simcore.forecast": (
        "one row for each period; the index is `period`, when it begins; one column for each position",
        lambda: simcore.forecast(_welcome(), _entries()),
        dict.fromkeys(range(4), "how many go out of the email at that position"),
    ),
    "simcore.forecast, by=None": (
        "the same in one column",
        lambda: simcore.forecast(_welcome(), _entries(), by=None),
        {"sends": "how many emails go out"},
    ),
    "simcore.forecast, capacity=": (
        "one row for each period of the limit, until nothing waits",
        lambda: simcore.forecast(_welcome(), _entries(), capacity={"D": 20}),
        {
            "due": "emails that come due in the period",
            "sent": "emails that go out in it",
            "waiting": "emails that wait at its end",
            "late": "how many of those that go out have waited",
            "median_late": "how late the one in the middle is",
            "max_late": "how late the last one is",
        },
    ),
    "simcore.compare": ("the timelines, one below the other", _pair, {}),
    "simcore.shift": (
        "one row for each email of each run in either timeline",
        _shift,
        {
            "before": "when it goes out in the first",
            "after": "when it goes out in the second",
            "shift": "the difference; positive is later",
            "what": "earlier, later, unchanged, gained or lost",
        },
    ),
    "simcore.impact": (
        "one row for each email that people in the sequence get",
        _impact,
        _IMPACT,
    ),
    "simcore.sweep": (
        "one row for each combination: the fields, then the metrics",
        lambda: simcore.sweep(_welcome(), {"send_hour": [9, 18]}, _entries()),
        {},
    ),
    "simcore.optimize: best": ("as of `simcore.sweep`, the best first", lambda: _best().best, {}),
    "simcore.optimize: evaluated": (
        "as of `simcore.sweep`: all that were measured",
        lambda: _best().evaluated,
        {},
    ),
    "simcore.optimize: certificate": (
        "one row for each part of the space that is ruled out",
        lambda: _best().certificate,
        {
            "send_hour": "the values of the field in that part",
            "schedules": "how many schedules it holds",
            "metric": "the metric that rules it out",
            "bound": "what that is at least, or at most, for all of them",
            "why": "why the bound holds",
        },
    ),
    "simcore.lint": (
        "one row for each finding, the worst first",
        lambda: simcore.lint(kit.load(simcore.example("letters")), as_of="2026-01-01T00:00Z"),
        {},
    ),
    "simcore.arrivals": (
        "one row for each made-up subscriber, by time",
        lambda: simcore.arrivals(5, "2026-01-01", "2026-01-10", seed=1),
        {"subscriber_id": "0, 1, 2, …"},
    ),
    "simcore.split_entries": (
        "the second frame has one column more than you gave",
        lambda: simcore.split_entries(["2026-03-06T21:07-05:00", "03/06/2026"])[1],
        {"entered_at": "as you gave it", "reason": "why it cannot be read"},
    ),
    "simcore.read_entries": (
        "one row for each row of the file",
        lambda: simcore.read_entries(simcore.example("entries")),
        {
            "subscriber_id": "from CSV a text",
            "entered_at": "in UTC",
            "via": "missing where it is blank",
        },
    ),
    "simcore.read_events": (
        "one row for each row of the file",
        lambda: simcore.read_events(simcore.example("events")),
        {
            "subscriber_id": "from CSV a text",
            "at": "in UTC",
            "event": "its name",
            "ref": "what it is about, such as a tag's id; missing where it is blank",
        },
    ),
    "simcore.rules": (
        "one row for each rule",
        simcore.rules,
        {
            "name": "its number",
            "title": "what it is about",
            "text": "Markdown",
            "source": "the document that says so",
            "switches": "their names, separated by commas",
            "status": "what is not done yet",
            "file": "where it stands",
        },
    ),
    "simcore.kit.assumptions": (
        "one row for each switch; `simcore.sequenzy.assumptions` has the same columns",
        kit.assumptions,
        {
            "name": "the switch",
            "default": "its default",
            "values": "what it can be",
            "meaning": "what it decides",
            "rule": "the rule that it turns",
        },
    ),
    "simcore.kit.subscribers": (
        "one row for each subscriber, as Kit lists them; then all other columns that stand there",
        lambda: kit.subscribers(simcore.example("kit_subscribers"))[["subscriber_id", "entered_at", "state"]],
        {"entered_at": "`added_at`, as it came", "state": "as Kit says it"},
    ),
    "simcore.kit.calibrate": (
        "one row for each timeline that differs, the best first: the switches that matter, then how well it fits",
        _calibrated,
        {
            **dict.fromkeys(("day_count", "poll_every", "poll_phase", "immediate_days"), _SWITCH),
            "explained": "share of the observed sends within the tolerance",
            "exact": "share within a second",
            "median_error": "how far off the one in the middle is",
            "p95_error": "how far off the 95th of 100 is",
            "unmatched": "observed sends without a counterpart",
            "extra": "projected sends that are nobody's counterpart",
            "misfit": "what orders the rows; 0 is perfect",
        },
    ),
    "simcore.kit.calibrate: unexplained": (
        "one row for each observed send that nothing explains",
        lambda: _calibrated().unexplained,
        {
            "sent_at": "when it went out",
            "nearest": "the nearest projected send of that email",
            "error": "how far off; positive is later",
            "reason": "why it should have gone out then",
        },
    ),
    "simcore.kit.experiment": (
        "one row for each thing to do, in order",
        lambda: kit.experiment(_welcome(), among=["day_count"]),
        {
            "at": "when to do it",
            "subscriber_id": "the test subscriber; missing for edits",
            "do": "sign up, sign up again, tag_added, tag_removed or edit",
            "what": "the details",
        },
    ),
    "simcore.kit.experiment: classes": (
        "one row for each combination of the switches",
        lambda: kit.experiment(_welcome(), among=["day_count"]).classes,
        {"day_count": _SWITCH, "class": "combinations of one class cannot be told apart"},
    ),
    "simcore.sequenzy.enrollments": (
        "one row for each enrolment",
        lambda: _onboarding()[1],
        {
            "enrollment_id": "its id, where the platform gives one",
            "status": "as Sequenzy says it",
            "current_node_id": "the node where it waits",
            "wait_until": "until when",
            "last_updated_at": "when it was last touched",
        },
    ),
    "simcore.sequenzy.reconcile": (
        "one row for each enrolment",
        _reconciled,
        {
            "enrollment_id": "its id, where the platform gives one",
            "predicted_status": "how simcore says it stands",
            "reported_status": "how Sequenzy says it stands",
            "predicted_node": "where simcore says it waits",
            "reported_node": "where Sequenzy says it waits",
            "predicted_until": "until when, by simcore",
            "reported_until": "until when, by Sequenzy",
            "difference": "how far apart the two are; positive: reported later",
            "what": "the kind of difference",
            "reason": "the difference in a sentence",
        },
    ),
    "Account.simulate: timeline": (
        "as of `simcore.project`; `Account.project` gives the same",
        lambda: _account().timeline,
        {"run": "which time through the sequence, from 1; 0 for a broadcast"},
    ),
    "Account.simulate: subscribers": ("one row for each run", lambda: _account().subscribers, {}),
    "Account.simulate: journal": (
        "one row for everything that happened but the sends",
        lambda: _account().journal,
        {"email_id": "the email that it is about, if any", "run": "missing for an entry that started none"},
    ),
    "Account.simulate: timeline_of": (
        "all mails of one subscriber",
        lambda: _account().timeline_of("5027"),
        {"reason": "why then, in one sentence"},
    ),
    "Account.simulate: pressure.subscribers": (
        "one row for each subscriber",
        lambda: _account().pressure("7D").subscribers,
        {
            "mails": "how many mails in all",
            "most": "the most within any such stretch",
            "since": "when the first such stretch begins",
        },
    ),
    "Account.simulate: pressure.distribution": (
        "the index is `most`, the most mails within any such stretch",
        lambda: _account().pressure("7D").distribution,
        {"subscribers": "how many people get so many", "share": "their share"},
    ),
    "Account.simulate: collisions": (
        "one row for each pair of mails close together",
        lambda: _account().collisions(within="3h"),
        {
            f"{which}_{name}": f"{name} of the {which} mail"
            for which in ("first", "second")
            for name in ("sequence_id", "email_id", "subject", "send_at")
        }
        | {"apart": "how far apart they are"},
    ),
    "Account.impact": ("as of `simcore.impact`", _account_impact, {**_IMPACT, "sequence_id": "the sequence"}),
    "Account.forecast": (
        "one row for each period; the index is `period`; one column for each sequence, then the broadcasts",
        lambda: simcore.Account.load(simcore.example("three_sequences")).forecast(),
        {**dict.fromkeys((40, 41, 42), "mails of that sequence"), "broadcasts": "mails to everybody"},
    ),
    "Account.lint": (
        "one row for each finding, the worst first",
        lambda: simcore.Account.load(simcore.example("three_sequences")).lint(),
        {},
    ),
}
"""For each frame: what its rows are, a frame of that kind, and what its own columns mean, or mean otherwise."""


def page() -> str:
    """The page. Raises KeyError for a column without a meaning, ValueError for a meaning without a column."""
    blocks = [
        SOUGHT + "# Frames and their columns",
        "Every frame is a pandas DataFrame. Instants are aware, in microseconds, in the zone of the sequence (written "
        "`zone` below). An `email_id` is `int64` for Kit, and `str` for Sequenzy, whose ids are texts. What can be "
        "missing is NaT, NaN or `<NA>`, never 0.",
    ]
    for name, (what, make, own) in FRAMES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = make()
        if gone := [each for each in own if each not in frame.columns]:
            raise ValueError(f"{name} has no columns {gone}")
        cells = []
        for column in frame.columns:
            meaning = own[column] if column in own else MEANINGS[column]
            given = meaning == MEANINGS["subscriber_id"]
            cells.append([named(str(column)), "as given" if given else f"`{_dtype(frame[column])}`", meaning])
        anchor = re.sub(r"\W+", "-", name).strip("-")
        blocks += [f"## {name} {{ #{anchor} }}", linked_names(what[0].upper() + what[1:] + ".", PAGE)]
        blocks.append(rows(["column", "dtype", "what it is"], cells))
    return "\n\n".join(blocks) + "\n"


def _dtype(column: "pd.Series[Any]") -> str:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return "datetime64[us, zone]"
    return "str" if pd.api.types.is_string_dtype(column.dtype) else str(column.dtype)
