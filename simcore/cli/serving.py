"""The server of `simcore mcp`, by the official SDK of the Model Context Protocol (extra `mcp`)."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import anyio
import mcp_types as types
from anyio import to_thread
from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

import simcore
from simcore.cli.ending import at_once
from simcore.cli.tools import TOOLS, Files, call
from simcore.errors import SimcoreError, shown
from simcore.plan.platform import Platform, platforms
from simcore.plan.rules import every
from simcore.plan.switches import table

_INSTRUCTIONS = (
    "Exact send times of email sequences: when each email goes out, to whom, and why then. "
    "Sequences are given as the platforms' APIs give them. Times need an offset, or are read by the sequence's clock. "
    "Each rule behind an answer has a number, such as K7: resource simcore://rules/K7."
)
_JSON, _TEXT, _CSV = "application/json", "text/plain", "text/csv"


class _Page(NamedTuple):
    """A resource: what it is, of which type, and how to get it."""

    about: str
    kind: str
    text: Callable[[], str]


def serve(files: Files) -> None:
    """Serves over standard input and output until the client hangs up, or a signal ends it."""

    async def serving() -> None:
        server = server_of(files)
        async with stdio_server() as (given, told):
            await server.run(given, told, server.create_initialization_options())

    # A thread waits for standard input, and cannot be interrupted. Nothing is written that could be left half done.
    with at_once():
        anyio.run(serving)


def server_of(files: Files) -> Server[Any]:
    """The server, with tools and resources. Only one tool works at a time: they share the list of warnings."""
    one_at_a_time = anyio.CapacityLimiter(1)

    async def tools(context: Any, asked: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[*map(_tool, TOOLS)])

    async def answer(context: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in TOOLS:
            known = ", ".join(TOOLS)
            raise MCPError(types.INVALID_PARAMS, f"no tool {shown(asked.name)}; there are: {known}")
        try:
            records, words = await to_thread.run_sync(
                call, asked.name, asked.arguments or {}, files, limiter=one_at_a_time
            )
        except SimcoreError as error:
            return types.CallToolResult(content=[_text(str(error))], is_error=True)
        return types.CallToolResult(content=[_text(words)], structured_content=records)

    async def resources(context: Any, asked: Any) -> types.ListResourcesResult:
        listed = [
            types.Resource(
                uri=uri, name=uri.removeprefix("simcore://"), description=page.about, mime_type=page.kind
            )
            for uri, page in _pages().items()
            if not uri.startswith("simcore://rules/")  # of which there are many: the list names them
        ]
        return types.ListResourcesResult(resources=listed)

    async def templates(context: Any, asked: Any) -> types.ListResourceTemplatesResult:
        rule = types.ResourceTemplate(
            uri_template="simcore://rules/{number}",
            name="rule",
            description="A rule that answers follow, by its number, such as K7, with its source and its switches.",
            mime_type=_TEXT,
        )
        return types.ListResourceTemplatesResult(resource_templates=[rule])

    async def page(context: Any, asked: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(asked.uri)
        found = _pages().get(uri)
        if found is None:
            raise MCPError(
                types.INVALID_PARAMS, f"no resource {shown(uri)}: resources/list has those there are"
            )
        contents = types.TextResourceContents(uri=uri, mime_type=found.kind, text=found.text())
        return types.ReadResourceResult(contents=[contents])

    return Server(
        "simcore",
        version=simcore.versions()["simcore"],
        instructions=_INSTRUCTIONS,
        on_list_tools=tools,
        on_call_tool=answer,
        on_list_resources=resources,
        on_list_resource_templates=templates,
        on_read_resource=page,
    )


def _tool(name: str) -> types.Tool:
    tool = TOOLS[name]
    hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    return types.Tool(
        name=name, title=tool.title, description=tool.about, input_schema=tool.schema, annotations=hints
    )


def _text(words: str) -> types.TextContent:
    return types.TextContent(type="text", text=words)


def _pages() -> dict[str, _Page]:
    """All resources by their addresses."""
    known = every()
    lines = "".join(f"{rule.name} {rule.title}\n" for rule in known.values())
    found = {"simcore://rules": _Page("The numbers and titles of all rules.", _TEXT, lambda: lines)}
    for name, rule in known.items():
        found[f"simcore://rules/{name}"] = _Page(rule.title, _TEXT, rule.__repr__)
    for name, platform in platforms().items():
        about = f"The JSON Schema of {platform.title}'s sequences."
        found[f"simcore://schema/{name}"] = _Page(about, _JSON, partial(_schema, platform))
        about = f"The switches for what {platform.title} does not document."
        found[f"simcore://assumptions/{name}"] = _Page(about, _JSON, partial(_switches, platform))
    for name in simcore.example():
        path = simcore.example(name)
        if path.is_file():
            kind = _CSV if path.suffix == ".csv" else _JSON
            about = f"An example: {path.name}."
            found[f"simcore://examples/{name}"] = _Page(about, kind, partial(path.read_text, "utf-8"))
    return found


def _schema(platform: Platform[Any]) -> str:
    return _json(platform.schema())


def _switches(platform: Platform[Any]) -> str:
    return _json(table(platform.assumptions).to_dict("records"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
