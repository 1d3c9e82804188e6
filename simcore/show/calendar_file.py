"""Sends as a calendar file, the extra `calendar` (icalendar), for calendars of every maker (RFC 5545)."""

import uuid
from os import PathLike
from pathlib import Path

import pandas as pd

from simcore.answers import timeline
from simcore.errors import SimcoreError
from simcore.files.writing import replacing
from simcore.text.tables import cut

_SENDS = uuid.uuid5(uuid.NAMESPACE_DNS, "simcore")


def to_ics(sends: pd.DataFrame, path: str | PathLike[str], /) -> None:
    """Writes a calendar file with an event for each send.

    `sends`: a timeline as `simcore.project` or `simcore.compare` gives it. Each event is an instant (floored to the
    second, in UTC, so that every calendar shows it in its owner's zone) that does not block time; its summary is the
    subject (`rendered_subject`, where there is one; the scenario in front, where there are several), its description
    says to whom, which email it is and the time in the timeline's zone. The same send has the same UID in every file,
    so that a calendar can tell that a newer file has the same events. Some thousand sends take a second.

    The file is there whole or not at all. Raises SimcoreError for what is no timeline, where the file cannot be
    written, or where icalendar is missing.

    >>> import tempfile, simcore
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simcore.to_ics(sends, Path(folder, "sends.ics"))
    ...     Path(folder, "sends.ics").read_text().count("BEGIN:VEVENT")
    4
    """
    try:
        from icalendar import Calendar, Event
    except ModuleNotFoundError:
        raise SimcoreError('calendar files need icalendar: pip install "simcore[calendar]"') from None
    timeline.check("timeline", sends)
    subject = "rendered_subject" if "rendered_subject" in sends else "subject"
    if subject not in sends:
        raise SimcoreError("timeline: no column subject; expected a timeline as simcore.project gives")
    at = pd.DatetimeIndex(sends["send_at"])
    if at.hasnans:
        row = int(at.isna().argmax())
        raise SimcoreError(f"timeline: row {row} has no send_at: leave out what is not sent")
    calendar = Calendar()
    calendar.add("prodid", "-//simcore//simcore//EN")
    calendar.add("version", "2.0")
    columns = {
        "name": sends[["subscriber_id", "run", "email_id"]].itertuples(index=False, name=None),
        "scenario": sends["scenario"] if "scenario" in sends else [""] * len(sends),
        "subject": sends[subject],
        "start": at.tz_convert("UTC").floor("s").to_pydatetime(),
        "told": at.strftime("%Y-%m-%d %H:%M:%S %Z"),
    }
    for name, scenario, text, start, told in zip(*columns.values(), strict=True):
        subscriber, run, email = name
        event = Event()
        event.add("uid", str(uuid.uuid5(_SENDS, repr((scenario, *map(str, name))))))
        event.add("summary", cut(f"{scenario}: {text}" if scenario else str(text)))
        event.add("description", cut(f"to {subscriber}, run {run}, email {email}, {told}"))
        event.add("dtstart", start)
        event.add("dtstamp", start)  # that of the writing would make every file another
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    with replacing(Path(path)) as sink:
        sink.write(calendar.to_ical())
