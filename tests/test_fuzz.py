"""Whatever comes in, only SimcoreErrors come out, in bounded time and memory.

The shipped examples are broken in every way: bytes flipped, cut, put in and spliced, any value of their JSON put in
the place of any other. What then loads must survive being written and read again, and being previewed. Beside
these, the known ways to hurt a reader: depth, length, numbers without end, keys twice, half characters.

CI takes 50 cases a test, always the same ones; HYPOTHESIS_PROFILE=deep as many as SIMCORE_EXAMPLES says.
"""

import contextlib
import copy
import io
import json
import os
import threading
import tracemalloc
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.errors import EntryError, SimcoreError, ValidationError
from simcore.files import json_file
from simcore.files.json_file import DEEPEST, MOST_BYTES, MOST_TOLD

NAMES = ("welcome", "letters", "account", "onboarding", "winback", "replenish", "changes")
TEXTS = {name: Path(simcore.example(name)).read_bytes() for name in NAMES}
PAYLOADS = {name: json.loads(text) for name, text in TEXTS.items()}
ENTRIES = Path(simcore.example("entries")).read_bytes().splitlines(keepends=True)
WELCOME = kit.load(simcore.example("welcome"))
ONBOARDING = sequenzy.load(simcore.example("onboarding"))
ENTERED = "2026-03-06T21:07:30-05:00"
ROOM = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

NUMBERS = st.one_of(
    st.integers(-2, 60),
    st.integers(),
    st.sampled_from([2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 10**4299]),
    st.floats(),
)
TEXTS_THAT_MEAN_SOMETHING = """
    monday days hours America/New_York Europe/Kyiv UTC ../UTC 24:00 2026-03-06 2026-03-06T21:00Z 03/06/2026 0000-00-00
    9999-12-31T23:59:59Z {{event.a}} {{event.a| has_tag contact_added frequency inactivity event_received
    matching_field field_changed equals one_of
"""
WORDS = st.text(max_size=5) | st.sampled_from([
    *TEXTS_THAT_MEAN_SOMETHING.split(),
    *("", " ", "\0", "days ", "UTC\0", "\ud800", "\udfff x", "x" * 2000, "{{" * 400),
])
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "ids", "days", "at", "op", "fields"]) | WORDS, inner, max_size=3
        )
    ),
    max_leaves=6,
)


@contextlib.contextmanager
def only_ours():
    """Nothing but SimcoreErrors comes out of this, and their texts can be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "nothing to preview"
        try:
            yield
        except SimcoreError as error:
            told = str(error)
        else:
            return
    assert told.strip()


# ---------------------------------------------------------------- what breaks files


@st.composite
def broken_bytes(draw, names):
    """An example file some of whose bytes are other ones, gone, new, or from another file."""
    data = bytearray(TEXTS[draw(st.sampled_from(names))])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["flip", "flip", "cut", "put", "end", "splice", "twice"]))
        some = draw(st.integers(1, 40))
        if kind == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del data[at : at + some]
        elif kind == "put":
            data[at:at] = draw(
                st.binary(max_size=8) | st.sampled_from([b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"NaN"])
            )
        elif kind == "end":
            del data[at:]
        elif kind == "splice":
            other = TEXTS[draw(st.sampled_from(NAMES))]
            begin = draw(st.integers(0, len(other)))
            data[at : at + some] = other[begin : begin + draw(st.integers(1, 200))]
        else:
            data[at:at] = data[at : at + some]
    return bytes(data)


def places(value, path=()):
    """The paths to all values inside a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


PLACES = {name: list(places(payload)) for name, payload in PAYLOADS.items()}


def has(value, key):
    return (
        key < len(value)
        if isinstance(value, list) and isinstance(key, int)
        else isinstance(value, dict) and key in value
    )


