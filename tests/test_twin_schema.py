"""Schemathesis calls every path of the twin's OpenAPI document: no 500, no undocumented status (W1, W6).

By hand, with more calls: SIMCORE_TWIN_CALLS=200 pytest tests/test_twin_schema.py (so many for each of 76 operations).
"""

import json
import os
from importlib import resources

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")
schemathesis = pytest.importorskip("schemathesis", reason="the extra dev has it")

DOCUMENT = json.loads(resources.files("simcore.twin").joinpath("openapi.json").read_bytes())
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method != "parameters" and path != "/_twin/faults"
]
CALLS = int(os.environ.get("SIMCORE_TWIN_CALLS", "3"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def twin():
    welcome = kit.load(simcore.example("welcome"))
    onboarding = sequenzy.load(simcore.example("onboarding"))
    with simcore.twin(kit=welcome, sequenzy=onboarding) as found:
        yield found


@pytest.fixture(scope="module")
def schema(twin):
    found = schemathesis.openapi.from_dict(DOCUMENT)
    found.config.update(base_url=twin.url)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda each: each)
def test_every_operation(twin, schema, method, path):
    headers = {"X-Kit-Api-Key": twin.key, "Authorization": f"Bearer {twin.key}"}
    operation = schema[path][method.upper()]
    known = {"sequence_id": 30, "email_id": 301, "subscriber_id": 1, "tag_id": 1, "id": "seq_000001"}
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]

    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
        derandomize=CALLS == 3,
    )
    @given(st.data(), st.sampled_from(modes), st.booleans())
    def calls(data, mode, there):
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if there:  # half of them about what is there
            case.path_parameters = {
                name: known.get(name, each) for name, each in (case.path_parameters or {}).items()
            }
        case.call_and_validate(headers=headers, checks=CHECKS)

    calls()
    assert simcore.simulate(**twin.recorded(30)).timeline.shape == twin.simulation(30).timeline.shape


def test_the_document_is_of_all_that_is_served(twin):
    """Every path that the server has, and no other; the statuses that all share."""
    from simcore.twin import kit_api, kit_v3_api, own_api, sequenzy_api

    served = {*kit_api.CALLS, *kit_v3_api.CALLS, *sequenzy_api.CALLS, *own_api.calls(twin.faults)}
    told = {
        (method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert served == told
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                assert {"400", "401", "413"} <= {*operation["responses"]}, path
