"""The picture of how far sends move between two schedules."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simcore.clock.words import length
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, Ints
from simcore.errors import SimcoreError, shown
from simcore.show import drawing
from simcore.show.given import check

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEW = 16  # emails whose markers have room side by side
_WHAT = ("earlier", "unchanged", "later", "gained", "lost")


def plot_shift(shift: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of how much earlier or later each email goes out: one row for each email, one bar for each shift.

    `shift`: a table from `simcore.shift`. The height of a bar is its share of the email's sends that are in both
    timelines. Bars to the left are earlier, bars to the right later. The median and the counts are above them, with
    the sends gained and lost. Emails are named by their subjects (those of a column `subject`, if there is one), with
    the position in front where two are the same.

    `ax`: where to draw (None: a new figure). Returns that Axes.

    Raises SimcoreError for what is not a table of shifts, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome, entry = kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"]
    >>> moved = simcore.shift(
    ...     simcore.project(welcome, entry), simcore.project(welcome.replace(send_hour=18), entry)
    ... )
    >>> simcore.plot_shift(moved).get_xlabel()
    'later by (hours; below 0: earlier)'
    """
    check("shift", shift, ("email_id", "shift", "what"), "simcore.shift")
    if shift["shift"].dtype.kind != "m":
        raise SimcoreError(
            f"shift: shift is {shift['shift'].dtype}; expected timedelta64, as in a table from simcore.shift"
        )
    what = pd.Index(_WHAT).get_indexer(pd.Index(shift["what"]))
    if (what < 0).any():
        row = int(np.flatnonzero(what < 0)[0])
        raise SimcoreError(
            f"shift: what is {shown(shift['what'].iloc[row])} in row {row}; expected one of: {', '.join(_WHAT)}"
        )
    code, ids = pd.factorize(shift["email_id"])
    tall = 0.7 * len(ids) + 1 if len(ids) <= _FEW else 0.35 * len(ids) + 6
    ax = drawing.axes(ax, (9, min(max(tall, 2.5), 30)))
    if shift.empty:
        return drawing.nothing(ax, "later by", "")
    by_us = pd.TimedeltaIndex(shift["shift"]).as_unit("us")
    both = ~np.asarray(by_us.isna())
    moved_us, email = np.asarray(by_us.asi8)[both], code[both]
    low_us, high_us = int(moved_us.min(initial=0)), int(moved_us.max(initial=0))
    unit, unit_us = "minutes", MINUTE_US
    if max(high_us, -low_us) >= 3 * HOUR_US or not high_us - low_us:
        unit, unit_us = ("days", DAY_US) if max(high_us, -low_us) >= 3 * DAY_US else ("hours", HOUR_US)
    span_us = max(high_us - low_us, 2 * unit_us)
    _bars(ax, moved_us, email, span_us, unit_us)
    ax.axvline(0, color=drawing.ink(ax, 0.6), linewidth=0.8, zorder=0)
    drawing.rules(ax, np.arange(len(ids)) + 0.45, 0.2)
    counts = np.bincount(code * len(_WHAT) + what, minlength=len(ids) * len(_WHAT)).reshape(-1, len(_WHAT))
    size = "small" if len(ids) <= 20 and not drawing.narrow(ax) else "xx-small"
    _say(ax, counts, (moved_us, email), unit_us, size)
    ax.set_yticks(range(len(ids)), _shifted(ax, shift, code, ids), fontsize=size)
    ax.set_ylim(len(ids) - 0.45, -0.6)
    ends = np.array([(low_us + high_us - span_us) / 2, (low_us + high_us + span_us) / 2]) / unit_us
    ax.set_xlim(*(ends + np.ptp(ends) * np.array([-0.06, 0.06])))
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel(f"later by ({unit}; below 0: earlier)")
    return ax


def _bars(ax: "Axes", moved_us: Ints, email: Ints, span_us: int, unit_us: int) -> None:
    """One bar for each shift. Those about as much shifted share a bar; the one in the middle has those who are hardly
    shifted at all."""
    near = np.rint(moved_us / span_us * 60).astype(np.int64)
    bins, which, many = np.unique(email * 128 + near, return_inverse=True, return_counts=True)
    of, near = np.divmod(bins + 64, 128)
    share = many / np.bincount(email)[of]
    middle = np.bincount(which, moved_us, minlength=len(bins)) / many / unit_us
    colour = np.array(["#0072B2", "#999999", "#D55E00"])[np.sign(near - 64) + 1]
    ax.bar(middle, -0.62 * share, span_us / unit_us / 60, of + 0.45, color=colour, linewidth=0)


def _say(ax: "Axes", counts: Ints, shifts: tuple[Ints, Ints], unit_us: int, size: str) -> None:
    """Writes the median and the counts above the bars of each email; `shifts`: how long [µs], and of which email."""
    moved_us, email = shifts
    for at, numbers in enumerate(counts):
        words = [f"{number:,} {word}" for number, word in zip(numbers, _WHAT, strict=True) if number]
        if (email == at).any():
            words.insert(0, f"median {_median(ax, at, np.sort(moved_us[email == at]), unit_us)}")
        ax.text(
            0.01,
            at - 0.2,
            ", ".join(words),
            transform=ax.get_yaxis_transform(),
            fontsize=size,
            va="bottom",
            color=drawing.ink(ax, 0.75),
        )


def _median(ax: "Axes", at: int, moved_us: Ints, unit_us: int) -> str:
    """The median of sorted shifts in words, after it is marked. Of two in the middle it is the lower."""
    median_us = int(moved_us[(moved_us.size - 1) // 2])
    mark: dict[str, Any] = {"marker": "^", "color": drawing.ink(ax), "markersize": 6}
    ax.plot(median_us / unit_us, at + 0.45, **mark, clip_on=False, zorder=4)
    minutes = round(abs(median_us) / MINUTE_US)
    return f"{length(minutes * MINUTE_US)} {'later' if median_us > 0 else 'earlier'}" if minutes else "0"


def _shifted(ax: "Axes", shift: pd.DataFrame, code: Ints, ids: Any) -> list[str]:
    """What the emails of a table of shifts are called."""
    known = {each["email_id"]: each for each in shift.attrs.get("emails", [])}
    found = [known.get(each, {}) for each in ids.tolist()]
    subjects = [each.get("subject", f"email {key}") for each, key in zip(found, ids, strict=True)]
    if "subject" in shift.columns:
        subjects = shift["subject"].to_numpy(object)[np.unique(code, return_index=True)[1]].tolist()
    numbers = [each.get("position", key) for each, key in zip(found, ids, strict=True)]
    return drawing.names(ax, subjects, numbers)