@st.composite
def broken_values(draw, names):
    """An example's JSON with some of its values replaced by others, removed, or under another key."""
    name = draw(st.sampled_from(names))
    payload = copy.deepcopy(PAYLOADS[name])
    for path in draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=3)):
        if not path:
            return draw(VALUES)
        *way, last = path
        inner = payload
        for key in way:
            inner = inner[key] if has(inner, key) else None
        if not has(inner, last):  # an earlier one has taken it away
            continue
        kind = draw(st.sampled_from(["put", "put", "put", "drop", "rename", "copy"]))
        if kind == "put":
            inner[last] = draw(VALUES)
        elif kind == "copy":
            inner[last] = copy.deepcopy(payload)
        elif kind == "drop" or isinstance(inner, list):
            del inner[last]
        else:
            inner[draw(WORDS)] = inner.pop(last)
    return payload


def as_file(path, value):
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def lives_on(made):
    """What was loaded can be shown, linted, previewed, projected, written and read again as what it is."""
    api = kit if isinstance(made, kit.Sequence) else sequenzy
    again = api.from_api(made.to_api())
    assert json.dumps(again.to_api()) == json.dumps(made.to_api())
    assert str(made)
    assert made._repr_html_()
    for call in (
        lambda: simcore.preview(made, ENTERED),
        lambda: simcore.simulate(made, [ENTERED]),
        lambda: simcore.lint(made, as_of=ENTERED),
    ):
        with only_ours():
            call()


KITS = ("welcome", "letters", "account")
SEQUENZYS = ("onboarding", "winback", "replenish")


@ROOM
@given(payload=broken_bytes(KITS) | broken_values(KITS))
def test_kit_files(payload, tmp_path):
    path = as_file(tmp_path / "s.json", payload)
    with only_ours():
        lives_on(kit.load(path))
    with only_ours():
        for made in kit.load_all(path):
            lives_on(made)
    with only_ours():
        lives_on(kit.load(simcore.example("welcome"), emails=path))


@ROOM
@given(payload=broken_bytes(SEQUENZYS) | broken_values(SEQUENZYS))
def test_sequenzy_files(payload, tmp_path):
    path = as_file(tmp_path / "s.json", payload)
    with only_ours():
        lives_on(sequenzy.load(path))


@given(payload=broken_values(NAMES), emails=st.none() | VALUES)
def test_payloads(payload, emails):
    """As dicts, too; and no call changes what it is given."""
    before = repr(payload)
    with only_ours():
        lives_on(kit.from_api(payload, emails))
    with only_ours():
        lives_on(sequenzy.from_api(payload))
    assert repr(payload) == before


@given(payload=broken_values(("changes",)))
def test_changes(payload):
    with only_ours():
        changes = kit.changes.from_json(payload)
        simcore.simulate(WELCOME, [ENTERED], changes=changes)


# ---------------------------------------------------------------- frames

STAMPS = st.one_of(
    LEAVES,
    st.datetimes(),
    st.dates(),
    st.sampled_from([ENTERED, pd.NaT, pd.NA, pd.Timestamp.max, pd.Timestamp.min]),
    st.lists(st.integers(), max_size=2),
)
EVENTS = (
    st.sampled_from(["tag_added", "unsubscribed", "removed", "field_changed", "list_joined", "order"])
    | LEAVES
)


@given(
    rows=st.lists(
        st.fixed_dictionaries({
            "subscriber_id": LEAVES,
            "entered_at": STAMPS,
            "via": LEAVES,
            "properties": VALUES,
        }),
        max_size=4,
    ),
    events=st.lists(
        st.fixed_dictionaries({
            "subscriber_id": LEAVES,
            "at": STAMPS,
            "event": EVENTS,
            "ref": LEAVES,
            "properties": VALUES,
        }),
        max_size=4,
    ),
    whole=st.booleans(),
)
def test_frames(rows, events, whole):
    columns = {"subscriber_id": 7, "entered_at": ENTERED, "at": ENTERED, "via": "api"} if whole else {}

    def frame(rows, names):  # whole: nothing is wrong with some columns, so that others are looked at
        return pd.DataFrame({
            name: pd.Series([columns.get(name, row[name]) for row in rows], dtype=object) for name in names
        })

    entries = frame(rows, ("subscriber_id", "entered_at", "via"))
    log = frame(events, ("subscriber_id", "at", "event", "ref", "properties"))
    full = frame(rows, ("subscriber_id", "entered_at", "properties"))
    for sequence, given_ in ((WELCOME, entries), (ONBOARDING, full), (ONBOARDING, None)):
        with only_ours():
            simcore.simulate(sequence, given_, events=log)
        with only_ours():
            simcore.forecast(sequence, given_, events=log)
    with only_ours():
        good, bad = simcore.split_entries(entries)
        assert len(good) + len(bad) == len(entries)


