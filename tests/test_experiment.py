"""Experiments: what they would observe gives exactly the hidden assumptions, and no fewer sign-ups could."""

import os
from itertools import combinations
from random import Random

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import kit
from simcore.errors import EntryError, SimcoreError
from simcore.kit import covers
from simcore.kit.experiments import SWITCHES

TRIALS = int(os.environ.get("SIMCORE_TRIALS", "50"))
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
TIMING = ("day_count", "poll_every", "immediate_days", "email_days", "draft_delay")


def email(number, value, unit="days", **named):
    fields = {"id": number, "subject": f"E{number}", "delay_value": value, "delay_unit": unit}
    return kit.Email(**{"published": True, **fields, **named})


def sequence(*emails, **named):
    return kit.Sequence(name="S", emails=emails, **{"time_zone": "America/New_York", "send_hour": 9, **named})


WELCOME = kit.load(simcore.example("welcome"))
EVERYTHING = sequence(
    *(email(1, 0), email(2, 5, "hours"), email(3, 1, published=False)),
    *(email(4, 2, send_days=["tuesday", "saturday"]), email(5, 7, "hours"), email(6, 2)),
    send_days=WEEK,
    repeat=True,
    exclude_subscriber_sources=[{"type": "form", "ids": [3]}, {"type": "tag", "ids": [7]}],
)
SEQUENCES = {
    "welcome": (WELCOME, None),
    "everything": (EVERYTHING, None),
    "timing": (EVERYTHING, TIMING),
    "days": (sequence(email(1, 1), email(2, 3), send_days=WEEK, hold=True), None),
    "hours": (sequence(email(1, 1, "hours"), email(2, 26, "hours"), repeat=True), None),
    "one": (sequence(email(1, 2, "hours")), None),
}


def observed(found, base, hidden):
    sends = simcore.project(
        base, found.entries, events=found.events, changes=found.changes, assumptions=hidden
    )
    return sends.rename(columns={"send_at": "sent_at"})


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES)
def test_calibration_finds_what_was_hidden(name):
    """Each time exactly the hidden class, whatever else calibration tries."""
    base, among = SEQUENCES[name]
    found = kit.experiment(base, among=among)
    names = [each for each in found.classes if each != "class"]
    of_class = {tuple(row[:-1]): row[-1] for row in found.classes.itertuples(index=False, name=None)}
    random = Random(name)
    for number in random.choices(range(len(found.classes)), k=max(TRIALS // 15, 1)):
        row = found.classes.iloc[number]
        hidden = kit.Assumptions(**{each: row[each] for each in names})
        log = observed(found, base, hidden)
        calibrated = kit.calibrate(
            base, found.entries, log, events=found.events, changes=found.changes, progress=False
        )
        assert calibrated["misfit"].iloc[0] == 0
        best = tuple(getattr(calibrated.best, each) for each in names)
        assert of_class[best] == row["class"], (number, hidden)
        if among is None:
            assert (calibrated["misfit"].iloc[1:] > 0).all(), (number, hidden)
