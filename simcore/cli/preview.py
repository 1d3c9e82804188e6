"""`simcore preview`: one subscriber."""

from typing import Annotated, Any

import pandas as pd
import typer

import simcore
from simcore.cli import completing
from simcore.cli.loading import assumed, load
from simcore.cli.options import JSON, AccountZone, Assume, Drafts, Emails, File, NaiveZone, Seed, saying
from simcore.cli.pictures import Pictures, PlotTimeline
from simcore.clock import instants
from simcore.clock.words import clock
from simcore.clock.zones import zone
from simcore.files.stamps import aware, iso, us_of
from simcore.show import terminal


def preview(
    file: File,
    entered: Annotated[
        str, typer.Option(metavar="TIME", help='When the subscriber enters, such as "2026-03-06 21:07".')
    ],
    emails: Emails = None,
    time_zone: AccountZone = None,
    include_drafts: Drafts = False,
    assume: Assume = None,
    naive_time_zone: NaiveZone = None,
    seed: Seed = None,
    time_zones: Annotated[
        str | None,
        typer.Option(
            "--time-zones",
            metavar="ZONE",
            autocompletion=completing.zones,
            help="The subscriber's own time zone: all waits in days, send days and windows are then in it.",
        ),
    ] = None,
    plot_timeline: PlotTimeline = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show when each email goes out to one subscriber, and why.

    \b
      simcore preview welcome.json --entered "2026-03-06 21:07"

    Times without an offset are read in the sequence's time zone.
    """
    only = {"emails": emails, "time_zone": time_zone, "include_drafts": include_drafts}
    sequence = load(file, naive_time_zone, only)
    pictures = Pictures([file, emails], timeline=plot_timeline)
    here = zone(sequence.time_zone)
    entered_us = instants.read_one(entered, "--entered", naive_time_zone or sequence.time_zone)
    with saying():
        sends = simcore.preview(
            sequence,
            aware([entered_us])[0],
            include_drafts=include_drafts,
            assumptions=assumed(assume, sequence),
            seed=seed,
            time_zones=time_zones,
        )
    pictures.draw("timeline", simcore.plot_timeline, lambda: sends)
    pictures.save()
    rows: Any = sends.reset_index().rename(columns={"wait": "wait_seconds"}).to_dict("records")
    for row in rows:
        never = row["send_at"] is pd.NaT
        at_us = us_of([row["send_at"]])
        row["wait_seconds"] = None if never else row["wait_seconds"].total_seconds()
        row["send_at"] = None if never else iso(at_us, here)[0] if as_json else clock(at_us[0], here)
    if as_json:
        terminal.write_json(rows)
        return
    heading = [f"{sequence.name}, {sequence.time_zone}", f"entered {clock(entered_us, here)}"]
    cells = [(row["position"], row["send_at"] or "not sent", row["subject"], row["reason"]) for row in rows]
    terminal.show(heading, ["pos", "send time", "subject", "reason"], cells)
    pictures.tell()