PARTS_OF_DATES = """
    2026 03 06 9 21 - / : T Z + -05:00 am pm march mon 1e5 nan inf . h utc est ( , of ٣ ½ ² 1_0 0x10
    999999999999 \u2212
"""
DATES = st.text(max_size=30) | st.lists(
    st.sampled_from([*PARTS_OF_DATES.split(), " ", "\0", "\ud800", "1" * 500, "mon " * 100, "+1" * 200]),
    max_size=9,
).map("".join)


@settings(max_examples=10 * settings.default.max_examples)
@given(text=DATES, zone=st.none() | st.sampled_from(["UTC", "America/New_York", "Mars", ""]) | LEAVES)
def test_dates(text, zone):
    with only_ours():
        simcore.preview(WELCOME, text, naive_time_zone=zone)


# ---------------------------------------------------------------- the command line


def run(*arguments):
    """A command ends with 0, or with 2 and one message on standard error; nothing else comes out of it."""
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in {0, 1, 2}, result.output
    assert "Traceback" not in result.output
    if result.exit_code == 2:
        assert result.stderr.startswith(("Error: ", "Warning: ", "Usage: ")), result.stderr
        assert not result.stdout
    return result


@st.composite
def broken_table(draw):
    """The example's first entries, as CSV that is broken in places."""
    data = bytearray(b"".join(ENTRIES[: draw(st.integers(0, 6))]))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 20))] = draw(
            st.binary(max_size=6)
            | st.sampled_from([
                b'"',
                b",",
                b'""',
                b"\0",
                b"2026-03-06",
                b"1e400",
                b"\r",
                b"\n",
                b"\xff",
                b'"\n"',
            ])
        )
    return bytes(data)


@ROOM
@given(table=broken_table(), on_error=st.sampled_from(["stop", "quarantine"]), as_events=st.booleans())
def test_tables_on_the_command_line(table, on_error, as_events, tmp_path):
    path = as_file(tmp_path / "e.csv", table.replace(b"entered_at,via", b"at,event") if as_events else table)
    entries = simcore.example("entries") if as_events else path
    more = ["--events", path] if as_events else []
    out = tmp_path / "out.csv"
    run("project", simcore.example("welcome"), entries, *more, "-o", out, "--on-error", on_error)


@ROOM
@given(payload=broken_bytes(NAMES) | broken_values(NAMES), text=DATES)
def test_files_and_texts_on_the_command_line(payload, text, tmp_path):
    path = as_file(tmp_path / "s.json", payload)
    run("preview", path, "--entered", ENTERED)
    run("lint", path)
    entries = as_file(tmp_path / "e.csv", f"subscriber_id,entered_at\n1,{ENTERED}\n".encode())
    run("project", simcore.example("welcome"), entries, "--changes", path, "-o", tmp_path / "o.csv")
    typed = text.encode(errors="replace").decode().replace("\0", "")  # no shell hands over others
    run("preview", simcore.example("welcome"), f"--entered={typed}")
    run("project", simcore.example("welcome"), entries, f"--until={typed}", "-o", tmp_path / "o.csv")


