"""Sends as a calendar file (RFC 5545), which any calendar can import; the extra `calendar` (icalendar)."""

import uuid
from importlib import import_module
from os import PathLike

import pandas as pd

from simcore.answers import timeline
from simcore.errors import SimcoreError
from simcore.files.inputs import path_of
from simcore.files.writing import replacing
from simcore.text.tables import cut

_SENDS = uuid.uuid5(uuid.NAMESPACE_DNS, "simcore")


def to_ics(sends: pd.DataFrame, path: str | PathLike[str], /) -> None:
    """Writes a calendar file with one event for each send.

    `sends`: a timeline from `simcore.project` or `simcore.compare`. `path`: the file to write.

    Each event is an instant (floored to the second, in UTC, so that every calendar shows it in its owner's zone) and
    does not block time. Its summary is the subject (`rendered_subject` if there is one), after the name of the
    scenario if there are several. Its description names the subscriber, the run, the email and the time in the
    timeline's zone. The same send has the same UID in every file, so that a calendar recognises its events in a newer
    file. A few thousand sends take a second.

    The file is written completely or not at all. Raises SimcoreError for what is not a timeline, if the file cannot be
    written, or if icalendar is not installed.

    >>> import tempfile, simcore
    >>> from pathlib import Path
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simcore.to_ics(sends, Path(folder, "sends.ics"))
    ...     Path(folder, "sends.ics").read_text().count("BEGIN:VEVENT")
    4
    """
    data = ical(sends)
    with replacing(path_of("path", path)) as sink:
        sink.write(data)


def check() -> None:
    """Raises SimcoreError if icalendar is not installed."""
    try:
        import_module("icalendar")
    except ModuleNotFoundError:
        raise SimcoreError('calendar files need icalendar: pip install "simcore[calendar]"') from None


def ical(sends: pd.DataFrame) -> bytes:
    """What `to_ics` writes."""
    check()
    from icalendar import Calendar, Event

    timeline.check("timeline", sends)
    subject = "rendered_subject" if "rendered_subject" in sends else "subject"
    if subject not in sends:
        raise SimcoreError("timeline: no column subject; expected a timeline from simcore.project")
    at = pd.DatetimeIndex(sends["send_at"])
    if at.hasnans:
        row = int(at.isna().argmax())
        raise SimcoreError(f"timeline: row {row} has no send_at: leave out rows that are not sent")
    calendar = Calendar()
    calendar.add("prodid", "-//simcore//simcore//EN")
    calendar.add("version", "2.0")
    columns = {
        "name": sends[["subscriber_id", "run", "email_id"]].itertuples(index=False, name=None),
        "scenario": sends["scenario"] if "scenario" in sends else [""] * len(sends),
        "subject": sends[subject],
        "start": at.tz_convert("UTC").floor("s").to_pydatetime(),
        "when": at.strftime("%Y-%m-%d %H:%M:%S %Z"),
    }
    for name, scenario, text, start, when in zip(*columns.values(), strict=True):
        subscriber, run, email = name
        event = Event()
        event.add("uid", str(uuid.uuid5(_SENDS, repr((scenario, *map(str, name))))))
        event.add("summary", cut(f"{scenario}: {text}" if scenario else str(text)))
        event.add("description", cut(f"to {subscriber}, run {run}, email {email}, {when}"))
        event.add("dtstart", start)
        event.add("dtstamp", start)  # that of the writing would make every file another
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    data: bytes = calendar.to_ical()
    return data
