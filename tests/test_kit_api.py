"""JSON as Kit's API gives it, in every shape, and back (K1 to K5)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore import kit
from simcore.errors import SimcoreError, ValidationError
from simcore.kit.api import all_from_api

A = {"id": 301, "subject": "A", "delay_value": 0, "delay_unit": "days", "position": 0, "published": True}
B = {"id": 302, "subject": "B", "delay_value": 2, "delay_unit": "hours", "position": 1}
SHAPE = 'expected {"sequence": {...}, "emails": [...]} as Kit\'s API gives it'
LIST_SHAPE = 'expected {"sequences": [...]} as Kit\'s list of sequences gives it'
GOES_ON = "the list goes on: get the next pages too, and put them together"


@pytest.fixture
def file(tmp_path):
    def written(value, name="sequence.json"):
        path = tmp_path / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return path

    return written


def subjects(made):
    return "".join(each.subject for each in made.emails)


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("payload", "emails"),
    [
        pytest.param({"sequence": {"name": "S"}, "emails": [A, B]}, None, id="beside"),
        pytest.param({"sequence": {"name": "S", "emails": [B, A]}}, None, id="inside"),
        pytest.param({"sequence": {"name": "S"}}, [A, B], id="a list apart"),
        pytest.param({"sequence": {"name": "S"}}, (A, B), id="a tuple apart"),
        pytest.param(
            {"sequence": {"name": "S"}},
            {"emails": [A, B], "pagination": {"has_next_page": False}},
            id="apart",
        ),
        pytest.param({"sequence": {"name": "S"}, "emails": {"emails": [A, B]}}, None, id="a response beside"),
        pytest.param({"sequence": {"name": "S", "emails": None}, "emails": None}, [A, B], id="nulls"),
    ],
)
def test_shapes(payload, emails, file):
    before = json.dumps([payload, emails])
    made = kit.from_api(payload, emails)
    assert subjects(made) == "AB"
    assert json.dumps([payload, emails]) == before
    second = None if emails is None else file(emails, "emails.json")
    assert kit.load(file(payload), emails=second) == made
    assert kit.load(str(file(payload)), emails=None if second is None else str(second)) == made


def test_no_emails():
    for payload in ({"sequence": {"name": "S"}}, {"sequence": {"name": "S"}, "emails": []}):
        assert kit.from_api(payload).emails == ()


def test_missing_and_null_are_defaults():
    """K1."""
    names = [
        "send_days",
        "send_hour",
        "time_zone",
        "active",
        "repeat",
        "hold",
        "exclude_subscriber_sources",
        "id",
    ]
    nulls = kit.from_api({"sequence": {"name": "S", **dict.fromkeys(names)}})
    assert nulls.replace(extra={}) == kit.from_api({"sequence": {"name": "S"}}) == kit.Sequence(name="S")
    null = {"id": None, "published": None, "position": None, "send_days": None, "content": None}
    made = kit.from_api({"sequence": {"name": "S"}, "emails": [{**A, **null}]}).emails[0]
    assert (made.id, made.published, made.position, made.send_days) == (-1, False, 0, None)


def test_an_empty_send_days_is_not_missing():
    """K1, K11."""
    assert kit.from_api({"sequence": {"name": "S", "send_days": []}}).send_days == ()


def test_the_accounts_zone(file):
    named, nameless = {"name": "S", "time_zone": "Asia/Tokyo"}, {"name": "S", "time_zone": None}
    for item, zone, expected in (
        (named, "Europe/Berlin", "Asia/Tokyo"),
        (nameless, "Europe/Berlin", "Europe/Berlin"),
        (nameless, None, "America/New_York"),
    ):
        assert kit.from_api({"sequence": item}, time_zone=zone).time_zone == expected
        assert kit.load(file({"sequence": item}), time_zone=zone).time_zone == expected
        assert kit.load_all(file({"sequences": [item]}), time_zone=zone)[0].time_zone == expected


def test_a_zone_that_is_none(text_of):
    expected = "1 problem\n  time_zone: time_zone must be a valid IANA timezone string (found 'Mars')"
    assert text_of(ValidationError, kit.from_api, {"sequence": {"name": "S"}}, time_zone="Mars") == expected


@pytest.mark.parametrize(
    ("payload", "found", "hint"),
    [
        (None, "None", ""),
        ([], "[]", ""),
        ({}, "{}", ""),
        ("sequence", "'sequence'", ""),
        ({"sequence": None}, "an object with sequence", ""),
        ({"sequence": [1], "emails": []}, "an object with sequence, emails", ""),
        ({"name": "S", "id": 5}, "an object with name, id", ""),
        ({"sequences": []}, "an object with sequences", "; for a list of sequences use kit.load_all"),
    ],
)
def test_other_shapes(text_of, payload, found, hint, file):
    expected = f"1 problem\n  {SHAPE}{hint} (found {found})"
    assert text_of(ValidationError, kit.from_api, payload) == expected
    assert text_of(ValidationError, kit.load, file(payload)) == expected


@pytest.mark.parametrize(
    ("payload", "found", "hint"),
    [
        (5, "5", ""),
        ([{"name": "S"}], "[{'name': 'S'}]", ""),
        ({"sequences": None}, "an object with sequences", ""),
        ({"sequences": {"name": "S"}}, "an object with sequences", ""),
        ({"sequence": {"name": "S"}}, "an object with sequence", "; for one sequence use kit.load"),
    ],
)
def test_other_shapes_of_lists(text_of, payload, found, hint, file):
    assert (
        text_of(ValidationError, kit.load_all, file(payload))
        == f"1 problem\n  {LIST_SHAPE}{hint} (found {found})"
    )


def test_a_shape_keeps_its_parts():
    with pytest.raises(ValidationError) as caught:
        kit.from_api({"emails": []})
    assert (caught.value.errors, caught.value.problems) == ([SHAPE], [("", SHAPE)])


@pytest.mark.parametrize(
    ("payload", "emails", "text"),
    [
        ({"sequence": {"name": "S"}, "emails": "A"}, None, "emails: emails must be a list (found 'A')"),
        ({"sequence": {"name": "S"}, "emails": 5}, None, "emails: emails must be a list (found 5)"),
        ({"sequence": {"name": "S"}, "emails": [5]}, None, "emails[0]: an email must be an object (found 5)"),
        (
            {"sequence": {"name": "S"}},
            {"mails": []},
            'emails: expected {"emails": [...]} as Kit\'s list of sequence emails gives it '
            "(found an object with mails)",
        ),
        (
            {"sequence": {"name": "S"}},
            {},
            'emails: expected {"emails": [...]} as Kit\'s list of sequence emails gives it (found {})',
        ),
        (
            {"sequence": {"name": "S"}, "emails": [A]},
            [],
            "emails: emails are given twice: in the payload and beside it",
        ),
        (
            {"sequence": {"name": "S", "emails": []}, "emails": [A]},
            None,
            "emails: emails are given twice: in the payload and beside it",
        ),
        (
            {"sequence": {"name": "S"}},
            {"emails": {"emails": []}},
            "emails: emails must be a list (found {'emails': []})",
        ),
    ],
)
def test_emails_of_other_shapes(text_of, payload, emails, text):
    assert text_of(ValidationError, kit.from_api, payload, emails) == f"1 problem\n  {text}"


@pytest.mark.parametrize("more", [True, 1, "yes"])
def test_a_list_that_goes_on(text_of, more, file):
    """K5."""
    pages = {"pagination": {"has_next_page": more}}
    expected = f"1 problem\n  pagination.has_next_page: {GOES_ON} (found {more!r})"
    assert text_of(ValidationError, kit.from_api, {"sequence": {"name": "S"}, **pages}) == expected
    assert (
        text_of(ValidationError, kit.from_api, {"sequence": {"name": "S"}}, {"emails": [A], **pages})
        == expected
    )
    assert text_of(ValidationError, kit.load_all, file({"sequences": [], **pages})) == expected


@pytest.mark.parametrize("pages", [None, {}, {"has_next_page": False}, {"has_next_page": None}, []])
def test_a_list_that_is_whole(pages, file):
    assert kit.load_all(file({"sequences": [], "pagination": pages})) == []


# ---------------------------------------------------------------- problems of content


def test_all_problems_at_once(text_of):
    """K4."""
    payload = {
        "sequence": {
            "name": "",
            "send_hour": 24,
            "time_zone": "Mars",
            "exclude_subscriber_sources": [{"type": "x"}],
        },
        "emails": [
            A,
            {"subject": "", "delay_value": 1, "delay_unit": "day", "position": 0},
            7,
            {"id": 301, "subject": "C", "delay_value": 0, "delay_unit": "days", "send_days": ["Monday"]},
        ],
        "pagination": {"has_next_page": True},
    }
    assert text_of(ValidationError, kit.from_api, payload) == (
        "13 problems\n"
        f"  pagination.has_next_page: {GOES_ON} (found True)\n"
        "  name: name can't be blank\n"
        "  send_hour: send_hour must be an integer between 0 and 23 (found 24)\n"
        "  time_zone: time_zone must be a valid IANA timezone string (found 'Mars')\n"
        "  exclude_subscriber_sources[0].type: type must be one of: tag, sequence, form, segment (found 'x')\n"
        "  exclude_subscriber_sources[0].ids: ids must be a list of integers (found None)\n"
        "  emails[1].subject: subject can't be blank\n"
        "  emails[1].delay_unit: delay_unit must be one of: days, hours (found 'day')\n"
        "  emails[2]: an email must be an object (found 7)\n"
        "  emails[3].send_days[0]: send_days must be one of: monday, tuesday, wednesday, thursday, friday, saturday, "
        "sunday (found 'Monday')\n"
        "  emails[3].id: id has already been taken by emails[0] (found 301)\n"
        "  emails[1].position: position has already been taken by emails[0] (found 0)\n"
        "  emails[3].delay_value: delay_value must be greater than 0: only the first email can be immediate (found 0)"
    )


def test_kits_own_words():
    """K4."""
    with pytest.raises(ValidationError) as caught:
        kit.from_api({
            "sequence": {"name": "S", "send_hour": 24},
            "emails": [{"delay_value": 1, "delay_unit": "weeks"}],
        })
    assert caught.value.errors == [
        "send_hour must be an integer between 0 and 23",
        "subject can't be blank",
        "delay_unit must be one of: days, hours",
    ]
    assert [path for path, _ in caught.value.problems] == [
        "send_hour",
        "emails[0].subject",
        "emails[0].delay_unit",
    ]


def test_numbers_in_messages_are_those_of_the_file(text_of):
    """emails[0] is no email, so it is left out of the order: the others keep their numbers."""
    payload = {"sequence": {"name": "S"}, "emails": [5, {**B, "position": 1}, {**B, "position": 2}]}
    assert text_of(ValidationError, kit.from_api, payload) == (
        "2 problems\n"
        "  emails[0]: an email must be an object (found 5)\n"
        "  emails[2].id: id has already been taken by emails[1] (found 302)"
    )


def test_too_many_emails(text_of, monkeypatch):
    monkeypatch.setattr("simcore.kit.problems._MOST_EMAILS", 1)
    expected = "1 problem\n  emails: emails can't be more than 1 (found 2)"
    assert text_of(ValidationError, kit.from_api, {"sequence": {"name": "S"}, "emails": [A, B]}) == expected


# ---------------------------------------------------------------- lists of sequences

ACCOUNT = {
    "sequences": [{"id": 30, "name": "S"}, {"id": 31, "name": "T"}],
    "emails": [{**A, "sequence_id": 31}, {**B, "sequence_id": 30}, {**B, "id": 303, "sequence_id": 31}],
}


def test_load_all(file):
    made = kit.load_all(file(ACCOUNT))
    assert [(each.name, subjects(each), [email.id for email in each.emails]) for each in made] == [
        ("S", "B", [302]),
        ("T", "AB", [301, 303]),
    ]
    assert [each.emails for each in kit.load_all(file({"sequences": ACCOUNT["sequences"]}))] == [(), ()]
    assert kit.load_all(file({**ACCOUNT, "emails": None}))[0].emails == ()


def test_load_all_with_emails_inside(file):
    """As from_api reads them; they must not be lost without a word."""
    made = kit.load_all(file({"sequences": [{"id": 30, "name": "S", "emails": [A]}]}))
    assert subjects(made[0]) == "A"


def test_load_all_problems(text_of, file):
    payload = {
        "sequences": [{"id": 30, "name": ""}, 5, {"id": 31, "name": "T", "send_hour": "9"}],
        "emails": [
            {**A, "sequence_id": 30, "delay_value": -1},
            {**A, "sequence_id": 99},
            {**A},
            {**A, "sequence_id": 31, "delay_unit": "x"},
        ],
    }
    message = "sequence_id must be the id of one of the sequences"
    assert text_of(ValidationError, kit.load_all, file(payload)) == (
        "7 problems\n"
        f"  emails[1].sequence_id: {message} (found 99)\n"
        f"  emails[2].sequence_id: {message} (found None)\n"
        "  sequences[0].name: name can't be blank\n"
        "  emails[0].delay_value: delay_value must be an integer between 0 and 3650 (found -1)\n"
        "  sequences[1]: a sequence must be an object (found 5)\n"
        "  sequences[2].send_hour: send_hour must be an integer between 0 and 23 (found '9')\n"
        "  emails[3].delay_unit: delay_unit must be one of: days, hours (found 'x')"
    )


def test_load_all_emails_that_are_no_objects(text_of, file):
    payload = {"sequences": [{"id": 30, "name": "S"}], "emails": [6]}
    expected = "1 problem\n  emails[0]: an email must be an object (found 6)"
    assert text_of(ValidationError, kit.load_all, file(payload)) == expected


def test_load_all_emails_that_are_no_list(text_of, file):
    payload = {"sequences": [{"id": 30, "name": "S"}], "emails": {"emails": []}}
    expected = "1 problem\n  emails: emails must be a list (found {'emails': []})"
    assert text_of(ValidationError, kit.load_all, file(payload)) == expected


def test_load_all_numbers_are_those_of_the_file(text_of, file):
    emails = [
        *ACCOUNT["emails"],
        {**B, "id": 303, "position": 2, "sequence_id": 31},
        {**B, "id": 9, "sequence_id": 30},
    ]
    assert text_of(ValidationError, kit.load_all, file({**ACCOUNT, "emails": emails})) == (
        "2 problems\n"
        "  emails[4].position: position has already been taken by emails[1] (found 1)\n"
        "  emails[3].id: id has already been taken by emails[2] (found 303)"
    )


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(
            b'{"sequence": {"name"', "not JSON: Expecting ':' delimiter at line 1, column 21", id="cut short"
        ),
        pytest.param(b"", "not JSON: Expecting value at line 1, column 1", id="empty"),
        pytest.param(b"\n\nname: S", "not JSON: Expecting value at line 3, column 1", id="YAML"),
        pytest.param(b'{"sequence": "\xff"}', "not UTF-8: byte 14 cannot be read", id="Latin-1"),
        pytest.param(b"\xff\xfe{\x00}\x00", "not UTF-8: byte 0 cannot be read", id="UTF-16"),
        pytest.param(b"[" * 100_000, "not JSON that can be read: nested too deeply", id="nested"),
    ],
)
def test_files_that_cannot_be_read(text_of, data, text, file):
    path = file(data)
    for call in (kit.load, kit.load_all):
        assert text_of(ValidationError, call, path) == f"1 problem\n  {path}: {text}"
    good = file({"sequence": {"name": "S"}}, "good.json")
    assert text_of(ValidationError, kit.load, good, emails=path) == f"1 problem\n  {path}: {text}"


def test_a_number_of_5000_digits(file):
    """Python reads no integer that long; it is an error of the file, with its name."""
    path = file(b'{"sequence": {"name": "S", "id": ' + b"1" * 5000 + b"}}")
    with pytest.raises(ValidationError, match=r"sequence\.json"):
        kit.load(path)


def test_a_byte_order_mark(file):
    data = json.dumps({"sequence": {"name": "Ä"}}, ensure_ascii=False).encode("utf-8-sig")
    assert data.startswith(b"\xef\xbb\xbf")
    assert kit.load(file(data)).name == "Ä"


def test_no_file(tmp_path):
    for call in (kit.load, kit.load_all):
        with pytest.raises(FileNotFoundError):
            call(tmp_path / "none.json")
    with pytest.raises(SimcoreError, match=r"a folder, expected a JSON file$"):
        kit.load(tmp_path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e3", "1e400"])
def test_numbers_that_are_no_integers(value, file):
    path = file(f'{{"sequence": {{"name": "S", "send_hour": {value}}}}}'.encode())
    with pytest.raises(ValidationError, match="send_hour must be an integer between 0 and 23"):
        kit.load(path)


# ---------------------------------------------------------------- and back


def test_to_api_gives_back_what_was_read():
    """K3."""
    payload = {
        "sequence": {
            "id": 30,
            "name": "S",
            "email_address": None,
            "email_template_id": None,
            "send_days": ["friday", "monday"],
            "send_hour": 9,
            "time_zone": "Europe/Berlin",
            "active": False,
            "repeat": True,
            "hold": True,
            "exclude_subscriber_sources": [{"type": "tag", "ids": [3, 1], "name": "VIP"}],
            "created_at": "2026-01-12T09:30:00Z",
            "updated_at": None,
            "email_count": 2,
            "subscriber_count": None,
            "extra": {"deep": [1, None]},
            "envelope": "x",
        },
        "emails": [
            {
                "id": 301,
                "sequence_id": 30,
                "subject": "A",
                "preview_text": None,
                "content": "<p>A</p>",
                "email_address": None,
                "email_template_id": 7,
                "published": True,
                "position": 0,
                "delay_value": 0,
                "delay_unit": "days",
                "send_days": ["tuesday"],
                "stats": {"sent": 5},
                "extra": None,
            },
            {
                "id": 302,
                "subject": "B",
                "published": False,
                "position": 1,
                "delay_value": 2,
                "delay_unit": "hours",
                "send_days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            },
        ],
        "pagination": {"has_next_page": False},
        "meta": None,
    }
    made = kit.from_api(payload)
    assert made.to_api() == payload
    assert kit.from_api(made.to_api()) == made
    assert json.loads(json.dumps(made.to_api())) == payload


def test_to_api_fills_in_defaults_and_renumbers():
    """K3."""
    made = kit.from_api({
        "sequence": {"name": "S"},
        "emails": [{**B, "position": 9}, {**A, "id": None, "position": 5}],
    })
    assert made.to_api() == {
        "sequence": {
            "name": "S",
            "send_days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            "send_hour": 11,
            "time_zone": "America/New_York",
            "active": True,
            "repeat": False,
            "hold": False,
            "exclude_subscriber_sources": [],
        },
        "emails": [
            {"id": None, **{k: v for k, v in A.items() if k != "id"}, "send_days": None},
            {**B, "published": False, "position": 1, "send_days": None},
        ],
    }


def test_what_was_made_here_comes_back_equal():
    made = kit.Sequence(name="S", emails=[kit.Email(id=5, subject="A", delay_value=1, delay_unit="days")])
    assert kit.from_api(made.to_api()) == made
    read = kit.from_api({"sequence": {"name": "S"}, "emails": [A, B]})
    assert kit.from_api(read.to_api()) == read


def test_our_own_ids_are_left_out():
    """K3."""
    nameless = {name: value for name, value in A.items() if name != "id"}
    made = kit.from_api({"sequence": {"name": "S"}, "emails": [nameless]})
    assert made.emails[0].id == -1
    assert "id" not in made.to_api()["emails"][0]


def test_a_null_that_is_given_a_value_is_written_with_it():
    made = kit.from_api({
        "sequence": {"name": "S", "email_address": None},
        "emails": [{**A, "preview_text": None}],
    })
    changed = made.replace(email_address="a@example.com").replace_email(0, preview_text="P").to_api()
    assert changed["sequence"]["email_address"] == "a@example.com"
    assert changed["emails"][0]["preview_text"] == "P"


def test_what_is_handed_out_is_not_shared():
    made = kit.from_api({"sequence": {"name": "S", "send_days": ["friday"]}, "emails": [A]})
    made.to_api()["sequence"]["send_days"].append("monday")
    made.to_api()["emails"].clear()
    assert made.send_days == ("friday",)
    assert len(made.to_api()["emails"]) == 1


WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
JSON = st.sampled_from([None, True, 5, 1.5, "", "ä", [], [1, None], {}, {"deep": {"er": [{}]}}])
UNKNOWN = st.dictionaries(st.sampled_from(["x", "extra", "envelope", "plan", "0"]), JSON, max_size=3)
TEXT = st.sampled_from(["S", " 5 ", "Ä😀", "null", "a\nb"])


@st.composite
def payloads(draw):
    """What Kit might give: known fields, some of them null or missing, and unknown ones."""
    days = st.lists(st.sampled_from(WEEK), unique=True)
    known = {
        "id": st.none() | st.integers(1, 10**9),
        "email_address": st.none() | TEXT,
        "send_days": st.none() | days,
        "send_hour": st.none() | st.integers(0, 23),
        "time_zone": st.none() | st.sampled_from(["UTC", "Asia/Tokyo"]),
        "active": st.none() | st.booleans(),
        "exclude_subscriber_sources": st.none()
        | st.lists(
            st.builds(
                lambda kind, ids, rest: {"type": kind, "ids": ids, **rest},
                st.sampled_from(["tag", "form"]),
                st.lists(st.integers(0, 99)),
                UNKNOWN,
            ),
            max_size=2,
        ),
    }
    sequence = draw(st.fixed_dictionaries({"name": TEXT}, optional=known)) | draw(UNKNOWN)
    emails = []
    for at in range(draw(st.integers(0, 4))):
        unit = draw(st.sampled_from(["days", "hours"]))
        optional = {
            "content": st.none() | TEXT,
            "published": st.none() | st.booleans(),
            "position": st.none() | st.just(at * 2),
            "send_days": st.none() | (st.just(WEEK) if unit == "hours" else days.filter(bool)),
        }
        given_ = draw(st.fixed_dictionaries({"subject": TEXT}, optional=optional)) | draw(UNKNOWN)
        named = draw(st.sampled_from([{}, {"id": None}, {"id": 100 + at}]))
        emails.append(
            given_
            | named
            | {"delay_value": draw(st.integers(1, 87_600 if unit == "hours" else 3650)), "delay_unit": unit}
        )
    return {"sequence": sequence, "emails": emails} | draw(UNKNOWN)


@given(payloads())
def test_round_trip(payload):
    made = kit.from_api(payload)
    back = made.to_api()
    assert kit.from_api(back).to_api() == back
    assert {name: back[name] for name in payload if name not in {"sequence", "emails"}} == {
        name: payload[name] for name in payload if name not in {"sequence", "emails"}
    }
    for name, value in payload["sequence"].items():
        filled = value is None and name in {
            "send_days",
            "send_hour",
            "time_zone",
            "active",
            "exclude_subscriber_sources",
        }
        assert filled or back["sequence"][name] == value
    by_position = sorted(
        payload["emails"], key=lambda each: (each.get("position") is None, each.get("position") or 0)
    )
    for at, (before, after) in enumerate(zip(by_position, back["emails"], strict=True)):
        assert after["position"] == at
        for name, value in before.items():
            assert name == "position" or (name == "published" and value is None) or after[name] == value


def test_two_sequences_of_one_id(text_of, tmp_path):
    path = tmp_path / "account.json"
    path.write_text(
        '{"sequences": [{"id": 30, "name": "S"}, {"id": 30, "name": "T"}, {"name": "U"}, {"name": "V"}]}'
    )
    expected = "1 problem\n  sequences[1].id: id has already been taken by sequences[0] (found 30)"
    assert text_of(ValidationError, kit.load_all, path) == expected


# ---------------------------------------------------------------- what would decide is not passed over

SEQUENCE_FIELDS = (
    "say the same by send_days, send_hour and time_zone of the sequence, and send_days of the emails"
)
WAITS = "say the same by delay_value and delay_unit of the emails"
ON_AND_OFF = "turn active of the sequence on and off at an instant, by changes"
SOURCES = "say the same by exclude_subscriber_sources of the sequence"


def beside(name, value):
    return {"sequence": {"name": "S"}, "emails": [B], name: value}


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("send_window", {"start": "08:00"}, SEQUENCE_FIELDS),
        ("send_time", "09:30", SEQUENCE_FIELDS),
        ("send_minute", 0, SEQUENCE_FIELDS),
        ("sendAt", "2026-03-06T21:00Z", SEQUENCE_FIELDS),
        ("schedule", "daily", SEQUENCE_FIELDS),
        ("time_zone_of_subscriber", True, SEQUENCE_FIELDS),
        ("timezone-offset", 5, SEQUENCE_FIELDS),
        ("delay_minutes", 30, WAITS),
        ("wait", 1, WAITS),
        ("start_date", "2026-03-06", ON_AND_OFF),
        ("endDate", "2026-03-06", ON_AND_OFF),
        ("paused", False, ON_AND_OFF),
        ("exclude_weekends", True, SOURCES),
        ("skip_first", 1, SOURCES),
        ("conditions", [{"tag": 1}], SOURCES),
        ("repeat_every", 7, "say the same by repeat of the sequence"),
        ("hold_days", 7, "say the same by hold of the sequence"),
        (
            "publish_at",
            "2026-03-06",
            "say the same by published of the emails, which changes turn on at an instant",
        ),
    ],
)
@pytest.mark.parametrize("where", ["sequence", "emails[0]"])
def test_an_unknown_field_that_would_decide_is_refused(text_of, name, value, way_out, where):
    """K3: by name, with the way out, in the sequence and in an email."""
    one = {name: value}
    payload = {"sequence": {"name": "S"} | (one if where == "sequence" else {})}
    payload["emails"] = [B | (one if where != "sequence" else {})]
    path = name if where == "sequence" else f"{where}.{name}"
    told = f"{path}: {name} is not modelled: remove it, or {way_out} (found {value!r})"
    assert text_of(ValidationError, kit.from_api, payload) == f"1 problem\n  {told}"
    listed = {"sequences": [payload["sequence"] | {"id": 1, "emails": payload["emails"]}]}
    assert text_of(ValidationError, all_from_api, listed) == (f"1 problem\n  sequences[0].{told}")
    assert text_of(ValidationError, kit.Sequence, name="S", extra=one) == (
        f"1 problem\n  {name}: {name} is not modelled: remove it, or {way_out} (found {value!r})"
    )


@pytest.mark.parametrize(
    ("where", "name", "meant"),
    [
        ("sequence", "sendHour", "send_hour"),
        ("sequence", "timezone", "time_zone"),
        ("sequence", "Active", "active"),
        ("sequence", "exclude-subscriber-sources", "exclude_subscriber_sources"),
        ("emails[0]", "delayValue", "delay_value"),
        ("emails[0]", "Published", "published"),
        ("emails[0]", "sendDays", "send_days"),
    ],
)
def test_a_field_that_is_spelled_almost_so(text_of, where, name, meant):
    payload = {"sequence": {"name": "S"}, "emails": [dict(B)]}
    (payload["sequence"] if where == "sequence" else payload["emails"][0])[name] = 5
    path = name if where == "sequence" else f"{where}.{name}"
    assert text_of(ValidationError, kit.from_api, payload) == (
        f"1 problem\n  {path}: {name} is not modelled: remove it, or write {meant} (found 5)"
    )


@pytest.mark.parametrize(
    ("where", "name", "way_out"),
    [
        ("emails[0]", "send_hour", SEQUENCE_FIELDS),
        ("emails[0]", "time_zone", SEQUENCE_FIELDS),
        ("emails[0]", "active", "put it into the sequence"),
        ("emails[0]", "hold", "say the same by hold of the sequence"),
        ("sequence", "delay_value", WAITS),
        ("sequence", "published", "put it into an email"),
    ],
)
def test_a_field_of_the_other_is_refused(text_of, where, name, way_out):
    payload = {"sequence": {"name": "S"}, "emails": [dict(B)]}
    (payload["sequence"] if where == "sequence" else payload["emails"][0])[name] = 5
    path = name if where == "sequence" else f"{where}.{name}"
    assert text_of(ValidationError, kit.from_api, payload) == (
        f"1 problem\n  {path}: {name} is not modelled: remove it, or {way_out} (found 5)"
    )


@pytest.mark.parametrize("name", ["send_hour", "active", "send_window", "delay_minutes"])
def test_what_decides_stands_inside(text_of, name):
    told = f"1 problem\n  {name}: {name} decides nothing beside the sequence: remove it, or put it inside (found 5)"
    assert text_of(ValidationError, kit.from_api, beside(name, 5)) == told
    listed = {"sequences": [], name: 5}
    assert text_of(ValidationError, all_from_api, listed) == told


def test_what_decides_nothing_is_kept():
    """K3: content, statistics, notes, and what says nothing."""
    extra = {
        "sends": 5,
        "sent_at": "x",
        "published_at": "x",
        "ended_at": "x",
        "waiting": 3,
        "delayed": 2,
        "holder": "x",
        "send_count": 5,
        "skip_rate": 0.5,
        "start_url": "x",
        "_send_window": 1,
        "x-send-window": 1,
        "theme": "dark",
        "send_window": None,
        "delay_minutes": "",
        "filters": [],
        "schedule": {},
    }
    email = {**B, "published": False, "send_days": None, **extra}
    made = kit.from_api({
        "sequence": {"name": "S", **extra},
        "emails": [email],
        "theme": 1,
        "send_window": None,
    })
    assert made.extra == extra
    assert made.emails[0].extra == extra
    assert made.to_api()["emails"] == [{**email, "position": 0}]


def test_many_at_once(text_of):
    """All are told, and no more than can be read."""
    with pytest.raises(ValidationError) as caught:
        kit.from_api({"sequence": {"name": "S", **{f"send_{at}": 1 for at in range(3000)}}})
    assert len(caught.value.problems) == 1000
