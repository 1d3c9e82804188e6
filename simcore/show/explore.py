"""A sequence with controls, in Jupyter: its preview and its load, while you change its settings."""

import io
import warnings
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore import verbs
from simcore.answers.forecast import forecast
from simcore.answers.options import Assumptions, Entries, Freq, PlanOptions
from simcore.answers.projection import plan_of
from simcore.clock import instants
from simcore.clock.instants import NAT_US, Instant
from simcore.clock.periods import periods
from simcore.clock.words import clock
from simcore.clock.zones import FIRST_US, Zone, zone, zone_names
from simcore.errors import SimcoreError
from simcore.plan.controls import Control
from simcore.plan.plan import Plan, SideBySide
from simcore.plan.platform import Sequence, platform_of
from simcore.text.tables import cut
from simcore.text.wording import WEEKDAYS

_LABEL = "76px"  # as wide as the widest
_SLIDES = 100  # of no more whole numbers a slider can tell one from the next
_PERIODS: dict[str, Freq] = {"day": "D", "hour": "h"}
_STYLE = """<style>
.simcore-sends { border-collapse: collapse; width: 100%; line-height: 1.4; }
.simcore-sends th, .simcore-sends td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0;
  white-space: normal; overflow-wrap: anywhere; border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.simcore-sends th { font-weight: 600; }
.simcore-sends time { display: block; width: 10.4em; font-weight: 600; }
.simcore-sends .why { color: var(--jp-ui-font-color2, #666); }
.simcore-said { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; margin: 8px 0; padding: 8px 12px;
  border-left: 4px solid var(--jp-warn-color1, #e65100); background: var(--jp-layout-color2, #f5f5f5); }
.simcore-label { text-align: right; padding-right: 8px; }
.simcore-part { line-height: 1.4; margin-top: 8px; overflow-wrap: anywhere; font-weight: 600; }
</style>"""


def explore(
    sequence: Sequence,
    entered_at: Instant = "2026-03-06 21:07",
    *,
    entries: Entries | None = None,
    include_drafts: bool = False,
    assumptions: Assumptions | None = None,
) -> "Explorer":
    """Controls for the schedule and each delay of a sequence, in Jupyter, next to its preview and its load.

    `entered_at`: when the subscriber of the preview enters at first (default: a Friday evening), as for
    `simcore.preview`. `entries`: the people whose sends the load counts, as for `simcore.forecast`. Without them, one
    subscriber enters in each hour of the week (from Monday) that contains `entered_at`. `include_drafts`,
    `assumptions`: as for `simcore.preview`.

    The result shows itself when it is the result of a cell, in JupyterLab and in Voila. Its `sequence`, `preview` and
    `forecast` hold what it last showed, for use in later cells. Its `widget` can go into other layouts. Optional parts
    that the sequence does not have, such as a sending window, have no controls: add them with `replace` first.

    Needs ipywidgets and matplotlib: pip install "simcore[notebook]". Raises the errors of `simcore.preview` and
    `simcore.forecast` for the arguments. Later errors, from changed settings, are shown in place of the preview.

    >>> import simcore
    >>> from simcore import kit
    >>> explored = explore(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    >>> explored.preview["send_at"].dt.strftime("%a %H:%M").tolist()
    ['Fri 21:07', 'Fri 23:15', 'Mon 09:00', 'Thu 09:00']
    """
    try:
        import ipywidgets
        import matplotlib  # noqa: F401  for the picture, later
    except ImportError as error:
        raise SimcoreError(f'explore needs {error.name}: pip install "simcore[notebook]"') from None
    platform_of(sequence)
    how: PlanOptions = {"include_drafts": include_drafts, "assumptions": assumptions}
    return Explorer(ipywidgets, sequence, str(entered_at), entries, how)


