"""The options of the verbs: shown in full, refused by name, said once; types that say what the code does."""

import inspect
import pydoc
from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

import simcore
from simcore import kit, sequenzy, testing
from simcore.answers import options
from simcore.answers.options import (
    DEFAULTS,
    CompareOptions,
    FileOptions,
    Options,
    PreviewOptions,
    ProjectOptions,
)
from simcore.clock.periods import FREQUENCIES
from simcore.errors import ValidationError
from simcore.kit import fields as kit_fields
from simcore.kit.model import SequenceFields, WholeSequence
from simcore.scale import parquet
from simcore.sequenzy import fields as sequenzy_fields

WELCOME = kit.load(simcore.example("welcome"))
ENTRY = ["2026-03-06T21:07-05:00"]
ALL = (
    "*, events=None, changes=(), until=None, include_drafts=False, assumptions=None, naive_time_zone=None, "
    "order='entry', enabled_at=None, render=False, explain=False, seed=None, columns=None, unit=None, dayfirst=False, "
    "time_zones=None"
)
SIGNATURES = {
    simcore.preview: "sequence, entered_at, *, include_drafts=False, assumptions=None, naive_time_zone=None, "
    "seed=None, attributes=None, tags=(), time_zones=None",
    simcore.project: f"sequence, entries=None, {ALL}",
    simcore.simulate: f"sequence, entries=None, {ALL}",
    simcore.forecast: "sequence, entries=None, *, freq='D', by='email', capacity=None, events=None, changes=(), "
    "until=None, include_drafts=False, assumptions=None, naive_time_zone=None, order='entry', enabled_at=None, "
    "render=False, seed=None, columns=None, unit=None, dayfirst=False, time_zones=None",
    simcore.compare: f"sequences, entries=None, {ALL}",
    simcore.impact: "sequence, entries, changes, *, events=None, until=None, include_drafts=False, assumptions=None, "
    "naive_time_zone=None, order='entry', seed=None, columns=None, unit=None, dayfirst=False, time_zones=None",
    simcore.sweep: "sequence, fields, entries=None, *, metrics=None, limit=50000, events=None, changes=(), "
    "until=None, include_drafts=False, assumptions=None, naive_time_zone=None, order='entry', enabled_at=None, "
    "render=False, seed=None, columns=None, unit=None, dayfirst=False, time_zones=None",
    simcore.optimize: "sequence, entries=None, *, over, minimize, subject_to=(), top=5, progress=True, limit=1000000, "
    "events=None, changes=(), until=None, include_drafts=False, assumptions=None, naive_time_zone=None, "
    "order='entry', enabled_at=None, render=False, seed=None, columns=None, unit=None, dayfirst=False, "
    "time_zones=None",
    parquet.project: "path_in, path_out, sequence, *, cap=None, chunk_rows=1000000, progress=True, changes=(), "
    "until=None, include_drafts=False, assumptions=None, naive_time_zone=None, order='entry', render=False, "
    "explain=False, seed=None, columns=None, unit=None, dayfirst=False, time_zones=None",
    testing.assert_for_all_entries: "sequence, predicate, start, end, *, every=datetime.timedelta(seconds=3600), "
    "include_drafts=False, assumptions=None, naive_time_zone=None",
}
CALLS = {
    simcore.preview: (WELCOME, ENTRY[0]),
    simcore.compare: ({"now": WELCOME}, ENTRY),
    simcore.impact: (WELCOME, ENTRY, []),
    simcore.sweep: (WELCOME, {"send_hour": [9]}, ENTRY),
    parquet.project: ("entries.parquet", "sends", WELCOME),
    testing.assert_for_all_entries: (WELCOME, bool, *ENTRY, "2026-04-01T00:00Z"),
}
NEEDED = {simcore.optimize: {"over": {"send_hour": [9]}, "minimize": "p95_days"}}


def named(verb):
    return f"{verb.__module__}.{verb.__name__}"


def plain(signature):
    """A signature without annotations."""
    parameters = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=signature.empty))


@pytest.mark.parametrize("verb", SIGNATURES, ids=named)
def test_signatures_show_every_option_with_its_default_and_type(verb):
    signature = inspect.signature(verb)
    assert plain(signature) == f"({SIGNATURES[verb]})"
    assert all(each.annotation is not each.empty for each in signature.parameters.values())
    assert signature.return_annotation is verb.__annotations__["return"]


