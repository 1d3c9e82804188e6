"""`simcore assumptions`, `simcore rules`, `simcore schema` and `simcore example`: lists and texts."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import simcore
from simcore.cli import completing
from simcore.cli.options import JSON, saying, there
from simcore.plan.platform import platform_named
from simcore.plan.rules import every
from simcore.plan.switches import table
from simcore.show import terminal


def assumptions(
    platform: Annotated[
        str | None,
        typer.Argument(
            metavar="PLATFORM",
            autocompletion=completing.platform_names,
            help="One of <names>; default: all of them.",
        ),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the switches for what a platform does not document.

    \b
      simcore assumptions kit
      simcore preview welcome.json --entered 2026-03-06 --assume day_count=elapsed
    """
    known = there()
    chosen = known if platform is None else {platform: platform_named(platform)}
    switches = {name: table(platform.assumptions) for name, platform in chosen.items()}
    if as_json:
        listed = {name: frame.to_dict("records") for name, frame in switches.items()}
        terminal.write_json(listed if platform is None else listed[platform])
        return
    for number, (name, frame) in enumerate(switches.items()):
        terminal.tell("\n" if number else "")
        heading = [known[name].title] if platform is None else []
        terminal.show(heading, [*frame.columns], frame.to_numpy().tolist())


def schema(
    platform: Annotated[
        str,
        typer.Argument(metavar="PLATFORM", autocompletion=completing.platform_names, help="One of <names>."),
    ],
) -> None:
    """Print the JSON Schema of a platform's files, for editors and validators.

    \b
      simcore schema kit > kit.schema.json
    """
    there()
    terminal.write_json(simcore.schema(platform))


def rules(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE", autocompletion=completing.rule_numbers, help="A rule's number; default: list all."
        ),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show a rule that simcore follows, with its source and its switches.

    \b
      simcore rules
      simcore rules K7
    """
    with saying():
        known = every()
    if name is not None:
        rule = simcore.rules(name)
        if as_json:
            terminal.write_json(asdict(rule))
        else:
            terminal.tell(f"{rule}\n")
        return
    if as_json:
        terminal.write_json([asdict(rule) for rule in known.values()])
        return
    for rule in known.values():
        status, part, _ = rule.status.partition(":")
        more = ", ".join([*rule.switches, *filter(None, [f"{status}{' in part' if part else ''}"])])
        terminal.tell(f"{rule.name:5}{rule.title}{more and f' ({more})'}\n")


def example(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", autocompletion=completing.examples, help="Its name; default: list all."
        ),
    ] = None,
) -> None:
    """Print an example file that comes with simcore; of a folder, print where it is.

    \b
      simcore example welcome > welcome.json
      simcore account "$(simcore example three_sequences)"

    \b
      welcome               Kit: four emails, weekdays at 9 in New York
      letters               Kit: weekly letters in Berlin
      account               Kit: an account's list of these two
      kit_sequence          Kit: welcome as one call of the API gives it
      kit_emails            Kit: its emails, as another call gives them
      kit_sequences         Kit: a list of sequences, without emails
      kit_subscribers       Kit: who is in welcome, in pages
      entries               who enters welcome when: 200 rows of CSV
      events                what happens to them: tags, unsubscribes
      changes               edits of welcome while they are inside it
      onboarding            Sequenzy: enrolled when a contact is added
      replenish             Sequenzy: enrolled by an order, waits for its date
      winback               Sequenzy: enrolled by a tag, with a discount
      sequenzy_enrollments  Sequenzy: who is in a sequence, in pages
      sequenzy_events       events that enrol in these three
      three_sequences       Kit: a folder with an account and who enters it
    """
    found = simcore.example(name)
    if isinstance(found, Path) and found.is_dir():
        terminal.write(f"{found}\n")
    elif isinstance(found, Path):
        sys.stdout.buffer.write(found.read_bytes())
    else:
        terminal.write("".join(f"{name}\n" for name in found))
