"""What stands in the properties of an event, unit by unit (Q11, Q14, Q18, Q20)."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simcore.errors import EntryError
from simcore.sequenzy.properties import DEFAULT_KEYS, date_us, key, passes, plain, several, values

FAR = 2**62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

names = st.sampled_from(["a", "b", "ab", "c d"])
numbers = st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | st.just(0.5)
scalars = (
    st.none()
    | st.booleans()
    | numbers
    | st.sampled_from(["", "a", "1", "true", "null"])
    | st.text(max_size=3)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, json_values, max_size=3)
paths = st.lists(names.map(lambda name: name) | names.map("{}[]".format), min_size=1, max_size=3).map(
    ".".join
)


def written(value):
    """JSON with sorted names, where equal numbers are written alike."""

    def alike(each):
        if isinstance(each, dict):
            return {name: alike(inner) for name, inner in each.items()}
        if isinstance(each, list):
            return [alike(inner) for inner in each]
        return int(each) if isinstance(each, float) and each.is_integer() else each

    return json.dumps(alike(value), sort_keys=True)


# ---------------------------------------------------------------- equality


@given(json_values, json_values)
def test_equality_is_that_of_json(one, other):
    assert (plain(one) == plain(other)) == (written(one) == written(other))
    if plain(one) == plain(other):
        assert hash(plain(one)) == hash(plain(other))


@given(json_values)
def test_a_value_equals_its_copy(value):
    assert plain(value) == plain(json.loads(json.dumps(value)))


@given(
    st.lists(st.sampled_from([0, 0.0, -0.0, False, "", None, "0", 1, 1.0, True, "1", [], {}, [0], [False]]))
)
def test_few_values_in_many_ways(several_values):
    """As many distinct ones as there are texts."""
    assert len(set(map(plain, several_values))) == len(set(map(written, several_values)))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, "1", False),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (None, None, True),
        (None, 0, False),
        (None, "", False),
        ([1, 2], (1.0, 2.0), True),
        ([1, 2], [2, 1], False),
        ([1], 1, False),
        ([[]], [], False),
        ([], {}, False),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1.0}]}, True),
        (2**53 + 1, float(2**53), False),
        (10**400, 10**400, True),
        (np.int64(1), 1, True),
        (np.float32(0.5), 0.5, True),
        (np.bool_(True), True, True),
        (np.bool_(True), 1, False),
        (np.str_("a"), "a", True),
    ],
)
def test_equality(one, other, equal):
    assert (plain(one) == plain(other)) is equal
    assert (plain(other) == plain(one)) is equal


def test_what_json_has_not_is_itself():
    """What has no hash stands as its text."""
    assert plain({1}) == plain({1})
    assert plain({1}) != plain({2})
    assert plain(bytearray(b"x")) == "bytearray(b'x')"


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


def test_what_is_nested_too_deeply(text_of):
    for value in (nested(100_000), {"a": nested(100_000)}):
        assert text_of(EntryError, plain, value) == "properties: nested too deeply to be compared"
    assert plain(nested(100)) == plain(nested(100)) != plain(nested(101))


def test_arrays_are_lists():
    """As a table read from Parquet has them."""
    array = np.array([1, 2])
    assert plain(array) == plain([1, 2]) == plain([1.0, np.int64(2)])
    assert plain(np.array([1])) == plain([1]) != plain(1)
    assert plain(np.array(["x", None], dtype=object)) == plain(["x", None])
    assert values({"a": array}, "a[]") == [1, 2]
    assert values({"a": np.array([{"b": 5}], dtype=object)}, "a[].b") == [5]
    assert key({"a": array}, "a") is None
    assert passing("contains", {"a": array}, 2)
    assert not passing("contains", {"a": array}, "2")


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [1, 2], "c": None}]),
        ("a.b", [[1, 2]]),
        ("a.b[]", [1, 2]),
        ("a.c", [None]),
        ("a.d", []),
        ("a.c.d", []),
        ("a[]", []),
        ("l[]", [{"n": 1}, {"n": [5, 6]}, 7, {"m": 2}]),
        ("l[].n", [1, [5, 6]]),
        ("l[].n[]", [5, 6]),
        ("l.n", []),
        ("x", []),
        ("t[]", [1, 2]),
        ("a.b.0", []),
    ],
)
def test_values(path, found):
    properties = {"a": {"b": [1, 2], "c": None}, "l": [{"n": 1}, {"n": [5, 6]}, 7, {"m": 2}], "t": (1, 2)}
    assert values(properties, path) == found


@pytest.mark.parametrize("properties", [None, 5, "a", [{"a": 1}], True])
def test_values_of_what_is_no_object(properties):
    assert values(properties, "a") == []


@given(objects, paths, paths)
def test_a_path_goes_on_from_what_another_found(properties, first, then):
    on = [found for each in values(properties, first) for found in values(each, then)]
    assert values(properties, f"{first}.{then}") == on


@given(objects, paths)
def test_into_lists(properties, path):
    assume(not path.endswith("[]"))
    lists = [each for each in values(properties, path) if isinstance(each, list)]
    assert values(properties, f"{path}[]") == [item for each in lists for item in each]


@given(objects, st.lists(names, min_size=1, max_size=3).map(".".join))
def test_without_lists_there_is_one_value_at_most(properties, path):
    assert len(values(properties, path)) <= 1


@given(objects, names, json_values)
def test_what_was_put_there_is_found(properties, name, value):
    assert values({**properties, name: value}, name) == [value]
    assert values({"x": {**properties, name: value}}, f"x.{name}") == [value]
    assert values({"x": [{name: value}, {}]}, f"x[].{name}") == [value]


# ---------------------------------------------------------------- filters


def passing(operator, properties, value, path="a"):
    return passes([{"path": path, "operator": operator, "value": value}], properties)


@given(objects, paths, json_values)
def test_each_operator_and_its_opposite(properties, path, value):
    for one, other in (("equals", "not_equals"), ("exists", "not_exists"), ("contains", "not_contains")):
        assert passing(one, properties, value, path) != passing(other, properties, value, path)


@given(objects, paths, st.lists(json_values, max_size=3))
def test_one_of_is_equal_to_one(properties, path, wanted):
    expected = any(passing("equals", properties, each, path) for each in wanted)
    assert passing("one_of", properties, wanted, path) == expected


@given(objects, paths, json_values)
def test_equals_is_the_equality_of_a_value_that_is_found(properties, path, wanted):
    expected = written(wanted) in map(written, values(properties, path))
    assert passing("equals", properties, wanted, path) == expected


@given(numbers, numbers)
def test_numbers_are_greater_less_or_equal(number, wanted):
    verdicts = [passing(each, {"a": number}, wanted) for each in ("greater_than", "equals", "less_than")]
    assert verdicts == [number > wanted, number == wanted, number < wanted]
    assert sum(verdicts) == 1


@given(st.none() | st.booleans() | st.text(max_size=3) | st.lists(numbers, max_size=2), numbers)
def test_what_is_no_number_is_neither(value, wanted):
    for each in ("greater_than", "less_than"):
        assert not passing(each, {"a": value}, wanted)


@given(st.text(max_size=5), st.text(max_size=2))
def test_texts_contain_texts(text, wanted):
    assert passing("contains", {"a": text}, wanted) == (wanted in text)
    assert not passing("contains", {"a": text}, 1)


@given(st.lists(json_values, max_size=3), json_values)
def test_lists_contain_items(items, wanted):
    expected = written(wanted) in map(written, items)
    assert passing("contains", {"a": items}, wanted) == expected
    assert passing("equals", {"a": items}, wanted, "a[]") == expected


def test_nothing_else_contains_anything():
    for value in (None, 5, True, {"x": 1}):
        assert not passing("contains", {"a": value}, value)


@given(objects, st.lists(st.tuples(paths, st.sampled_from(["exists", "not_exists"])), max_size=4))
def test_every_filter_must_pass(properties, rules):
    filters = [{"path": path, "operator": operator} for path, operator in rules]
    assert passes(filters, properties) == all(passes([each], properties) for each in filters)
    assert passes(filters, None) == all(operator == "not_exists" for _, operator in rules)


# ---------------------------------------------------------------- keys


@given(objects, names, json_values)
def test_a_key_is_the_value_at_its_path(properties, name, value):
    found = key({**properties, name: value}, name)
    if value is None or isinstance(value, list | dict):
        assert found is None
    else:
        assert found == plain(value)


@given(
    st.dictionaries(st.sampled_from([*DEFAULT_KEYS, "product", "other"]), scalars | st.just({}), max_size=4)
)
def test_default_paths(given_values):
    """The first that is there and not null; a path within `product` only where that is an object."""
    flat = {path: value for path, value in given_values.items() if "." not in path}
    product = {
        path.partition(".")[2]: value for path, value in given_values.items() if path.startswith("product.")
    }
    properties = {**flat, "product": product} if product else flat
    there = [values(properties, path) for path in DEFAULT_KEYS]
    first = next((found[0] for found in there if found and found[0] is not None), None)
    expected = None if first is None or isinstance(first, dict) else plain(first)
    assert key(properties, None) == expected


def test_default_paths_in_order():
    assert (
        *("sequenceEnrollmentKey", "enrollmentKey", "product.providerVariantId"),
        *("product.providerProductId", "productId", "variantId"),
    ) == DEFAULT_KEYS


def test_no_key():
    for properties in (None, {}, {"a": None}, {"a": []}, {"a": {}}, {"a": (1,)}, [1]):
        assert key(properties, "a") is None
        assert key(properties, None) is None
    assert key({"productId": [1], "variantId": "v"}, None) is None
    assert key({"productId": None, "variantId": "v"}, None) == plain("v")


def test_several():
    both = {"a": 1, "b": {"c": "x"}}
    assert several(both, ["a", "b.c"]) == (plain(1), plain("x"))
    assert several(both, ["b.c", "a"]) == (plain("x"), plain(1))
    assert several(both, ["a", "b.d"]) is None
    assert several(both, ["a", "a.d"]) is None
    assert several(None, ["a"]) is None
    assert several({"a": None}, ["a"]) == (plain(None),)
    assert several({"a": 1.0}, ["a"]) == several({"a": 1}, ["a"]) != several({"a": "1"}, ["a"])


# ---------------------------------------------------------------- dates


@given(st.integers(-(10**10), 99_999_999_999))
def test_seconds(second):
    assert date_us(second) == second * 10**6
    assert date_us(float(second)) == second * 10**6


@given(st.integers(100_000_000_000, 10**14))
def test_milliseconds(millisecond):
    assert date_us(millisecond) == millisecond * 1000
    assert date_us(float(millisecond)) == millisecond * 1000


@given(st.integers(100_000_000_000, 10**12))
def test_a_date_in_seconds_and_in_milliseconds(millisecond):
    assert date_us(Fraction(millisecond, 1000)) == date_us(millisecond)


def test_where_milliseconds_begin():
    assert date_us(99_999_999_999) == 99_999_999_999 * 10**6
    assert date_us(100_000_000_000) == 100_000_000_000 * 1000
    assert date_us(99_999_999_999.5) == 99_999_999_999_500_000
    assert date_us(-100_000_000_000) == -100_000_000_000 * 10**6


@given(st.fractions(-(10**9), 10**9))
def test_floored_to_the_microsecond(second):
    us = date_us(second)
    assert us <= second * 10**6 < us + 1


@pytest.mark.parametrize(
    ("value", "us"),
    [
        (0, 0),
        (-1, -(10**6)),
        (0.1, 100_000),
        (1e-7, 0),
        (-1e-7, -1),
        (1772755200.123456, 1772755200123456),
        (100_000_000_000.0625, 100_000_000_000_062),
        (np.int64(5), 5_000_000),
        (np.float64(0.5), 500_000),
        (1e300, FAR),
        (-1e300, -FAR),
        (10**400, FAR),
        (-(10**400), -FAR),
        (float("inf"), FAR),
        (float("-inf"), -FAR),
        (FAR, FAR),
        (float("nan"), None),
    ],
)
def test_numbers(value, us):
    assert date_us(value) == us


moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001  each test gives them a zone


@given(moments, st.integers(-14 * 60, 14 * 60))
def test_texts(moment, minutes):
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    us = (zoned - EPOCH) // timedelta(microseconds=1)
    assert date_us(zoned.isoformat()) == us
    assert date_us(zoned.isoformat(" ")) == us


@given(moments)
def test_texts_without_a_zone_are_utc(moment):
    us = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    assert date_us(moment.isoformat()) == date_us(f"{moment.isoformat()}Z") == us
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    assert date_us(moment.date().isoformat()) == date_us(midnight.isoformat())


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1970-01-01", 0),
        ("1970-01-02T00:00:01Z", 86_401_000_000),
        ("1970-01-01T01", 3_600_000_000),
        ("1970-01-01T01:00+01:00", 0),
        ("1970-01-01 00:00:00.1", 100_000),
        ("1970-01-01T00:00:00.123456789Z", 123_456),
        ("1969-12-31T23:59:59.9999999Z", -1),
        ("19700101T010000Z", 3_600_000_000),
    ],
)
def test_iso(text, us):
    assert date_us(text) == us


def test_times_of_python_and_pandas():
    stamp = pd.Timestamp("2026-03-06T10:00:00.123456789+02:00")
    assert (
        date_us(stamp) == date_us(stamp.to_pydatetime(warn=False)) == date_us("2026-03-06T08:00:00.123456Z")
    )
    naive = datetime.fromisoformat("2026-03-06T10:00")
    assert date_us(naive) == date_us(np.datetime64(naive)) == date_us("2026-03-06T10:00Z")
    assert date_us(date(2026, 3, 6)) == date_us("2026-03-06")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, "", " ", "soon", "0", "1772755200", "20260310", "1772755200000"),
        *("2026-13-01", "2026-02-30", "2026-03-06T25:00", "2026-3-6", "06/03/2026", "6 March 2026"),
        *("2026-03-06T10:00 EST", [], [0], {}, {"a": 1}, np.bool_(True), np.timedelta64(1, "s"), pd.NaT),
    ],
)
def test_what_is_no_date(value):
    assert date_us(value) is None


@given(json_values)
def test_no_value_is_too_much(value):
    """Any JSON is a date or none, and never beyond what may be added to."""
    us = date_us(value)
    assert us is None or (type(us) is int and -FAR <= us <= FAR)