@ROOM
@given(data=st.data())
def test_parquet_on_the_command_line(data, tmp_path):
    path = tmp_path / "e.parquet"
    rows = pd.DataFrame({"subscriber_id": [1, 2], "entered_at": pd.DatetimeIndex([ENTERED] * 2, tz="UTC")})
    page = io.BytesIO()
    rows.to_parquet(page)
    broken = bytearray(page.getvalue())
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    path.write_bytes(broken[: data.draw(st.sampled_from([None, None, 4, 100, -1, -8]))])
    done = run(
        "project", simcore.example("welcome"), path, "-o", tmp_path / "o.csv", "--on-error", "quarantine"
    )
    assert done.exit_code == 0 or str(path) in done.stderr


def test_parquet_with_broken_notes_of_pandas(tmp_path):
    """They say nothing that is needed."""
    path = tmp_path / "e.parquet"
    pd.DataFrame({"subscriber_id": [1], "entered_at": [ENTERED]}).to_parquet(path)
    broken = path.read_bytes().replace(b'{"index_columns"', b'}"index_columns"')
    assert broken != path.read_bytes()
    path.write_bytes(broken)
    assert run("project", simcore.example("welcome"), path, "-o", tmp_path / "o.csv").exit_code == 0


def test_parquet_on_a_disk_that_fails(tmp_path, monkeypatch):
    """What the system says of a file stays what it is; what pyarrow calls an OSError has no number."""
    path = tmp_path / "e.parquet"
    pd.DataFrame({"subscriber_id": [1], "entered_at": [ENTERED]}).to_parquet(path)

    def fails(file):
        raise OSError(5, "Input/output error", file.name)

    monkeypatch.setattr("pyarrow.parquet.read_table", fails)
    told = run("project", simcore.example("welcome"), path).stderr
    assert told == f"Error: {path}: Input/output error\n"


# ---------------------------------------------------------------- the known ways to hurt a reader

NOT = "1 problem\n  {}: not JSON that can be read: "


@pytest.mark.parametrize("load", [kit.load, kit.load_all, sequenzy.load])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[" * 100_000, "nested too deeply", id="100,000 lists"),
        pytest.param('{"a":' * 100_000, "nested too deeply", id="100,000 objects"),
        pytest.param("[" * 101 + "]" * 101, "nested too deeply", id="one list too many"),
        pytest.param(
            '{"sequence": {"name": "S", "send_hour": 9, "send_hour": 10}}',
            "the key 'send_hour' is twice in one object (found 9 and 10)",
            id="a key twice",
        ),
        pytest.param(
            '{"a": {}, "\\u0061": []}', "the key 'a' is twice in one object (found {} and [])", id="spelt"
        ),
        pytest.param(
            f'{{"id": 1, "id": "{"x" * 100}"}}',
            f"the key 'id' is twice in one object (found 1 and '{'x' * 58}…)",
            id="a long value",
        ),
    ],
)
def test_json_that_cannot_be_read(load, text, message, tmp_path, text_of):
    path = as_file(tmp_path / "s.json", text.encode())
    assert text_of(ValidationError, load, path) == NOT.format(path) + message


def test_as_deep_as_may_be(tmp_path):
    deep = json.loads("[" * (DEEPEST - 2) + "]" * (DEEPEST - 2))
    made = kit.load(as_file(tmp_path / "s.json", {"sequence": {"name": "S", "new": deep}}))
    assert made.to_api()["sequence"]["new"] == deep


def itself():
    value = {}
    value["a"] = [value, value]
    return value


@pytest.mark.parametrize("deep", [json.loads("[" * 500 + "]" * 500), itself()], ids=["deep", "in itself"])
def test_values_too_deep_to_copy(deep, text_of):
    email = {"subject": "A", "delay_value": 1, "delay_unit": "days"}
    for payload, path in (
        ({"sequence": {"name": "S", "new": deep}}, "extra"),
        ({"sequence": {"name": "S"}, "new": deep}, "envelope"),
        ({"sequence": {"name": "S", "email_address": deep}}, "email_address"),
        ({"sequence": {"name": "S"}, "emails": [email | {"new": deep}]}, "emails[0].extra"),
        ({"sequence": {"name": "S"}, "emails": [email | {"content": deep}]}, "emails[0].content"),
    ):
        name = path.rpartition(".")[2]
        expected = f"1 problem\n  {path}: {name} must not be nested this deep"
        assert text_of(ValidationError, kit.from_api, payload) == expected


