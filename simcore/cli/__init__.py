"""The command line, the extra `cli` (typer, rich): it calls simcore with what you type, and shows the results.

There is a file for each group of commands; nothing here knows how a sequence works. Errors in the input become one
message on standard error (as JSON if --json is given) and exit status 2. Output for machines is UTF-8 in any terminal.
"""

import errno
import os
import sys
from importlib import import_module
from typing import Annotated, Any

try:
    for package in ("rich", "typer"):
        import_module(package)
except ModuleNotFoundError as absent:
    if (absent.name or "").partition(".")[0] not in {"click", "rich", "typer"}:
        raise
    print('Error: the command line needs typer and rich: pip install "simcore[cli]"', file=sys.stderr)
    raise SystemExit(2) from None

import typer
from typer.core import TyperGroup

import simcore
from simcore.cli.account import account
from simcore.cli.completing import whole_words
from simcore.cli.ending import in_order
from simcore.cli.forecast import forecast
from simcore.cli.ics import ics
from simcore.cli.lint import lint
from simcore.cli.listing import assumptions, example, rules, schema
from simcore.cli.mcp import mcp
from simcore.cli.optimize import optimize, sweep
from simcore.cli.options import Command, as_typed
from simcore.cli.preview import preview
from simcore.cli.project import project
from simcore.cli.pull import pull
from simcore.cli.report import report
from simcore.cli.simulate import simulate
from simcore.cli.twin import twin
from simcore.cli.whatif import compare, impact
from simcore.errors import SimcoreError
from simcore.show import terminal

_UsageError: Any = typer.BadParameter.__mro__[1]  # typer has it from click, or as its own
_NO_MEMORY = (
    "there is not enough memory for this: give fewer rows at a time; project takes a .parquet file of any size if -o "
    "is a folder"
)


class _Commands(TyperGroup):
    """The commands, and the one place where errors become a message and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        as_json = "--json" in ctx.args  # which are gone later
        with terminal.for_machines(as_json):
            return self._invoke(ctx, as_json)

    def _invoke(self, ctx: Any, as_json: bool) -> Any:
        status, wrong = 2, ""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except typer.Exit as ended:
            status = ended.exit_code
        except KeyboardInterrupt:
            status = 130
        except BrokenPipeError:  # the reader has seen enough
            status = 0
        except MemoryError:
            wrong = _NO_MEMORY
        except OSError as error:
            wrong = f"{error.filename or 'standard output'}: {error.strerror or error}"
            if error.errno == errno.ENOMEM:
                wrong = _NO_MEMORY
        except SimcoreError as error:
            wrong = as_typed(error)
        except _UsageError as error:
            if not as_json:
                raise
            wrong = error.format_message()
        else:
            return result
        if wrong:  # only here, where what was in memory is let go
            terminal.say(wrong, "Error")
        try:
            sys.stdout.flush()
        except OSError:  # Python would try again as it ends, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(status)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": terminal.COLUMNS},
)
for command in (
    preview,
    project,
    ics,
    forecast,
    simulate,
    compare,
    impact,
    account,
    sweep,
    optimize,
    lint,
    report,
    pull,
    assumptions,
    rules,
    schema,
    example,
    twin,
    mcp,
):
    app.command(cls=Command)(command)


def main() -> None:
    """The command `simcore`."""
    with in_order(), whole_words():
        app(prog_name="simcore")


def _show_versions(wanted: bool) -> None:
    if wanted:
        terminal.write("".join(f"{name} {number}\n" for name, number in simcore.versions().items()))
        raise typer.Exit


@app.callback()
def _simcore(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_versions, is_eager=True, help="Show versions and exit."),
    ] = False,
) -> None:
    """When does each email of a sequence go out, to whom, and why then?

    \b
      simcore example welcome > welcome.json
      simcore preview welcome.json --entered "2026-03-06 21:07"
    """
