"""`simcore pull`: an account, read into a folder."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from simcore.cli import completing
from simcore.cli.options import JSON, saying, there
from simcore.plan.platform import platform_named
from simcore.show import terminal
from simcore.text.tables import visible
from simcore.text.wording import count


def pull(
    platform: Annotated[
        str,
        typer.Argument(metavar="PLATFORM", autocompletion=completing.platform_names, help="One of <names>."),
    ],
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Where to: a new folder, or one of a run that was stopped."),
    ],
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Another address of the API, such as http://127.0.0.1:8000."),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Read your account into a folder: sequences, emails, who is in them, and tags.

    \b
      export KIT_API_KEY=...
      simcore pull kit account

    The key is taken from the environment (KIT_API_KEY, SEQUENZY_API_KEY). Nothing is ever written to the account.
    Answers are kept as they came. You can stop a run at any time; the same command resumes it.
    """
    there()
    chosen = platform_named(platform)
    with saying():
        found = chosen.live(base_url=base_url).snapshot(folder, progress=sys.stderr.isatty() and not as_json)
    counted = {
        "sequences": len(found.sequences),
        "entries": len(found.entries),
        "events": len(found.events),
    }
    if as_json:
        told = {
            "folder": str(folder),
            "platform": found.platform,
            "taken_at": found.taken_at.isoformat(),
            "finished_at": found.finished_at.isoformat(),
            **counted,
            "differences": list(found.differences),
            "refused": {str(own): str(error) for own, error in found.refused.items()},
        }
        terminal.write_json(told)
        return
    numbers = [
        count(counted["sequences"], "sequence"),
        count(counted["entries"], "entry", "entries"),
        count(counted["events"], "event"),
    ]
    terminal.tell(f"{', '.join(numbers)}, in {visible(str(folder))}\n")