def test_a_trigger_that_cannot_be_shown(text_of):
    kinds = (
        "contact_added, tag_added, segment_entered, segment_exited, event_received, inbound_webhook, inactivity, "
        "frequency, manual"
    )
    text = text_of(ValidationError, sequenzy.from_api, PAYLOADS["onboarding"] | {"trigger": 10**5000})
    assert text == f"1 problem\n  trigger: trigger must be one of: {kinds} (found a int too long to show)"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "latin-1"])
def test_other_encodings(encoding, tmp_path):
    data = json.dumps({"sequence": {"name": "Ä"}}, ensure_ascii=False).encode(encoding)
    path = as_file(tmp_path / "s.json", data)
    with pytest.raises(ValidationError, match=r"s\.json: not (UTF-8|JSON)"):
        kit.load(path)


@pytest.mark.parametrize("literal", ["NaN", "-Infinity", "1e400"])
def test_numbers_that_are_none(literal, tmp_path, text_of):
    """In fields that mean something they are no values; in those that we do not know they stay what they are."""
    shown = {"NaN": "nan", "-Infinity": "-inf", "1e400": "inf"}[literal]
    path = as_file(tmp_path / "s.json", b'{"sequence": {"name": "S", "send_hour": %s}}' % literal.encode())
    assert text_of(ValidationError, kit.load, path) == (
        f"1 problem\n  send_hour: send_hour must be an integer between 0 and 23 (found {shown})"
    )
    path = as_file(tmp_path / "s.json", b'{"sequence": {"name": "S", "new": %s}}' % literal.encode())
    assert repr(kit.load(path).to_api()["sequence"]["new"]) == shown


def test_half_a_character(tmp_path, text_of):
    path = as_file(tmp_path / "s.json", b'{"sequence": {"name": "S\\ud83d"}}')
    assert text_of(ValidationError, kit.load, path) == (
        "1 problem\n  name: name must be text: it has half a character (a lone surrogate) (found 'S\\ud83d')"
    )


def test_properties_with_a_key_twice(tmp_path):
    events = as_file(
        tmp_path / "v.csv",
        b"subscriber_id,at,event,properties\n" + f'1,{ENTERED},order,"{{""a"": 1, ""a"": 2}}"\n'.encode(),
    )
    told = run("simulate", simcore.example("replenish"), "--events", events, "-o", tmp_path / "out").stderr
    assert "not a JSON object: the key 'a' is twice in one object (found 1 and 2)" in told


# Size

BIG = "not JSON that can be read: {:,} bytes, expected at most {:,}"
UNENDING = "not JSON that can be read: more than {0:,} bytes, expected at most {0:,}"


@contextlib.contextmanager
def few_bytes(most):
    """No more memory than so many bytes is asked for in here."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.fixture
def most(monkeypatch):
    """A limit that is soon reached."""
    monkeypatch.setattr(json_file, "MOST_BYTES", 1 << 20)
    return json_file.MOST_BYTES


@pytest.mark.parametrize("load", [kit.load, kit.load_all, sequenzy.load])
def test_a_file_of_a_gigabyte(load, tmp_path, text_of):
    """A string of 10^9 characters; the file has holes, so that it takes no room on the disk."""
    path = as_file(tmp_path / "s.json", b'{"sequence": {"name": "')
    os.truncate(path, 10**9)
    with few_bytes(1 << 20):
        text = text_of(ValidationError, load, path)
    assert text == f"1 problem\n  {path}: {BIG.format(10**9, MOST_BYTES)}"


@pytest.mark.parametrize("more", [0, 1])
def test_the_limit_itself(more, most, tmp_path, text_of):
    frame = b'{"sequence": {"name": "S", "new": "%s"}}'
    path = as_file(tmp_path / "s.json", frame % (b"x" * (most + more - len(frame) + 2)))
    assert path.stat().st_size == most + more
    if more:
        assert text_of(ValidationError, kit.load, path).endswith(BIG.format(most + 1, most))
    else:
        assert kit.load(path).name == "S"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of this name is a thing of Unix")
def test_a_file_without_end(most, text_of):
    with few_bytes(3 * most):
        text = text_of(ValidationError, kit.load, "/dev/zero")
    assert text == f"1 problem\n  /dev/zero: {UNENDING.format(most)}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of Unix")
@pytest.mark.parametrize("name", ["welcome", None])
def test_pipes(name, most, tmp_path, text_of):
    """What a shell hands over as <(…): read to its end, or to the limit."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    data = b" " * (most + 1) if name is None else TEXTS[name]
    writer = threading.Thread(target=written_to, args=(path, data))
    writer.start()
    if name is None:
        assert text_of(ValidationError, kit.load, path).endswith(UNENDING.format(most))
    else:
        assert kit.load(path) == WELCOME
    writer.join()