class Explorer:
    """The result of `simcore.explore`: it shows itself in Jupyter.

    `sequence`, `preview` and `forecast`: what it last showed. `widget`: the whole view, an ipywidgets.Widget.
    """

    def __init__(
        self,
        ipywidgets: Any,
        sequence: Sequence,
        entered_at: str,
        entries: Entries | None,
        how: PlanOptions,
    ) -> None:
        self.forecast = pd.DataFrame()
        self._given, self._entries, self._how = sequence, entries, how
        self._counted: tuple[Any, str] = (None, "")
        self._resets = False
        self._knobs = [_knob(ipywidgets, control) for control in platform_of(sequence).controls(sequence)]
        self._entry = _knob(ipywidgets, Control("entered_at", "Entry", "text", entered_at))
        self._period = _knob(ipywidgets, Control("freq", "Load by", "choice", "day", tuple(_PERIODS)))
        self._period.row.layout.flex = "none"  # it stands in a column
        for knob in self._all():
            for leaf in knob.leaves:
                leaf.observe(self._turned, "value")
        reset = ipywidgets.Button(description="Reset", tooltip="back to the settings given", icon="undo")
        reset.on_click(self._reset)
        self._sends = ipywidgets.HTML()
        self._load = ipywidgets.Image(format="png", layout={"width": "100%", "max_width": "900px"})
        rows: list[Any] = [ipywidgets.HTML(_STYLE), self._entry.row]
        for part, knobs in groupby(self._knobs, lambda knob: knob.control.part):
            if part:
                rows.append(ipywidgets.HTML(f'<div class="simcore-part">{escape(cut(part))}</div>'))
            for small, some in groupby(knobs, lambda knob: _small(knob.control)):
                found = [knob.row for knob in some]
                rows += [ipywidgets.HBox(found, layout={"width": "100%"})] if small else found
        column = {"flex": "1 1 330px", "padding": "0 20px 0 0"}
        beside = {"flex": "4 1 400px", "min_width": "0"}
        self.widget = ipywidgets.HBox(
            [
                ipywidgets.VBox([*rows, reset], layout=column),
                ipywidgets.VBox([self._sends, self._period.row, self._load], layout=beside),
            ],
            layout={"flex_flow": "row wrap", "width": "100%"},
        )
        self._show()

    def _all(self) -> list["_Knob"]:
        return [self._entry, self._period, *self._knobs]

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)

    def _turned(self, _: Any) -> None:
        if not self._resets:
            try:
                self._show()
            except SimcoreError as error:
                self._sends.value = _said([str(error)])
                self._load.layout.visibility = "hidden"

    def _reset(self, _: Any) -> None:
        self._resets = True  # all at once, not one by one
        for knob in self._all():
            for leaf, value in zip(knob.leaves, knob.start, strict=True):
                leaf.value = value
        self._resets = False
        self._turned(None)

    def _show(self) -> None:
        """Shows the settings of the controls; the table first, since the picture takes longer."""
        turned = {knob.control.path: knob.value() for knob in self._knobs if knob.turned()}
        sequence = self._given.with_fields(turned)
        plan = plan_of(sequence, self._how["assumptions"], self._how["include_drafts"])
        entered = self._entry.value()
        with warnings.catch_warnings(record=True) as caught:  # shown here, not in the log
            warnings.simplefilter("always")
            preview = verbs.preview(sequence, entered, **self._how)
        entries, whose = self._entries, "for the entries given"
        if entries is None:
            entries, whose = _every_hour(plan, instants.read_one(entered, "entered_at", plan.time_zone))
        period = self._period.value()
        title = f"Sends each {period} {whose}"
        counted = self.forecast
        if (sequence, title) != self._counted:
            counted = forecast(sequence, entries, freq=_PERIODS[period], **self._how)
        draws = title != self._counted[1] or not counted.equals(self.forecast)
        self._counted = (sequence, title)
        self.sequence, self.preview, self.forecast = sequence, preview, counted
        notes = [str(warning.message) for warning in caught]
        if counted.empty:
            notes.append(f"no load to show: nothing goes out {whose}")
        self._sends.value = (_table(preview, zone(plan.time_zone)) if len(preview) else "") + _said(notes)
        self._load.layout.visibility = "hidden" if counted.empty else "visible"
        if draws and not counted.empty:
            self._load.value = _picture(counted, title)


class _Knob(NamedTuple):
    """A control as widgets: the `leaves` that hold its value (seven for weekdays), and the `row` they are in."""

    control: Control
    leaves: tuple[Any, ...]
    row: Any
    start: tuple[Any, ...]

    def turned(self) -> bool:
        """Whether its value differs from the one at the start."""
        return tuple(leaf.value for leaf in self.leaves) != self.start

    def value(self) -> Any:
        """What `with_fields` takes."""
        if self.control.kind == "weekdays":
            return tuple(day for day, leaf in zip(WEEKDAYS, self.leaves, strict=True) if leaf.value)
        value = self.leaves[0].value
        return int(value) if self.control.kind == "number" and value.is_integer() else value


