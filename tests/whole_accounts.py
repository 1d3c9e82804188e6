"""Accounts whose subscribers are told apart in parts, and what they give in one piece."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from test_account import email, of_tag, series

from simcore import Account, Cap, kit

MARCH = pd.Timestamp("2026-03-02", tz="UTC")
PEOPLE = 40


class Case(NamedTuple):
    """What is given to the verbs of an account."""

    account: Account
    entries: pd.DataFrame | None
    events: pd.DataFrame | None
    given: dict[str, Any]


def at(hours):
    """Instants as texts: so many hours after a Monday."""
    return [(MARCH + pd.Timedelta(hours=hour)).isoformat() for hour in np.asarray(hours).tolist()]


def circle():
    """Kit's alone: exclusions in a circle, a cap, changes; broadcasts to all, to some and to one, in three parts."""
    rng = np.random.default_rng(15)
    some = [
        series(1, 0, 1, 1, excludes=[2], repeat=True),
        series(2, 0, 1, 2, excludes=[3]),
        series(3, 0, 1, 1, excludes=[1]),
    ]
    broadcasts = pd.DataFrame({
        "at": at([30, 50, 70, 70]),
        "subject": ["All", "Tagged", "Yours", "Yours"],
        "audience": [None, "5", None, None],
        "subscriber_id": pd.Series([None, None, 4, 7], dtype="Int64"),
    })
    size = 4 * PEOPLE
    entries = pd.DataFrame({
        "sequence_id": rng.choice([1, 2, 3], size),
        "subscriber_id": rng.integers(0, PEOPLE, size),
        "entered_at": at(rng.integers(0, 96, size)),
    })
    events = pd.DataFrame({
        "subscriber_id": rng.integers(0, PEOPLE + 4, PEOPLE),
        "at": at(rng.integers(0, 96, PEOPLE)),
        "event": rng.choice(["tag_added", "unsubscribed", "removed"], PEOPLE, p=[0.6, 0.2, 0.2]),
        "ref": "5",
    })
    removed = (events["event"] == "removed") & (rng.random(PEOPLE) < 0.5)
    events["sequence_id"] = pd.Series(2, events.index, dtype="Int64").where(removed)
    given = {
        "cap": Cap(2, "7D", priority=[3]),
        "changes": {1: [kit.update_email(at([40])[0], 11, subject="1.1, anew")]},
    }
    return Case(Account(some, broadcasts=broadcasts), entries, events, given)


def tags():
    """Of both platforms: steps that add tags, which enrol and exclude. T has a trigger, and entries for one alone."""
    adds = {"id": "t", "type": "add_tag", "tagName": "7", "delay": {"hours": 1}}
    some = [
        series(1, 0, 1, 1, exclude_subscriber_sources=[{"type": "tag", "ids": [7]}]),
        of_tag("S", "x", email("s"), adds),
        of_tag("T", "7", email("t1"), email("t2", delay={"days": 1})),
        of_tag("U", "7", email("u")),
    ]
    who = [f"s{number:02}" for number in range(PEOPLE)]
    entries = pd.DataFrame({
        "sequence_id": ["1"] * PEOPLE + ["T"],
        "subscriber_id": [*who, "s03"],
        "entered_at": at([*range(PEOPLE), 30]),
    })
    events = pd.DataFrame({
        "subscriber_id": [*who[::2], *who[:4], "s90"],
        "at": at([*range(5, 5 + PEOPLE // 2), 40, 41, 42, 43, 44]),
        "event": "tag_added",
        "ref": "x",
    })
    return Case(Account(some, broadcasts=[{"at": at([60])[0], "subject": "News"}]), entries, events, {})


def enrolled():
    """The same without entries: who comes is enrolled."""
    case = tags()
    return case._replace(entries=None, given={"cap": Cap(1, "1D", on_excess="skip")})


CASES = {"circle": circle(), "tags": tags(), "enrolled": enrolled()}


def rows(frame):
    """Rows as they are, in any order; instants in UTC; numbers as numbers, however they are held."""
    zoned = {name: frame[name].dt.tz_convert("UTC") for name in frame.select_dtypes("datetimetz")}
    plain = frame.assign(**zoned).astype(object)
    return Counter(plain.where(frame.notna(), None).itertuples(index=False, name=None))


def with_ids(frame, kind):
    """The frame with its sequences as whole numbers, or as texts ("str")."""
    if kind == "str":
        return frame.assign(sequence_id=frame["sequence_id"].astype(object).map(str, na_action="ignore"))
    return frame.assign(sequence_id=frame["sequence_id"].astype("Int64"))
