"""`simcore lint`: what is worth a second look. `.pre-commit-hooks.yaml` has it as a hook of pre-commit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from simcore.account import Account
from simcore.account.lint import CODES
from simcore.account.load import look as look_into
from simcore.answers.lint import lint as look
from simcore.cli import completing
from simcore.cli.loading import load_all, zone_of
from simcore.cli.options import JSON, AccountZone, there
from simcore.clock import instants
from simcore.errors import SimcoreError
from simcore.files.stamps import aware
from simcore.plan.findings import SEVERITIES
from simcore.plan.platform import platform_of
from simcore.show import terminal
from simcore.text.wording import count


def lint(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            autocompletion=completing.sequences,
            help="The sequence: JSON from <platforms> API. A list is checked as a whole, or one of it with FILE#ID. A "
            "folder is checked as an account, as `simcore account` reads it. Several files are checked one by one.",
        ),
    ] = None,
    among: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="OTHER",
            autocompletion=completing.sequences,
            help="A file with other sequences of the account; repeatable. Those in the same list as FILE count "
            "already.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Also check the clock changes of the two years from this time on, and whether a date in the sequence "
            "comes too late. Without an offset it is read in the sequence's time zone.",
        ),
    ] = None,
    time_zone: AccountZone = None,
    explain: Annotated[
        bool,
        typer.Option("--list", help="List everything that it can find, and what it means; needs no FILE."),
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show what is worth a second look in a sequence.

    \b
      simcore lint welcome.json --as-of 2026-03-01
      simcore lint folder

    An error keeps emails from going out, a warning is probably not what you meant, and a note is worth knowing. The
    exit status is 1 if there is an error.
    """
    if explain:
        _explain(as_json)
        return
    if not files:
        raise SimcoreError("FILE: missing, expected a sequence, or --list")
    looked = (
        (file, *each)
        for file in files
        for each in (
            _account(file, among, as_of, time_zone)
            if file.is_dir()
            else _files(file, among or [], as_of, time_zone)
        )
    )
    rows: list[Any] = []
    for number, (file, sequence, found) in enumerate(looked):
        rows += [{"file": str(file), "sequence": sequence.name, **row} for row in found.to_dict("records")]
        if not as_json:
            terminal.tell("\n" if number else "")
            before = f"{file}: " if len(files) > 1 else ""
            terminal.show([f"{before}{sequence.name}, {sequence.time_zone}"], [], [])
            terminal.tell("" if len(found) else "nothing to say\n")
            for code, severity, where, message in found.itertuples(index=False):
                terminal.tell("\n")
                terminal.remark(f"{severity}  {where}  {code}", message)
    counted = {name: sum(row["severity"] == name for row in rows) for name in reversed(SEVERITIES)}
    if as_json:
        terminal.write_json({**{f"{name}s": many for name, many in counted.items()}, "findings": rows})
    elif rows:
        totals = (count(many, name) for name, many in counted.items() if many)
        terminal.tell(f"\n{', '.join(totals)}\n")
    if counted["error"]:
        raise typer.Exit(1)


def _files(
    file: Path, among: list[Path], as_of: str | None, time_zone: str | None
) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The sequences of a file, each with what is found."""
    only = {"time_zone": time_zone}
    sequences = load_all(file, None, only)
    others = []
    for path in among:
        others += load_all(path, None, only)
        theirs, ours = (platform_of(sequence).title for sequence in (others[-1], sequences[0]))
        if theirs != ours:
            raise SimcoreError(
                f"--among: {path} is a {theirs} sequence, and {file} is a {ours} sequence: give "
                "sequences of one platform"
            )
    for sequence in sequences:
        mine = [*(other for other in sequences if other is not sequence), *others]
        yield sequence, look(sequence, among=mine, as_of=_instant(as_of, sequence.time_zone))


def _account(
    folder: Path, among: list[Path] | None, as_of: str | None, time_zone: str | None
) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The sequences of a folder, each with what is found in it and across them."""
    for option, given in (("--among", among), ("--time-zone", time_zone)):
        if given:
            raise SimcoreError(f"{option}: {folder} is a folder, whose sequences are checked as they are")
    whole = Account(look_into(folder).sequences.values())
    found = whole.lint(as_of=_instant(as_of, zone_of(whole.sequences)))
    for key, one in whole.sequences.items():
        yield one, found[(found["sequence_id"] == key).to_numpy()].drop(columns="sequence_id")


def _instant(as_of: str | None, time_zone: str | None) -> Any:
    """What was typed as --as-of."""
    return None if as_of is None else aware([instants.read_one(as_of, "--as-of", time_zone)])[0]


def _explain(as_json: bool) -> None:
    """Lists every finding that there is, by platform; and those across the sequences of an account."""
    names = ("code", "severity", "meaning")
    known = there()
    rules = {
        name: [(code, *meaning) for code, meaning in platform.codes.items()]
        for name, platform in known.items()
    }
    rules["account"] = [(code, *meaning) for code, meaning in CODES.items()]
    titles = {name: platform.title for name, platform in known.items()} | {"account": "Across an account"}
    if as_json:
        terminal.write_json({
            platform: [dict(zip(names, row, strict=True)) for row in rows] for platform, rows in rules.items()
        })
        return
    for number, (platform, rows) in enumerate(rules.items()):
        terminal.tell("\n" if number else "")
        terminal.show([titles[platform]], [*names], rows)