def _knob(ipywidgets: Any, control: Control) -> _Knob:
    """The widgets of a control."""
    path, label, kind, value, among, _ = control
    small = _small(control)
    about = {
        "description": label,
        "tooltip": path,
        "style": {"description_width": "initial" if small else _LABEL},
        "layout": {"flex": "1 1 60px", "min_width": "0"} if small else {"width": "auto"},
    }
    if kind == "weekdays":
        leaves = tuple(
            ipywidgets.ToggleButton(
                value=day in value,
                description=day[:3].capitalize(),
                tooltip=f"{path}: {day}",
                layout={"width": "40px", "padding": "0", "margin": "2px 1px"},
            )
            for day in WEEKDAYS
        )
        head = ipywidgets.HTML(f'<div class="simcore-label">{escape(label)}</div>', layout={"width": _LABEL})
        row = ipywidgets.HBox([head, *leaves], layout={"flex_flow": "row wrap"})
        return _Knob(control, leaves, row, tuple(leaf.value for leaf in leaves))
    if kind in {"whole", "number"}:
        slides = ipywidgets.IntSlider if among[1] < _SLIDES else ipywidgets.BoundedIntText
        number = ipywidgets.BoundedFloatText if kind == "number" else slides
        leaf = number(value=value, min=among[0], max=among[1], step=1, **about)
    elif kind == "choice":
        leaf = ipywidgets.Dropdown(options=among, value=value, **about)
    elif kind == "time":
        quarters = {f"{at // 60:02}:{at % 60:02}" for at in range(0, 24 * 60 + 1, 15)}
        options = sorted({value, *(time for time in quarters if among[0] <= time <= among[1])})
        leaf = ipywidgets.SelectionSlider(options=options, value=value, **about)
    elif kind == "zone":
        names = tuple(sorted(zone_names()))
        leaf = ipywidgets.Combobox(options=names, value=value, continuous_update=False, **about)
    else:
        leaf = ipywidgets.Text(value, continuous_update=False, **about)
    return _Knob(control, (leaf,), leaf, (leaf.value,))


def _small(control: Control) -> bool:
    """Whether several such controls fit in a row."""
    return control.kind in {"number", "choice"} or (control.kind == "whole" and control.among[1] >= _SLIDES)


def _every_hour(plan: Plan, entered_us: int) -> tuple[pd.DataFrame, str]:
    """One entry for each hour of the week of an entry [µs], and what to call them."""
    here = zone(plan.time_zone)
    monday = (here.date(np.array([entered_us]))[0] + 3) // 7 * 7 - 3
    begin_us, end_us = here.date_begin_us(np.array([monday, monday + 7])).tolist()
    hours_us = periods(here, "h", max(begin_us, FIRST_US), end_us - 1).starts_us
    hours_us = hours_us[hours_us >= FIRST_US]
    # Nobody here has properties; where runs are told apart by a key in them, some ways of entry need none (Q24).
    keyed = isinstance(plan.entry, SideBySide) and plan.entry.key is not None
    vias = plan.entry.if_idle_vias if isinstance(plan.entry, SideBySide) and keyed else ()
    via = min(vias, default=plan.vias[0])
    first = pd.Timestamp(int(monday), unit="D")
    return (
        pd.DataFrame({
            "subscriber_id": np.arange(hours_us.size),
            "entered_at": instants.show(hours_us, plan.time_zone),
            "via": via,
        }),
        f"for one entry an hour in the week from {first:%a} {first.day} {first:%b %Y}",
    )


def _table(preview: pd.DataFrame, here: Zone) -> str:
    """A preview as HTML; every text is escaped."""
    sends_us = pd.DatetimeIndex(preview["send_at"]).asi8.tolist()
    rows = [
        f"<tr><td>{position}</td><td><time>{'not at all' if at_us == NAT_US else clock(at_us, here)}</time></td>"
        f'<td>{escape(cut(subject))}</td><td class="why">{escape(reason)}</td></tr>'
        for position, at_us, subject, reason in zip(
            preview.index, sends_us, preview["subject"], preview["reason"], strict=True
        )
    ]
    head = "<tr><th></th><th>Goes out</th><th>Subject</th><th>Why then</th></tr>"
    return f'<table class="simcore-sends">{head}{"".join(rows)}</table>'


def _said(messages: list[str]) -> str:
    return "".join(f'<div class="simcore-said" role="alert">{escape(message)}</div>' for message in messages)


def _picture(counted: pd.DataFrame, title: str) -> bytes:
    """The load as a PNG, without pyplot, which would keep the figure."""
    from matplotlib.figure import Figure

    from simcore.show.pictures import plot_load

    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    plot_load(counted, ax=figure.subplots()).set_title(title)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100)
    return png.getvalue()
