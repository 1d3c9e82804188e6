"""Calibration, in which combinations are simulated together, against each combination by itself.

Each is projected alone, and held against the log send by send, in plain Python.
"""

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import lifecycle_cases

import simcore
from simcore import kit
from simcore.errors import ValidationError
from simcore.kit import calibration, fits
from simcore.kit.observed import Fit

TOLERANCE = timedelta(minutes=15)
NEVER = timedelta(days=200 * 366)


def fit_of(timeline, log):
    """The fit of a timeline, and how far each send is from the nearest projected one."""
    cells = defaultdict(list)
    for row in timeline.itertuples():
        cells[row.subscriber_id, row.email_id].append((row.run, row.send_at.to_pydatetime()))
    first, last = log["sent_at"].min(), log["sent_at"].max()
    met, errors = set(), []
    for row in log.itertuples():
        near = [(abs(row.sent_at - at), run) for run, at in cells[row.subscriber_id, row.email_id]]
        errors.append(min(near, default=(NEVER, 0))[0])
        if near:
            met.add((row.subscriber_id, row.email_id, min(near)[1]))
    inside = {(*cell, run) for cell, sends in cells.items() for run, at in sends if first <= at <= last}
    matched = [each / timedelta(microseconds=1) for each in errors if each < NEVER]
    ends = [pd.NaT, pd.NaT]
    if matched:
        ends = [pd.Timedelta(round(float(np.quantile(matched, share))), "us") for share in (0.5, 0.95)]
    extra = len(inside - met)
    return Fit(
        explained=sum(each <= TOLERANCE for each in errors) / len(errors),
        exact=sum(each <= timedelta(seconds=1) for each in errors) / len(errors),
        median_error=ends[0],
        p95_error=ends[1],
        unmatched=len(errors) - len(matched),
        extra=extra,
        short=sum(min(each, TOLERANCE) / TOLERANCE for each in errors),
        logged=len(met) / max(len(met) + extra, 1),
    ), errors


class Watched(calibration._Families):
    """Families that are still there once the calibration is done."""

    last = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        Watched.last = self, arguments[6]


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=lifecycle_cases(), seed=st.integers(0, 2**32 - 1))
def test_together_and_each_by_itself(arguments_of, case, seed):
    named = arguments_of({**case, "until": None})
    hidden, drafts = named.pop("assumptions"), named.pop("include_drafts")
    named.pop("time_zones", None)  # calibration knows one zone for all
    assume(not drafts)
    random = np.random.default_rng(seed)
    try:
        log = simcore.project(**named, assumptions=hidden).rename(columns={"send_at": "sent_at"})
        log = log[random.random(len(log)) < 0.9]
        assume(len(log))
        moved = random.choice([0, 0, 0, 600, 90_000], len(log))
        log = log.assign(sent_at=log["sent_at"] + pd.to_timedelta(moved, unit="s"))
        named.pop("until")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(calibration, "_Families", Watched)
            kit.calibrate(observed=log, **named, tolerance=TOLERANCE, progress=False)
    except ValidationError:  # positions that are taken: what a reading refuses is no reading
        assume(False)
    families, tried = Watched.last
    names, known, least = {}, {}, [NEVER] * len(log)
    for at in random.permutation(len(tried))[:60].tolist():
        life = simcore.simulate(**named, assumptions=kit.Assumptions(**tried[at]))
        name, fit = families.of(tried[at])
        sends = life.timeline[["subscriber_id", "run", "email_id", "send_at"]]
        runs = life.subscribers[["subscriber_id", "run", "entered_at"]]
        same = tuple(tuple(frame.itertuples(index=False, name=None)) for frame in (sends, runs))
        assert names.setdefault(same, name) == name
        if name not in known:
            known[name] = fit_of(sends, log)
        expected, errors = known[name]
        least = [*map(min, least, errors)]
        assert [*fit[:2], *fit[4:]] == pytest.approx([*expected[:2], *expected[4:]], rel=1e-12)
        assert [pd.Timedelta(each) for each in fit[2:4]] == [*expected[2:4]] or fit.unmatched == len(log)
    assert len({*names.values()}) == len(names)
    found = families.scores.least_us.tolist()
    assert all(us <= error / timedelta(microseconds=1) for us, error in zip(found, least, strict=True))


def test_errors_in_order():
    """Errors of years, in a log of many subscribers, do not fit into one number with the subscriber."""
    for most in (10**6, 2**61):
        errors, of = fits._in_order(np.array([most, 5, 7, 5]), np.array([3, 1, 2, 1]))
        assert errors.tolist() == [5, 5, 7, most]
        assert of.tolist() == [1, 1, 2, 3]


def test_what_matters_to_several_sequences_alone_is_not_tried():
    """K30: how long somebody is in an excluded sequence depends on its runs, which a log of this one does not have."""
    emails = [kit.Email(id=1, subject="A", delay_value=1, delay_unit="days", published=True)]
    excluded = [{"type": "sequence", "ids": [5]}]
    sequence = kit.Sequence(name="S", emails=emails, time_zone="UTC", exclude_subscriber_sources=excluded)
    entries = pd.DataFrame({"subscriber_id": ["x", "y"], "entered_at": ["2026-03-02T10:00Z"] * 2})
    joined = {"subscriber_id": "x", "at": "2026-03-02T12:00Z", "event": "sequence_joined", "ref": 5}
    log = pd.DataFrame({"subscriber_id": ["y"], "email_id": [1], "sent_at": ["2026-03-03T11:00Z"]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "_Families", Watched)
        found = kit.calibrate(sequence, entries, log, events=[joined])
    _, tried = Watched.last
    assert {chosen["excluded_sequence_membership"] for chosen in tried} == {"active"}
    assert {chosen["excluded_midway"] for chosen in tried} == {"skip_email", "end_run"}
    assert "excluded_sequence_membership" not in found
