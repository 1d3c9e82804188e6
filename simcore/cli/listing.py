"""`simcore assumptions`, `simcore rules` and `simcore example`: what there is."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import simcore
from simcore.cli.loading import PLATFORMS, title
from simcore.cli.options import JSON
from simcore.errors import SimcoreError, shown
from simcore.plan.rules import every
from simcore.show import terminal


def assumptions(
    platform: Annotated[
        str | None,
        typer.Argument(metavar="|".join(PLATFORMS), help="The platform; without it all of them."),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the switches for what a platform does not say of itself.

    \b
      simcore assumptions kit
      simcore preview welcome.json --entered 2026-03-06 --assume day_count=elapsed
    """
    if platform is not None and platform not in PLATFORMS:
        raise SimcoreError(f"no platform {shown(platform)}; there are: {', '.join(PLATFORMS)}")
    switches = {
        name: each.assumptions() for name, each in PLATFORMS.items() if platform is None or name == platform
    }
    if as_json:
        listed = {name: table.to_dict("records") for name, table in switches.items()}
        terminal.write_json(listed if platform is None else listed[platform])
        return
    for number, (name, table) in enumerate(switches.items()):
        terminal.tell("\n" if number else "")
        heading = [title(name)] if platform is None else []
        terminal.show(heading, [*table.columns], table.to_numpy().tolist())


def rules(
    name: Annotated[str | None, typer.Argument(metavar="RULE", help="Which; without it a list.")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show a rule that simcore follows, with its source and the switches that turn it.

    \b
      simcore rules
      simcore rules K7
    """
    if name is not None:
        rule = simcore.rules(name)
        if as_json:
            terminal.write_json(asdict(rule))
        else:
            terminal.tell(f"{rule}\n")
        return
    if as_json:
        terminal.write_json([asdict(rule) for rule in every().values()])
        return
    for rule in every().values():
        status, part, _ = rule.status.partition(":")
        more = ", ".join([*rule.switches, *filter(None, [f"{status}{' in part' if part else ''}"])])
        terminal.tell(f"{rule.name:5}{rule.title}{more and f' ({more})'}\n")


def example(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which; without it a list.")] = None,
) -> None:
    """Print a file that comes with simcore, to try things on.

    \b
      simcore example welcome > welcome.json
    """
    found = simcore.example(name)
    if isinstance(found, Path):
        sys.stdout.buffer.write(found.read_bytes())
    else:
        terminal.write("".join(f"{each}\n" for each in found))
