"""Pictures of sends, drawn with matplotlib: timelines, calendars, loads and shifts.

Markers, hatches, numbers or positions repeat what colours say, for eyes and printers that cannot see colours.
"""

from simcore.show.calendars import plot_calendar
from simcore.show.loads import plot_capacity, plot_load
from simcore.show.shifts import plot_shift
from simcore.show.timelines import plot_timeline

__all__ = ["plot_calendar", "plot_capacity", "plot_load", "plot_shift", "plot_timeline"]
