"""Merge tags (Q25)."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.sequenzy.tags import discount_values, render, unbalanced, used

EVENT = {
    "city": "Tel Aviv",
    "alert": {"maxSpeed": 75, "level": None},
    "share": 0.25,
    "whole": 20.0,
    "huge": 1e300,
    "none": float("nan"),
    "yes": True,
    "no": False,
    "list": [1, {"a": "ä"}, None],
    "empty": "",
    "numpy": np.float64(3),
    "tag": "{{event.city}}",
    "a b": 5,
}
DISCOUNT = {"code": "BACK-7", "percentOff": 20, "amountOff": None, "currency": None, "expiresAt": None}


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("No tags", "No tags"),
        ("Wind in {{event.city}}!", "Wind in Tel Aviv!"),
        ("{{ event.city }}{{event.alert.maxSpeed}}", "Tel Aviv75"),
        ("{{event.share}} {{event.whole}} {{event.huge}}", "0.25 20 1e+300"),
        ("{{event.yes}} {{event.no|x}}", "true false"),
        ("{{event.list}}", '[1,{"a":"ä"},null]'),
        ("{{event.alert}}", '{"maxSpeed":75,"level":null}'),
        ("{{event.numpy}}", "3"),
        ("{{event.a b}}", "5"),
        ("<{{event.empty|x}}>", "<>"),
        pytest.param("{{event.tag}}", "{{event.city}}", id="what was filled in is read no more"),
        pytest.param("<{{event.town}}>", "<>", id="missing"),
        ("{{event.town|a few}}", "a few"),
        ("{{ event.town | a few }}", "a few"),
        ("<{{event.town|}}>", "<>"),
        ("{{event.town|a|b}}", "a|b"),
        pytest.param("{{event.alert.level|calm}}", "calm", id="null"),
        pytest.param("{{event.none|calm}}", "calm", id="NaN is missing, as in a table"),
        pytest.param("{{event.city.name|x}}", "x", id="no object on the way"),
        pytest.param("{{event.list.0|x}}", "x", id="no place in a list"),
        ("{{discount.code}} {{discount.percentOff}}%", "BACK-7 20%"),
        ("{{ discount.code | x }}", "BACK-7"),
        ("<{{discount.amountOff}}> {{discount.currency|usd}}", "<> usd"),
        *(
            (same, same)
            for same in (
                "{{subscriber.name}}",
                "{{discount.name}}",
                "{{discount.code.x}}",
                "{{discounts.code}}",
                "{{event}}",
                "{{event.}}",
                "{{event. }}",
                "{{event..city}}",
                "{{event.city.}}",
                "{{event .city}}",
                "{{Event.city}}",
                "{event.city}",
                "{{event.city}",
                "{{event.city|{x}}}",
                "{{event.{city}}}",
                "{{city}}",
                "{{}}",
            )
        ),
        ("{{{event.city}}}", "{Tel Aviv}"),
        ("{{event.{{event.city}}}}", "{{event.Tel Aviv}}"),
    ],
)
def test_render(subject, text):
    assert render(subject, EVENT, DISCOUNT) == text


def test_nothing_to_fill_from():
    assert render("<{{event.city}}> <{{event.city|x}}>", None, DISCOUNT) == "<> <x>"
    assert render("<{{discount.code}}> <{{discount.code|x}}>", EVENT, None) == "<> <x>"


@given(
    st.text(), st.dictionaries(st.sampled_from("abc"), st.none() | st.text() | st.floats() | st.integers())
)
def test_text_around_tags_stays(text, event):
    around = text.replace("{", "").replace("}", "")
    assert render(f"{around}{{{{event.d}}}}{around}", event, None) == around + around
    assert render(around, event, None) == around


@given(st.text("{}|. \nevnt.discoa"))
def test_any_text_is_rendered(text):
    assert isinstance(render(text, EVENT, DISCOUNT), str)
    if not used(text):
        assert render(text, EVENT, DISCOUNT) == text


def test_long_texts():
    for text in ("{{event." + " a" * 50_000, "{{event.a" + " " * 2_000, "{{" * 50_000, "{{event.a|" * 10_000):
        assert render(text, EVENT, None) == text


def test_used():
    assert used("Hello {{subscriber.name}}") == set()
    assert used("{{event.a|b}} {{event.c}}") == {"event"}
    assert used("{{ discount.code }}") == {"discount"}
    assert used("{{discount.code|x}} {{event.a}}") == {"event", "discount"}


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Hello", False),
        ("{{event.a}} {b} {{c}}", False),
        ("{{event.a|}} }{", False),
        ("{{{event.a}}}", False),
        ("{{event.a", True),
        ("{{event.a}", True),
        ("event.a}}", True),
        ("{event.a}}", True),
        ("{{event.{{event.a}}", True),
        ("{{{a}}{", False),
    ],
)
def test_unbalanced(subject, expected):
    assert unbalanced(subject) is expected


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        ({"discountType": "percent", "percentOff": 20}, {"percentOff": 20}),
        ({"discountType": "percent", "percentOff": 20, "amountOff": 5}, {"percentOff": 20}),
        ({"discountType": "amount", "amountOff": 500}, {"amountOff": 500, "currency": "usd"}),
        (
            {"discountType": "amount", "amountOff": 500, "currency": "eur", "percentOff": 9},
            {"amountOff": 500, "currency": "eur"},
        ),
        (
            {"discountType": "percent", "percentOff": 20, "expiresAt": "2026-03-06T21:07:30.9+02:00"},
            {"percentOff": 20, "expiresAt": "2026-03-06T19:07:30Z"},
        ),
        (
            {"discountType": "percent", "percentOff": 20, "expiresAt": "2026-03-06"},
            {"percentOff": 20, "expiresAt": "2026-03-06T00:00:00Z"},
        ),
        pytest.param(
            {"discountType": "percent", "percentOff": 20, "expiresAt": "2026-03-06", "expiresInHours": 1.5},
            {"percentOff": 20, "expiresAt": "2026-01-01T01:30:00Z"},
            id="the hours win",
        ),
        pytest.param(
            {"discountType": "percent", "percentOff": 20, "expiresInHours": 1e300},
            {"percentOff": 20, "expiresAt": "148164-07-06T14:00:27Z"},
            id="beyond every calendar",
        ),
    ],
)
def test_discount_values(discount, expected):
    made_us = int(np.datetime64("2026-01-01", "us").astype("int64"))
    nothing = dict.fromkeys(("percentOff", "amountOff", "currency", "expiresAt"))
    assert discount_values(discount, "X-1", np.int64(made_us)) == {"code": "X-1", **nothing, **expected}


def test_what_numpy_and_pandas_have():
    event = {
        "list": [np.int64(1), np.bool_(True), pd.NA, 2.5],
        "array": np.array([1, 5]),
        "gone": pd.NaT,
        "length": [timedelta(days=1)],
    }
    found = render("{{event.list}} {{event.array}} {{event.gone|none}} {{event.length}}", event, None)
    assert found == '[1,true,null,2.5] [1,5] none ["1 day, 0:00:00"]'
