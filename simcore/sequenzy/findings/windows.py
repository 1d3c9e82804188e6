"""What is worth a second look in a window."""

from collections.abc import Iterator

import numpy as np

from simcore.clock.dates import Dates
from simcore.clock.gates import SendWindow
from simcore.clock.zones import windows, zone
from simcore.plan import findings
from simcore.plan.findings import Finding, dates, two_years
from simcore.sequenzy import waits
from simcore.text.wording import part_of_week, time_of_day


def skipped(window: waits.Weekdays, left_out: Dates, where: str, as_of_us: int | None) -> Iterator[Finding]:
    """The dates on which a window has no instant, but for those that are left out (T23)."""
    if as_of_us is None:
        return
    place, days = zone(window.time_zone), two_years(window.time_zone, as_of_us)
    days = days[np.isin((days + 3) % 7, list(window.weekdays)) & ~np.isin(days, left_out.days)]
    # Skipped is an allowed date that passes without an opening.
    none = days[SendWindow(*window[:4]).snap(place.date_begin_us(days)) >= place.date_begin_us(days + 1)]
    if none.size:
        hours = f"{time_of_day(window.start_min)} to {time_of_day(window.end_min)}"
        yield (
            "window-skipped",
            where,
            f"The clocks in {window.time_zone} skip all of {hours} on {dates(none.tolist())}: what waits for that "
            "window waits for the next. Make it longer, or move it.",
        )


def all_left_out(window: waits.Weekdays, left_out: Dates, as_of_us: int | None) -> str:
    """That all dates of a window are left out, in words; "" where one is not."""
    return findings.all_left_out(window.weekdays, window.time_zone, left_out, as_of_us)


def meet(wait: waits.Weekdays, window: waits.Weekdays, left_out: Dates) -> bool:
    """Whether two windows, in any zones, are ever open together, from 1970 to 2200."""
    if not (wait.weekdays and window.weekdays):
        return True  # one is closed, which is said elsewhere
    if wait.by_subscriber or window.by_subscriber:
        return True  # they may, in one zone or another
    opens_us, closes = windows(wait.time_zone, wait.weekdays, wait.start_min, wait.end_min, left_out)
    there = SendWindow(*window[:4], without=left_out)
    return bool((there.snap(opens_us[:-1]) < closes.points_us[:-1]).any())


def told(window: waits.Weekdays) -> str:
    """A window in words."""
    return f"{part_of_week(window.weekdays, window.start_min, window.end_min)} ({window.time_zone})"