@pytest.mark.parametrize("verb", SIGNATURES, ids=named)
def test_help_says_what_each_option_means(verb):
    """In words that stand in one place, after what the verb says of itself."""
    shown = " ".join(pydoc.plain(pydoc.render_doc(verb)).split())
    own, _, shared = shown.partition(" Options, by name: ")
    taken = [name for name in Options._fields if name in inspect.signature(verb).parameters]
    if verb is simcore.impact:
        taken.remove("changes")  # which stand in their place there
    kind = {simcore.compare: CompareOptions, simcore.preview: PreviewOptions}.get(verb, ProjectOptions)
    meant = {name: kind.__annotations__[name].__metadata__[0] for name in taken}
    assert shared == " ".join(f"- `{name}`: {meaning}" for name, meaning in meant.items())
    assert not any(meaning in own for meaning in meant.values())


@pytest.mark.parametrize("verb", SIGNATURES, ids=named)
@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("include_draft", ". Did you mean 'include_drafts'?"),
        ("naive_timezone", ". Did you mean 'naive_time_zone'?"),
        ("xyzzy", ""),
        ("notes", ""),  # what the rooms tell each other is no option
    ],
)
def test_what_is_no_option_is_refused_as_python_does_and_the_nearest_is_named(verb, option, hint, text_of):
    call = CALLS.get(verb, (WELCOME, ENTRY))
    expected = f"{verb.__name__}() got an unexpected keyword argument {option!r}{hint}"
    assert text_of(TypeError, verb, *call, **NEEDED.get(verb, {}), **{option: True}) == expected


@pytest.mark.parametrize(
    ("verb", "option", "hint"),
    [
        (simcore.project, "untill", ". Did you mean 'until'?"),
        (simcore.project, "entrys", ". Did you mean 'entries'?"),
        (simcore.forecast, "frequ", ". Did you mean 'freq'?"),
        (simcore.forecast, "explain", ""),
        (simcore.preview, "until", ""),
    ],
)
def test_options_of_other_verbs_and_own_ones_misspelt(verb, option, hint, text_of):
    call = CALLS.get(verb, (WELCOME,))
    expected = f"{verb.__name__}() got an unexpected keyword argument {option!r}{hint}"
    assert text_of(TypeError, verb, *call, **{option: "2026-04-01T00:00Z"}) == expected


def test_options_are_given_by_name(text_of):
    text = "project() takes from 1 to 2 positional arguments but 3 were given"
    assert text_of(TypeError, simcore.project, WELCOME, ENTRY, None) == text
    text = "preview() takes 2 positional arguments but 3 were given"
    assert text_of(TypeError, simcore.preview, WELCOME, ENTRY[0], True) == text


@pytest.mark.parametrize("jedi", [False, True])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("simcore.project(welcome, unt", "until="), ("simcore.sweep(welcome, fields, met", "metrics=")],
)
def test_jupyter_completes_options(typed, offered, jedi):
    module = pytest.importorskip("IPython.core.completer", reason="the extra notebook has it")
    completer = module.IPCompleter(
        namespace={"simcore": simcore, "welcome": WELCOME, "fields": {}}, use_jedi=jedi
    )
    with module.provisionalcompleter():
        assert offered in [each.text for each in completer.completions(typed, len(typed))]


def test_changes_that_come_one_by_one_are_read_more_than_once():
    change = kit.update_email("2026-03-06T22:00-05:00", 303, delay_value=9)
    given = options.read(simcore.project, {"changes": iter([change])})
    assert given == DEFAULTS._replace(changes=[change])
    once, again = simcore.compare({"a": WELCOME, "b": WELCOME}, ENTRY, changes=iter([change])).groupby(
        "scenario", observed=True
    )
    columns = ["position", "send_at"]
    assert once[1][columns].to_numpy().tolist() == again[1][columns].to_numpy().tolist()


def test_the_options_inside_are_those_outside():
    """Every option has a meaning and a type, and the object that is passed on has the same."""
    of_project = get_type_hints(ProjectOptions)
    hints = get_type_hints(PreviewOptions) | of_project  # time zones of one are texts, of several more
    assert hints == get_type_hints(Options)
    assert set(get_type_hints(CompareOptions)) == set(of_project)
    others = [
        value
        for value in vars(options).values()
        if isinstance(value, type) and issubclass(value, dict) and value is not dict
    ]
    assert len(others) > 10
    for kind in [*others, FileOptions]:
        for name, of in kind.__annotations__.items():
            mine = set(get_args(get_args(of)[0]) or [get_args(of)[0]])
            whole = set(get_args(hints[name]) or [hints[name]])
            assert mine >= whole or (name == "time_zones" and mine == {str, type(None)})  # of one subscriber
            meaning = of.__metadata__[0]
            assert meaning[0].islower() or meaning[0] == '"'
            assert meaning.endswith(".")
    with pytest.raises(AttributeError):
        DEFAULTS.until = "2026-04-01T00:00Z"


