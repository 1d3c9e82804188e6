"""Reports: what a sequence sends to whom, when and why, or several of them side by side, as a page for a browser."""

import re
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any, Unpack

import pandas as pd

from simcore.answers.lint import lint
from simcore.answers.metrics import Metrics
from simcore.answers.options import Entries, Options, ReportOptions, read, takes
from simcore.answers.projection import Cache, plan_of
from simcore.answers.sides import Side, moved
from simcore.answers.whatif import WHAT
from simcore.clock.instants import Instant, Reader
from simcore.clock.words import clock, length
from simcore.clock.zones import SECOND_US, zone
from simcore.engine.entries import read_until
from simcore.errors import SimcoreError
from simcore.files.inputs import path_of
from simcore.files.shipped import versions
from simcore.files.stamps import aware, us_of
from simcore.files.writing import replacing
from simcore.plan.platform import Sequence, platform_of
from simcore.plan.rules import Rule, every
from simcore.plan.switches import YES_NO
from simcore.plan.switches import table as switches
from simcore.show import drawing
from simcore.show.album import album
from simcore.show.page import Markup, facts, page, paragraph, section, table, text
from simcore.show.scenarios import Case, Scenario, entered, picked, scenarios
from simcore.text.tables import Shown, Table
from simcore.text.wording import count, listed, local_date

_RULE = re.compile(r"[A-Z]+\d+")
_IN_PYTHON = re.compile(r" \(\w+=True [^)]*\)")
"""What a message advises those to do who write Python."""
_MEASURES = (
    "Sent",
    "First send",
    "Last send",
    "Half have their last email within",
    "95 of 100 within",
    "On Sat and Sun",
    "At night (22:00 to 07:00)",
    "Most in an hour",
)


@takes(ReportOptions)
def write_report(
    sequences: Sequence | Mapping[str, Sequence],
    path: str | PathLike[str],
    entries: Entries | None = None,
    *,
    entered_at: Instant | list[Instant] | list[str] | tuple[Instant, ...] | None = None,
    as_of: Instant | None = None,
    **options: Unpack[ReportOptions],
) -> None:
    """Writes an HTML page about a sequence, or about several side by side, for people without Python.

    `sequences`: one, or a dict of scenarios by name, which are then compared. `path`: the file to write. `entries`:
    who enters, as for `simcore.project`; the page then has what they get, in numbers and pictures, and explains each
    send to three of them: who went through it fastest, who took longest, and one in the middle. `entered_at`: an
    instant or a list of instants; the page explains what somebody gets who enters then (to whom nothing else
    happens), instead. At least one of them is needed, or `events` that enrol people. `as_of`: as for `simcore.lint`,
    whose findings are on the page too; None: when the first one enters.

    The page also has the emails, the switches in force and the rules that they belong to. It is one file that needs
    nothing else: no network and no scripts. It follows the light or dark setting of who reads it, fits narrow
    screens, and can be printed. Equal input gives equal bytes. The file is written completely or not at all.

    Needs matplotlib: pip install "simcore[plot]". Raises SimcoreError if there is nobody whose mails it could show,
    and the errors of `simcore.project`.

    >>> import tempfile, simcore
    >>> from pathlib import Path
    >>> from simcore import kit
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = Path(folder, "report.html")
    ...     simcore.write_report(kit.load(simcore.example("welcome")), found, entered_at="2026-03-06 21:07")
    ...     "Three knives are enough" in found.read_text("utf-8")
    True
    """
    file = path_of("path", path)
    made = report(sequences, entries, read(write_report, options), entered_at, as_of)
    with replacing(file) as sink:
        sink.write(made)


def report(sequences: Any, entries: Any, given: Options, entered_at: Any = None, as_of: Any = None) -> bytes:
    """The page that `write_report` writes; `given`: its options."""
    drawing.matplotlib()
    some = scenarios(
        sequences,
        entries,
        given,
        alone=entered_at is not None,
        or_else=", or entered_at= to explain an entry",
    )
    if as_of is not None:
        as_of = aware([given.typed.read_one(as_of, "as_of")])[0]
    given_us = [] if entered_at is None else _given_us(entered_at, some[0])
    cases = picked(some) if entered_at is None else entered(some, given_us)
    begins_us = given_us or [
        int(one.side.projection.people.runs.entered_us.min())
        for one in some
        if one.side is not None and len(one.side.projection.people.runs)
    ]
    if as_of is None and begins_us:
        as_of = aware([min(begins_us)])[0]
    title = f"{listed(one.title for one in some)}{', compared' if len(some) > 1 else ''}"
    body = [
        f"<header>\n<h1>{text(title)}</h1>\n{''.join(map(_line, some))}</header>\n",
        section("In short", _summary(some), _moves(some)),
        section("Worth a second look", *_findings(some, as_of)),
        section("When it goes out, and why", *(_case(case, some) for case in cases)),
        section("Pictures", *album(some, cases)),
        section("The emails", *map(_emails, some)),
        *_fine_print(some),
    ]
    return page(title, "".join(body))


