"""What no assumptions explain: the sends of a log that go out at another time, or not at all, and why so."""

from typing import Any

import numpy as np
import pandas as pd

from simcore.answers.options import Options
from simcore.answers.projection import Projection, Simulation, make
from simcore.clock import instants
from simcore.clock.instants import NAT_US
from simcore.clock.words import clock, length
from simcore.clock.zones import MINUTE_US, Ints, zone
from simcore.kit.model import Sequence
from simcore.kit.observed import Log


def lives(
    log: Log,
    some: Ints,
    usual: Projection,
    sequence: Sequence,
    entries: Any,
    options: Options,
) -> Simulation:
    """What happens to the people to whom some sends of the log went."""
    runs, rejected = usual.people.runs, usual.people.rejected
    concerned = np.append(np.bincount(log.who[some], minlength=len(log.ids)) > 0, False)
    rows = np.sort(
        np.concatenate([
            row[concerned[log.subscribers(subscriber)]]
            for row, subscriber in ((runs.row, runs.subscriber_id), (rejected.row, rejected.subscriber_id))
        ])
    )
    if isinstance(entries, pd.DataFrame | pd.Series):
        entries = entries.iloc[rows]
    else:
        entries = pd.Series([entries[row] for row in rows.tolist()], index=rows, dtype=object)
    return make(sequence, entries, options._replace(explain=True), notes=True).simulation()


def unexplained(log: Log, some: Ints, usual: Projection, life: Simulation) -> pd.DataFrame:
    """Some sends of the log, and what is projected instead (see `calibrate`). `life`: of at least those people."""
    who, email, sent_us = log.who[some], log.email[some], log.sent_us[some]
    sends = pd.DataFrame({
        "who": log.subscribers(life.timeline["subscriber_id"]),
        "email": log.emails(life.timeline["email_id"]),
        "at_us": pd.DatetimeIndex(life.timeline["send_at"]).asi8,
        "why": life.timeline["reason"],
    })
    near = pd.DataFrame({"row": np.arange(len(some)), "who": who, "email": email, "sent_us": sent_us})
    near = near.merge(sends, on=["who", "email"])
    near["error_us"] = near["sent_us"] - near["at_us"]
    near = near.sort_values("error_us", key=abs, kind="stable").drop_duplicates("row").set_index("row")
    code, distinct_us = pd.factorize(near["error_us"])
    apart = [f"{_roughly(abs(us))} {'later' if us > 0 else 'earlier'}" for us in distinct_us.tolist()]
    near["why"] = np.array([*apart, ""], object)[code] + " than projected: " + near["why"]
    reasons = pd.Series("not sent to them: ", range(len(some)), dtype="str")
    reasons += _why_not(log, who, email, usual, life)
    reasons[near.index] = near["why"]
    found_us = np.full((2, len(some)), NAT_US)
    found_us[:, near.index] = near[["at_us", "error_us"]].to_numpy().T
    time_zone = usual.zone
    return pd.DataFrame({
        "subscriber_id": log.ids[who],
        "email_id": np.array(log.email_ids)[email],
        "sent_at": instants.show(sent_us, time_zone),
        "nearest": instants.show(found_us[0], time_zone),
        "error": found_us[1].view("timedelta64[us]"),
        "reason": reasons,
    })


def _why_not(log: Log, who: Ints, email: Ints, usual: Projection, life: Simulation) -> Any:
    """Why each of these people does not get that email [str], if they do not."""
    notes = pd.DataFrame({
        "who": log.subscribers(life.journal["subscriber_id"]),
        "email": log.emails(life.journal["email_id"]),
        "at_us": pd.DatetimeIndex(life.journal["at"]).asi8,
        "detail": life.journal["detail"].astype("str"),
    })[~life.journal["what"].isin(["started", "holding"])].sort_values("at_us", kind="stable")
    code, distinct_us = pd.factorize(notes["at_us"])
    here = zone(usual.zone)
    at = np.array([*(f" ({clock(us, here)})" for us in distinct_us.tolist()), ""], object)[code]
    notes["detail"] += at
    asked = pd.DataFrame({"who": who, "email": email})
    keys = ["who", "email"]
    of_email = asked.merge(notes.drop_duplicates(keys, keep="last"), "left", on=keys)["detail"]
    last = notes[notes["email"] < 0].drop_duplicates("who", keep="last")
    of_run = asked.merge(last[["who", "detail"]], "left", on="who")["detail"]
    sending = {step.email_id for epoch in usual.epochs for step in epoch.plan.steps if step.sends}
    draft = np.array([email_id not in sending for email_id in log.email_ids])[email]
    known = np.isin(
        who, log.subscribers([*life.subscribers["subscriber_id"], *life.journal["subscriber_id"]])
    )
    return np.select(
        [~known, of_email.notna(), draft, of_run.notna()],
        ["they are not in entries", of_email, "it is a draft", of_run],
        "no run of theirs comes to it",
    )


def _roughly(us: int) -> str:
    """A length of time [µs] in words, in full minutes if it is a minute or more."""
    return length(us - us % MINUTE_US or us)