def test_what_may_be_is_what_is_read():
    assert get_args(options.Freq) == tuple(FREQUENCIES)
    assert get_args(options.Order) == ("entry", "email")


def allowed(kind, change):
    """The fields that may change, by what an error says of one that may not."""
    life = {"entries": ENTRY, "changes": [change]}
    with pytest.raises(ValidationError) as caught:
        simcore.project(WELCOME, **life)
    return caught.value.problems[0][1].partition("; what can: ")[2].split(", ")


def test_the_fields_of_kit_are_typed():
    email, sequence = ([each.name for each in fields(kind)] for kind in (kit.Email, kit.Sequence))
    for kind, names in [
        (SequenceFields, sequence),
        (WholeSequence, sequence),
        (kit_fields.EmailFields, [name for name in email if name != "number"]),
        (kit_fields.WholeEmail, email),
        (kit_fields.SequenceChanges, allowed("update", kit.update(*ENTRY, none=1))),
        (kit_fields.NewEmail, allowed("create_email", kit.create_email(*ENTRY, none=1))),
        (kit_fields.EmailChanges, allowed("update_email", kit.update_email(*ENTRY, 303, none=1))),
    ]:
        assert sorted(kind.__annotations__) == sorted(names)
    needed = {"subject", "delay_value", "delay_unit"}
    assert kit_fields.WholeEmail.__required_keys__ == kit_fields.NewEmail.__required_keys__ == needed
    assert WholeSequence.__required_keys__ == {"name"}
    assert not SequenceFields.__required_keys__ | kit_fields.EmailFields.__required_keys__
    assert not kit_fields.SequenceChanges.__required_keys__ | kit_fields.EmailChanges.__required_keys__


def test_the_fields_of_sequenzy_are_typed():
    names = sorted(each.name for each in fields(sequenzy.Sequence))
    assert sorted(sequenzy_fields.SequenceFields.__annotations__) == names
    assert sorted(sequenzy_fields.WholeSequence.__annotations__) == names
    assert not sequenzy_fields.SequenceFields.__required_keys__
    assert sequenzy_fields.WholeSequence.__required_keys__ == {"name"}


def choices(kind):
    """The values of each field that has few of them, None aside."""
    hints = {name: get_args(of) for name, of in get_type_hints(kind).items()}
    found = {}
    for name, some in hints.items():
        values = [value for each in some for value in (get_args(each) or [each]) if isinstance(value, str)]
        if values:
            found[name] = values
    return found


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (kit_fields.EmailFields, lambda **field: kit.Email(subject="A", delay_value=1, **field)),
        (
            kit_fields.SourceFields,
            lambda type: WELCOME.replace(exclude_subscriber_sources=[{"type": type, "ids": [1]}]),
        ),
        (
            sequenzy_fields.SequenceFields,
            lambda **field: sequenzy.Sequence(
                **{"name": "A", "trigger": "contact_added", "goal": "A"} | field
            ),
        ),
    ],
    ids=["email", "source", "sequence of Sequenzy"],
)
def test_fields_that_have_few_values_list_them_all(kind, made):
    for name, values in choices(kind).items():
        with pytest.raises(ValidationError) as caught:
            made(**{name: "none"})
        message = next(text for path, text in caught.value.problems if path.endswith(name))
        assert message.partition("one of: ")[2].split(", ") == values


@pytest.mark.parametrize("platform", [kit, sequenzy], ids=["kit", "sequenzy"])
def test_switches_are_typed_by_their_values(platform):
    hints = get_type_hints(platform.Assumptions)
    listed = {each.name: each.metadata["values"] for each in fields(platform.Assumptions)}
    of_texts = {name: values for name, values in listed.items() if get_args(hints[name])}
    assert {name: get_args(hints[name]) for name in of_texts} == of_texts
    assert {hints[name].__name__ for name in listed.keys() - of_texts} <= {"timedelta", "bool"}
