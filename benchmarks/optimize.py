"""Hold `optimize` against a `sweep` of the same schedules: `python benchmarks/optimize.py`."""

import sys
from itertools import combinations

from table import DifferenceError, Row, Size, main
from workload import Times, make_entries

import simcore
from simcore import kit

NAMES = kit.Sequence(name="all days").send_days
DAY_SETS = [days for count in range(1, 8) for days in combinations(NAMES, count)]
OVER = {
    "send_days": DAY_SETS,
    "send_hour": range(24),
    "emails[2].delay_value": range(1, 6),
    "emails[3].delay_value": range(1, 6),
}
SOME = {  # a sample, spread over all of the days, hours and delays
    "send_days": DAY_SETS[3::18],
    "send_hour": range(1, 24, 5),
    "emails[2].delay_value": [1, 3, 5],
    "emails[3].delay_value": [2, 4],
}
ASKED = (
    ("p95_days", ()),
    ("median_days", ("weekend_share <= 0.15", "night_share <= 0.2")),
    ("most_in_an_hour", ("p95_days <= 7",)),
)


def measure(size: Size) -> list[Row]:
    """Check that no schedule of a sample is better than the best, then time both: the sweep by its sample, scaled.

    For a tenth of the subscribers. Processor time counts, since both run on one core.
    """
    entries = make_entries(size.subscribers)
    sequence, some = kit.load(simcore.example("welcome")), entries.iloc[: len(entries) // 10]
    schedules = len(DAY_SETS) * 24 * 5 * 5
    swept, sweeping = simcore.sweep(sequence, SOME, some), Times()
    for _ in range(size.repeat):
        sweeping.add(lambda: simcore.sweep(sequence, SOME, some))
    whole = min(sweeping.processor) / len(swept) * schedules
    rows = []
    for minimize, limits in ASKED:
        named = {"over": OVER, "minimize": minimize, "subject_to": limits, "progress": False}
        found, times = simcore.optimize(sequence, some, **named), Times()
        times.add(lambda named=named: simcore.optimize(sequence, some, **named))
        within = swept
        for limit in found.subject_to:
            within = within[within[limit.metric].map(limit.holds)]
        if within[minimize].min() < found.best[minimize].min():
            raise DifferenceError(f"optimize: a schedule of the sample has a smaller {minimize}")
        rows.append(
            Row(
                "optimize",
                f"{minimize} of {schedules:,} schedules for {len(some):,} subscribers, "
                f"{len(found.evaluated):,} evaluated, {times.median:.1f} s",
                times=times,
                ratio=min(times.processor) / whole,
                ratio_of=f"optimize / sweep of all, by {len(swept):,} of them",
                at_most=0.1,
                extra={"limits": limits, "sweep_seconds": whole, "parts": len(found.parts)},
            )
        )
    return rows


if __name__ == "__main__":
    sys.exit(main(["optimize"], __doc__, measure))