def _given_us(entered_at: Any, first: Scenario) -> list[int]:
    """The instants that are to be explained [µs]."""
    given = [*entered_at] if isinstance(entered_at, list | tuple) else [entered_at]
    if not given:
        raise SimcoreError("entered_at: found [], expected an instant, or a list of them")
    zone = first.options.naive_time_zone or first.sequence.time_zone
    how = Reader(zone, dayfirst=first.options.dayfirst)
    return [how.read_one(each, "entered_at") for each in given]


def _line(one: Scenario) -> str:
    """The line below the title."""
    platform = platform_of(one.sequence)
    steps = [step for step in plan_of(one.sequence).steps if step.is_email]
    end_us = read_until(one.options.until, one.options.typed)
    told = [
        f"a {platform.title} sequence with {count(len(steps), 'email')}",
        f"times in {one.here.name}",
        "drafts treated as published" if one.options.include_drafts else "",
        "" if end_us is None else f"nothing goes out from {clock(end_us, one.here)} on",
    ]
    return paragraph(_about(one, ", ".join(filter(None, told))), "soft")


def _about(one: Scenario, words: str) -> str:
    """Words about a scenario, by its name if it has one."""
    return f"{one.name}: {words}" if one.name else words[0].upper() + words[1:]


def _summary(scenarios: list[Scenario]) -> str:
    """The numbers to decide by."""
    found = [(one, _numbers(one.side), one.side) for one in scenarios if one.side is not None]
    said = []
    for one, _, side in found:
        why = _IN_PYTHON.sub("", side.nothing.why_no_sends).replace("until=", "the end")
        said += [
            f"{_about(one, each)}."
            for each in (side.nothing.told(), why and f"nothing is sent: {why}")
            if each
        ]
    notes = "".join(map(paragraph, said))
    if not found:
        return ""
    if not scenarios[0].name:
        return facts((name, told) for name, told in found[0][1].items() if told) + notes
    heads = [*found[0][1]]
    rows = [(one.name, *numbers.values()) for one, numbers, _ in found]
    return (
        table(
            ["Schedule", *heads],
            rows,
            "What the same people get from each schedule",
            right=heads[3:],
            short=["Schedule", *heads[:3]],
        )
        + notes
    )


def _numbers(side: Side) -> dict[str, str]:
    """What to decide by, in words."""
    emails, people = len(side.sends), int(side.sends["subscriber_id"].nunique())
    sent = f"{emails:,} email{'s' * (emails != 1)} to {people:,} {'person' if people == 1 else 'people'}"
    told = dict.fromkeys(_MEASURES, "") | {"Sent": sent}
    if not emails:
        return told
    median, p95, weekend, night, most = Metrics(Cache()).of(side.projection)
    days = zone(side.projection.zone).date(us_of(side.sends["send_at"].agg(["min", "max"]))).tolist()
    found = (
        sent,
        *map(local_date, days),
        f"{median:.1f} days",
        f"{p95:.1f} days",
        f"{weekend:.0%}",
        f"{night:.0%}",
        f"{most:,} email{'s' * (most != 1)}",
    )
    return dict(zip(_MEASURES, found, strict=True))


def _moves(scenarios: list[Scenario]) -> str:
    """How each email's sends move from one scenario to the other, if there are two."""
    sides = [one.side for one in scenarios if one.side is not None]
    if len(scenarios) != 2 or len(sides) != 2:
        return ""
    rows = moved(*sides)
    before, after = (one.name for one in scenarios)
    if not any(row["earlier"] or row["later"] or row["unchanged"] for row in rows):
        return paragraph("No email is in both: emails are matched by their ids.")
    heads = ["Email", *map(str.capitalize, WHAT), "Half moves by"]
    cells = [
        (row["subject"], *(f"{row[what]:,}" for what in WHAT), _moved_by(row["median_shift_seconds"]))
        for row in rows
    ]
    return table(
        heads, cells, f"What becomes of each email's sends from {before} to {after}", right=heads[1:-1]
    )


def _moved_by(seconds: float | None) -> str:
    """A shift in words."""
    if not seconds:
        return "" if seconds is None else "not at all"
    return f"{length(round(abs(seconds) * SECOND_US))} {'later' if seconds > 0 else 'earlier'}"