def written_to(path, data):
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more
        path.write_bytes(data)


# Length: what is told of a list of many wrong things is bounded, and so is what it takes to see them


MANY = 50_000


@pytest.mark.parametrize(
    ("api", "payload", "count"),
    [
        pytest.param(
            kit.from_api, {"sequence": {"name": "S", "send_days": ["monday"] * MANY}}, MOST_TOLD, id="days"
        ),
        pytest.param(
            kit.from_api,
            {"sequence": {"name": "S", "exclude_subscriber_sources": [1] * MANY}},
            MOST_TOLD,
            id="sources",
        ),
        pytest.param(kit.from_api, {"sequence": {"name": "S"}, "emails": [{}] * MANY}, 1, id="emails"),
        pytest.param(kit.api.all_from_api, {"sequences": [1] * MANY}, MOST_TOLD, id="sequences"),
        pytest.param(
            kit.api.all_from_api,
            {"sequences": [], "emails": [{"sequence_id": 1}] * MANY},
            MOST_TOLD,
            id="owners",
        ),
        pytest.param(
            sequenzy.from_api, {"name": "S", "trigger": "contact_added", "steps": [1] * MANY}, 1, id="steps"
        ),
        pytest.param(
            sequenzy.from_api,
            {
                "name": "S",
                "trigger": "event_received",
                "eventName": "e",
                "propertyFilters": [1] * MANY,
                "goal": "g",
            },
            MOST_TOLD,
            id="filters",
        ),
    ],
)
def test_many_problems(api, payload, count):
    with pytest.raises(ValidationError) as caught:
        api(payload)
    assert len(caught.value.problems) == count


def test_an_account_of_many(text_of):
    """Whose ids are looked up, not searched for."""
    listed = [{"id": number, "name": "S"} for number in range(MOST_TOLD)]
    email = {"subject": "A", "delay_value": 1, "delay_unit": "days"}
    emails = [email | {"sequence_id": number} for number in reversed(range(MOST_TOLD))]
    made = kit.api.all_from_api({"sequences": listed, "emails": emails})
    assert [each.emails[0].sequence_id for each in made] == list(range(MOST_TOLD))


@pytest.mark.parametrize("text", ["mon " * 100_000, "1." * 100_000, "٣" * 100_000, "+1" * 100_000, "x" * 201])
def test_long_texts_for_dates(text, text_of):
    """To read such a text as people's words takes as long as the square of its length: tens of seconds."""
    for values in ([text], [text] * 20):
        found = text_of(EntryError, simcore.project, WELCOME, values)
        assert "not a date and time: expected something like 2026-03-06T21:07:30-05:00" in found


def test_too_deep():
    flat = [[], {}, (), "x", 1, None]
    assert not json_file.too_deep("x")
    assert not json_file.too_deep(flat)
    for wrapped in (lambda value: [value, value], lambda value: {"a": value, "b": value}):
        value = flat[0]
        for _ in range(DEEPEST - 1):  # as a tree it would have 2^99 leaves
            value = wrapped(value)
        assert not json_file.too_deep(value)
        assert json_file.too_deep(wrapped(value))
