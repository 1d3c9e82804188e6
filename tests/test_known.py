"""Objects that decide say which fields they have: what is refused, and the way out (K3)."""

import pytest

from simcore.plan.known import Known

CLOSED = Known(("days", "hours", "send_hour"), ("colour",), {"weeks": "write days"})
OPEN = Known(("send_hour",), (), {"cap": "leave it"}, is_open=True, stems=("wait_",))


@pytest.mark.parametrize(
    ("known", "name", "told"),
    [
        (CLOSED, "minutes", "or say the same by: days, hours, send_hour"),
        (CLOSED, "weeks", "or write days"),
        (CLOSED, "day", "or write days"),
        (CLOSED, "sendHour", "or write send_hour"),
        (OPEN, "SendHour", "or write send_hour"),
        (OPEN, "cap", "or leave it"),
    ],
)
def test_refused_with_a_way_out(known, name, told):
    for path, at in (("", name), ("steps[2]", f"steps[2].{name}")):
        assert [*known.unknown(path, {name: 5})] == [(at, f"{name} is not modelled: remove it, {told}", "5")]


def test_refused_without_one():
    assert [*OPEN.unknown("", {"wait_for": 5})] == [("wait_for", "wait_for is not modelled: remove it", "5")]
    many = Known(tuple("abcdefghi"))
    assert [*many.unknown("", {"minutes": 5})] == [("minutes", "minutes is not modelled: remove it", "5")]


@pytest.mark.parametrize("known", [CLOSED, OPEN])
@pytest.mark.parametrize(
    "item",
    [
        {"send_hour": 5},
        {"name": "x", "id": 5, "description": "x"},
        {"x-team": 5, "_note": 5},
        {"anything": None, "more": "", "others": [], "last": {}},
    ],
)
def test_kept(known, item):
    assert [*known.unknown("", item)] == []


def test_an_open_object_keeps_what_does_not_look_so():
    assert [*OPEN.unknown("", {"theme": 5, "send_hours": 5})] == []
    assert [*Known((), is_open=True).unknown("", {"theme": 5})] == []
    assert [*CLOSED.unknown("", {"colour": "red"})] == []
