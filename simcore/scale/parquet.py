"""Turns a Parquet file of entries, of any size, into a folder of Parquet files of sends: one part for each chunk.

The extra `parquet` (pyarrow), which is imported only when it is used. Each file is written under a name that readers
ignore, and renamed when it is complete. Then the manifest, replaced in the same way, lists the part as finished. So
however a run was stopped, the next one starts with the first part that the manifest does not list.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd

from simcore.account import Account, Cap
from simcore.account.account import AccountPart
from simcore.account.load import usable
from simcore.account.people import broadcasts as read_broadcasts
from simcore.answers.idle import Idle, idle
from simcore.answers.options import FileOptions, Naming, Options, read, takes
from simcore.answers.projection import plan_of
from simcore.engine import entries as reading
from simcore.engine.frames import warn_of_inactive, ways
from simcore.errors import EntryError, SimcoreError, TooLateError, shown
from simcore.files import shipped as about
from simcore.files.folders import alone, settle, writing
from simcore.files.inputs import path_of
from simcore.files.parquet import flat, pyarrow
from simcore.files.rows import Rows
from simcore.files.writing import replacing
from simcore.plan.columns import (
    check,
)
from simcore.plan.platform import Sequence
from simcore.scale.source import Source, check_grouped, decoding
from simcore.scale.whole import Whole, checked, entered, make, sequences
from simcore.text.progress import reporting

MANIFEST = "_manifest.json"
"""Readers of folders take every file for a part, except names that begin with _ or a dot."""
_ANEW = "choose another folder, or delete this one and start again"


class Part(NamedTuple):
    """A finished file: its name, how many rows of the input went in, how many sends came out, and its size; and the
    rows and sends that came to nothing (see `Idle`)."""

    file: str
    rows: int
    sends: int
    bytes: int
    without_run: dict[str, int]
    why_no_sends: str


class Summary(NamedTuple):
    """What a folder holds: `parts` with `sends`, from `rows` of the input; `found` parts were finished before."""

    rows: int
    sends: int
    parts: int
    found: int


class ParquetOptions(FileOptions, Naming, total=False):
    """Those of `project`."""


@takes(ParquetOptions)
def project(
    path_in: str | PathLike[str],
    path_out: str | PathLike[str],
    sequence: Sequence | Account,
    *,
    cap: Cap | None = None,
    chunk_rows: int = 1_000_000,
    progress: bool = True,
    **options: Unpack[ParquetOptions],
) -> Summary:
    """The timeline of the entries in a Parquet file that may be bigger than memory, as a folder of Parquet files.

    `path_in`: a file with the columns `subscriber_id` (numbers or texts) and `entered_at`, optionally `via`, and if
    the sequence has a trigger `properties` and `attributes` (structs, maps or JSON texts) and `time_zone`, or as the
    platform or `columns` names them. As in all files, a blank text counts as missing. `path_out`: a folder, created if
    it does not exist. The other arguments are those of `simcore.project`, except events: those of a subscriber could
    be anywhere. `order="email"` orders each part.

    You can read the folder as one table (`pandas.read_parquet(path_out)`): `part-00000.parquet` and so on share one
    schema, and their rows, in the order of the names, are those that `simcore.project` gives for the whole file. A
    part holds the sends of `chunk_rows` entries, or a few more, since a subscriber is never split: the rows of a
    subscriber must be next to each other, as in a file sorted by subscriber_id. A file of at most `chunk_rows` rows
    can be in any order. Memory depends on `chunk_rows` only. The exception is a file whose ids do not rise: up to 67
    million of them at a time are held as numbers (8 bytes each, twice), to check that no subscriber comes back.

    An account (`simcore.Account`) can stand in the place of the sequence, and then alone a `cap`. The file has a
    `sequence_id` too, and all rows of a subscriber, whatever their sequences, must be next to each other. The columns
    are those of `Account.project`, `sequence_id` first: int64 if all sequences' ids are whole numbers, or else a
    dictionary of texts. Each part is in the order of `Account.project`. The tables of an account that was loaded are
    not used. Broadcasts go to everybody who has rows in the file, be it by an audience or by name.

    If a run was stopped, for any reason, the same call resumes it and does not repeat finished parts. After a finished
    run the call does nothing. `progress` shows a bar on standard error: rows, share, rate. Returns a `Summary`.

    Raises EntryError, which names rows of the file (from 0) that cannot be used; finished parts stay. Raises
    SimcoreError if a file cannot be read or written, if another process writes to the folder, if a subscriber comes
    back after others, or if the folder was started with another sequence, input or other arguments, or with another
    version of simcore or of the time zone data.

    >>> import tempfile, simcore
    >>> from simcore import kit
    >>> from simcore.scale import parquet
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     entries = pd.read_csv(simcore.example("entries")).sort_values("subscriber_id", kind="stable")
    ...     entries.to_parquet(f"{folder}/entries.parquet")
    ...     done = parquet.project(
    ...         f"{folder}/entries.parquet", f"{folder}/sends", welcome, chunk_rows=100, progress=False
    ...     )
    ...     done.sends == len(pd.read_parquet(f"{folder}/sends")) == len(simcore.project(welcome, entries))
    True
    """
    given = read(project, options)
    if not isinstance(chunk_rows, int) or isinstance(chunk_rows, bool) or chunk_rows < 1:
        raise SimcoreError(f"chunk_rows: found {shown(chunk_rows)}, expected a whole number of 1 or more")
    source, folder = path_of("path_in", path_in), path_of("path_out", path_out, "a folder")
    arrow, parquet = pyarrow(source)
    sequence, given = checked(sequence, given, cap)
    nobody = make(sequence, [], given, cap=cap)
    names, given = check(given.columns), given._replace(columns=None)
    with ExitStack() as stack:
        with decoding(source, arrow):
            opened = stack.enter_context(open(source, "rb"))
            zones = isinstance(given.time_zones, str)
            entries = Source(source, opened, sequence, nobody, names, arrow, parquet, zones=zones)
        fingerprint = _fingerprint(sequence, entries, given, chunk_rows, cap)
        stack.enter_context(alone(folder, MANIFEST))
        parts = _finished(folder, fingerprint)
        found, done = len(parts), sum(part.rows for part in parts)
        if parts and done == entries.rows:
            if progress:
                print(f"{folder}: already finished, nothing to do", file=sys.stderr)
            return _summary(parts, found)
        warn_of_inactive(entries.standings(), entries.active)
        report = stack.enter_context(reporting(progress, entries.rows, "rows"))
        if not parts:
            if entries.rows > chunk_rows:
                check_grouped(entries, report)
            _keep(folder, fingerprint, parts)
        schema, subjects = _schema(arrow, nobody, entries.id_type)
        digits = max(
            5, len(str(entries.rows // chunk_rows))
        )  # so that the order of the names is that of the parts
        report("Projecting", done)
        for chunk in entries.chunks(done, chunk_rows):
            sends, nothing = _sends(entries, chunk, done, sequence, given, cap)
            path = folder / f"part-{len(parts):0{digits}}.parquet"
            with replacing(path, source) as sink:
                with parquet.ParquetWriter(sink, schema) as writer:
                    writer.write_table(_table(arrow, sends, schema, subjects))
                settle(sink)
                parts.append(Part(path.name, chunk.num_rows, len(sends), sink.tell(), *nothing))
            _keep(folder, fingerprint, parts)
            done += chunk.num_rows
            report("Projecting", done)
        return _summary(parts, found)


def nothing_of(folder: Path) -> Idle:
    """What came to nothing in all parts of a folder that is finished."""
    parts = [Part(**part) for part in json.loads((folder / MANIFEST).read_bytes())["parts"]]
    without_run = Counter[str]()
    for part in parts:
        without_run.update(part.without_run)
    why = "" if any(part.sends for part in parts) else parts[0].why_no_sends
    return Idle(dict(without_run.most_common()), why)


def _identity(what: Any, options: Options) -> Any:
    """What identifies a sequence, or an account."""
    if not isinstance(what, Account):
        # The API's form has no ids for emails that it did not number.
        ids = [step.email_id for step in plan_of(what, include_drafts=True).steps]
        return [what.to_api(), ids, repr(getattr(what, "left_out", None))]  # the last is a what-if
    mails = read_broadcasts(what.broadcasts, options.tables)
    rows = (
        None if mails is None else [mails.at_us.tolist(), mails.subject, mails.audience, [*mails.subscriber]]
    )
    return [[_identity(one, options) for one in sequences(what)], repr(what.assumptions), rows]


def _changes(given: Any) -> Any:
    if isinstance(given, Mapping):
        return [[key, _changes(each)] for key, each in given.items()]
    return [*map(repr, given)]


def _fingerprint(
    sequence: Any, entries: Source, options: Options, chunk_rows: int, cap: Cap | None
) -> dict[str, Any]:
    """What identifies a run; its parts fit no other."""
    versions = about.versions()
    asked = {name: getattr(options, name) for name in FileOptions.__annotations__}
    if options.time_zones is not None and not isinstance(options.time_zones, str):
        asked["time_zones"] = _digest([*map(repr, options.time_zones.items())])
    return asked | {
        "sequence": _digest(_identity(sequence, options)),
        "cap": None if cap is None else repr(cap),
        "changes": _digest(_changes(options.changes)),
        "until": reading.read_until(options.until, options.typed),
        "assumptions": None if options.assumptions is None else repr(options.assumptions),
        "chunk_rows": chunk_rows,
        "input": entries.fingerprint(),
        "columns": entries.names,
        "simcore": versions["simcore"],
        "tzdata": versions["tzdata"],
    }


def _sends(
    given: Source, chunk: Any, start: int, sequence: Any, options: Options, cap: Cap | None
) -> tuple[pd.DataFrame, Idle]:
    """The timeline of a chunk, which begins at row `start` of the file, and what comes to nothing."""
    with decoding(given.path, given.arrow):
        frame = flat(given.arrow, chunk, given.wanted).to_pandas()
    if given.lenient:
        frame["via"] = ways(frame["via"], given.plan.vias)
    rows = Rows(given.path, "row", frame, np.arange(start, start + len(frame)), {}, {})
    zones = isinstance(options.time_zones, str)
    if isinstance(sequence, Account):
        entries = usable("entries", rows, sequence.sequences, options.tables, zones=zones)
    else:
        entries = rows.entries(given.plan, options.tables, zones=zones)
    if rows.broken:
        bad = sorted(rows.broken)
        lines = [
            f"{given.path}: {len(bad)} of the {len(frame)} rows from row {start} on cannot be used",
            *(f"  row {row}: {rows.broken[row]}" for row in bad[:10]),
            *([f"  and {len(bad) - 10} more"] if len(bad) > 10 else []),
        ]
        raise EntryError("\n".join(lines), bad)
    try:
        found = make(sequence, entries, options, cap=cap, entered=entered(sequence, None))
        sends = found.timeline()
        return sends, _idle(found, sends) if isinstance(found, AccountPart) else idle(found, len(entries))
    except TooLateError as error:
        message, places = str(error), [start + row for row in error.rows]
        if isinstance(sequence, Account):  # it names subscribers, or counts a sequence's own rows
            message, places = f"in the {len(frame)} rows from row {start} on: {message}", []
        else:
            row, *_ = error.rows
            message = message.replace(f" row {row} (", f" row {start + row} (", 1)
        raise TooLateError(f"{given.path}: {message}", places) from None


def _idle(found: AccountPart, sends: pd.DataFrame) -> Idle:
    """What has no effect in any sequence of an account."""
    without_run = Counter[str]()
    for one in found.made.projections:
        without_run.update(idle(one, None).without_run)
    return Idle(dict(without_run.most_common()), "" if len(sends) else "no mail of the account goes out")


def _schema(arrow: ModuleType, nobody: Whole, id_type: Any) -> tuple[Any, list[str]]:
    """The schema of every part, and all subjects that it may have."""
    timeline, text = nobody.timeline(), arrow.string()
    texts, whole = arrow.dictionary(arrow.int32(), text), pd.api.types.is_integer_dtype
    kinds = {
        "subscriber_id": id_type,
        "run": arrow.int32(),
        "position": arrow.int16(),
        "email_id": arrow.int64() if whole(timeline["email_id"]) else text,
        "subject": texts,
        "send_at": arrow.timestamp("us", str(timeline["send_at"].dt.tz)),
    }
    if "sequence_id" in timeline:
        kinds["sequence_id"] = arrow.int64() if whole(timeline["sequence_id"].cat.categories) else texts
    schema = arrow.schema([(name, kinds.get(name, text)) for name in map(str, timeline)])
    steps = [step for epoch in nobody.epochs for step in epoch.plan.steps if step.queued and step.sends]
    subjects = [*timeline["subject"].cat.categories, *(step.subject for step in steps)]
    return schema, [*dict.fromkeys(subjects)]


def _table(arrow: ModuleType, sends: pd.DataFrame, schema: Any, subjects: list[str]) -> Any:
    held = {"subject": sends["subject"].cat.set_categories(subjects)}
    if "sequence_id" in sends and arrow.types.is_dictionary(schema.field("sequence_id").type):
        held["sequence_id"] = sends["sequence_id"].cat.rename_categories(str)
    return arrow.Table.from_pandas(sends.assign(**held), schema=schema, preserve_index=False)


def _finished(folder: Path, fingerprint: dict[str, Any]) -> list[Part]:
    """The parts that the manifest lists. Raises SimcoreError if it belongs to a different run."""
    path = folder / MANIFEST
    with writing(folder):
        if not path.exists():
            return []
        text = path.read_bytes()
        try:
            manifest = json.loads(text)
            begun, parts = dict(manifest["fingerprint"]), [Part(**part) for part in manifest["parts"]]
        except (ValueError, LookupError, TypeError):
            raise SimcoreError(f"{path}: not a manifest that simcore wrote: {_ANEW}") from None
        changed = [name for name in fingerprint if begun.get(name) != fingerprint[name]]
        if parts and changed:
            raise SimcoreError(
                f"{folder}: cannot be resumed, since these have changed: {', '.join(changed)}: {_ANEW}"
            )
        for part in parts:
            if not (folder / part.file).is_file() or (folder / part.file).stat().st_size != part.bytes:
                raise SimcoreError(f"{folder / part.file}: missing, or changed since it was written: {_ANEW}")
    return parts


def _keep(folder: Path, fingerprint: dict[str, Any], parts: list[Part]) -> None:
    """Writes the manifest."""
    manifest = {"fingerprint": fingerprint, "parts": [part._asdict() for part in parts]}
    with replacing(folder / MANIFEST) as sink:
        sink.write(json.dumps(manifest, indent=1).encode())
        settle(sink)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=repr).encode()).hexdigest()


def _summary(parts: list[Part], found: int) -> Summary:
    return Summary(sum(part.rows for part in parts), sum(part.sends for part in parts), len(parts), found)