def _findings(some: list[Scenario], as_of: Any) -> Iterator[str]:
    """What lint finds; what it finds in several scenarios alike is said once."""
    told: dict[str, list[str]] = {}
    for one in some:
        found = lint(one.sequence, as_of=as_of)
        lines = [
            f'<div class="finding {row.severity}"><b>{text(row.severity)}</b> <code>{text(row.where)}</code>'
            f"<p>{text(row.message)}</p></div>\n"
            for row in found.itertuples()
        ]
        told.setdefault("".join(lines) or paragraph("Nothing."), []).append(one.name)
    for lines_, names in told.items():
        yield section(listed(names), lines_, level=3) if len(told) > 1 else lines_


def _case(case: Case, scenarios: list[Scenario]) -> str:
    """What somebody gets, and why then."""
    several = bool(scenarios[0].name)
    heads = [*(["Schedule"] if several else []), "Goes out", "Email", "Why then"]
    rows = []
    for one, sends in zip(scenarios, case.sends, strict=True):
        for send in sends.itertuples():
            never = send.send_at is pd.NaT
            when = "not at all" if never else clock(int(us_of([send.send_at])[0]), one.here)
            name = (one.name,) if several else ()
            rows.append((*name, Markup(f"<time>{text(when)}</time>"), send.subject, send.reason))
    told = (
        table(heads, rows, case.title, short=["Schedule"], seen=False)
        if rows
        else paragraph("They get nothing.")
    )
    return section(case.title, told, level=3)


def _emails(one: Scenario) -> str:
    """The sequence as a table, with how often each email is sent."""
    sequence = one.sequence
    shows = sequence._table() if isinstance(sequence, Shown) else _plainly(sequence)
    heads, rows = [*map(str, shows.columns)], [[*row] for row in shows.rows]
    if one.side is not None and heads[0] == "pos":
        sent = one.side.sends["position"].value_counts().to_dict()
        emails = {step.position for step in one.side.projection.steps() if step.is_email}
        rows = [[*row, f"{sent.get(row[0], 0):,}" if row[0] in emails else ""] for row in rows]
        heads.append("sends")
    told = table(heads, rows, shows.heading, right=["sends"])
    return section(one.name, told, level=3) if one.name else told


def _plainly(sequence: Any) -> Table:
    """A sequence that does not show itself."""
    steps = [step for step in plan_of(sequence).steps if step.is_email]
    return Table(str(sequence.name), ("pos", "subject"), [(step.position, step.subject) for step in steps])


def _fine_print(scenarios: list[Scenario]) -> list[str]:
    """The switches in force, the rules that they belong to, and the versions."""
    known, shown_rules, tables = every(), dict[str, Rule](), []
    by_switches: dict[Any, list[str]] = {}
    for one in scenarios:
        by_switches.setdefault(one.options.assumptions, []).append(one.name)
    for chosen, names in by_switches.items():
        rows = []
        for row in switches(type(chosen)).to_dict("records"):
            value = str(getattr(chosen, row["name"]))
            value = value.lower() if row["default"] in YES_NO else value
            changed = "" if value == row["default"] else f" (set; by default {row['default']})"
            rules = [known[name] for name in _RULE.findall(row["rule"]) if name in known]
            shown_rules |= {rule.name: rule for rule in rules}
            links = ", ".join(f'<a href="#rule-{rule.name}">{rule.name}</a>' for rule in rules)
            rows.append((
                Markup(f"<code>{text(row['name'])}</code>"),
                f"{value}{changed}",
                row["meaning"],
                Markup(links or text(row["rule"])),
            ))
        about = (
            f"The switches in force for {listed(names)}" if len(by_switches) > 1 else "The switches in force"
        )
        tables.append(
            table(["Switch", "Value", "What it decides", "Rule"], rows, about, short=["Value"])
            if rows
            else ""
        )
    why = (
        "Some things no platform documents. For each of them there is a switch, and what goes out above depends on "
        "how it is set."
    )
    articles = "".join(
        f'<article id="rule-{name}">{rule._repr_html_()}</article>\n' for name, rule in shown_rules.items()
    )
    rules_ = articles and f"<details>\n<summary>{text(listed(shown_rules))}</summary>\n{articles}</details>\n"
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    return [
        section("What is assumed", paragraph(why), *tables) if any(tables) else "",
        section("The rules behind the switches", rules_),
        f"<footer>{text(f'Made by {made}. Equal input gives an equal page.')}</footer>\n",
    ]
