"""`simcore mcp`: tools for assistants, over the Model Context Protocol."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from simcore.cli.options import there
from simcore.cli.tools import Files
from simcore.errors import SimcoreError
from simcore.show import terminal


def mcp(
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="A folder whose files the tools may read, by their names. By default they read none.",
        ),
    ] = None,
) -> None:
    """Serve preview, lint, compare and impact to an assistant, over the Model Context Protocol.

    \b
      simcore mcp
      simcore mcp --folder sequences

    An assistant's program starts this itself, and talks to it over standard input and output. Nothing is sent to
    anybody, and nothing is written.
    """
    if find_spec("mcp_types") is None:  # which the SDK has from version 2 on
        raise SimcoreError(
            'simcore mcp needs the SDK of the protocol, version 2: pip install "simcore[cli,mcp]"'
        )
    files = Files(folder)
    there()
    from simcore.cli.serving import serve

    if sys.stdin.isatty():  # somebody tries it, and would wait
        terminal.say("waiting for a client: an assistant's program starts this itself; Ctrl+C ends it")
    serve(files)
