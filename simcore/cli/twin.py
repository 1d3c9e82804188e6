"""`simcore twin`: a local server that answers as the platforms' APIs do, with a clock that is told."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from simcore.cli import completing
from simcore.cli.loading import load_all
from simcore.plan.platform import platform_of
from simcore.show import terminal

KEY = "SIMCORE_TWIN_KEY"
"""The variable of the environment in which a key may stand: the list of processes would show an option's."""


def twin(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            autocompletion=completing.sequences,
            help="Sequences that it has from the start: JSON from <platforms> API.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(metavar="PORT", help="The port; 0 is any that is free.")] = 8765,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="The address to listen at. Only this machine reaches 127.0.0.1."
        ),
    ] = "127.0.0.1",
    state: Annotated[
        Path | None,
        typer.Option(metavar="STATE", help="An SQLite file to keep everything in; it goes on from there."),
    ] = None,
    start: Annotated[
        str, typer.Option(metavar="TIME", help="What its clock shows at first.")
    ] = "2026-01-01T00:00Z",
) -> None:
    """Answer as the APIs of Kit and Sequenzy do, on this machine, with a clock that moves only when told.

    \b
      simcore twin welcome.json --port 8765 --state twin.db

    It prints its address and the key that it asks for, a new one or that of SIMCORE_TWIN_KEY in the environment. The
    page at the address shows the clock, what was sent, and where people stand. It runs until you interrupt it.
    """
    from simcore.twin import running

    sequences = [sequence for file in files or [] for sequence in load_all(file, None, {"time_zone": None})]
    given = {
        name: [each for each in sequences if platform_of(each).name == name] for name in ("kit", "sequenzy")
    }
    key = os.environ.pop(KEY, None)
    with running.twin(**given, port=port, host=host, key=key, state=state, start=start) as found:
        terminal.write(f"{found.url}\nkey: {found.key}\n")
        sys.stdout.flush()  # before it waits: who reads this needs it now
        found.serve()
