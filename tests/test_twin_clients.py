"""Published client libraries, unmodified, pointed at the twin by their own settings (W6).

Each runs in a process of its own, with what is installed there: Sequenzy's own library, of PyPI.
"""

import json
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest

import simcore

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")
pytestmark = pytest.mark.slow

SEQUENZY = """
import sys, json
from sequenzy import Sequenzy
from sequenzy.errors import BadRequestError, NotFoundError, UnauthorizedError

url, key = sys.argv[1:]
client = Sequenzy(api_key=key, base_url=f"{url}/api/v1")
steps = [
    {"subject": "Hello", "html": "<p>Hello</p>"},
    {"subject": "A tip", "html": "<p>A tip</p>", "delay": {"days": 2}},
]
made = client.sequences.create(name="Welcome", trigger="contact_added", steps=steps)
name = made.sequence.id
assert made.sequence.status == "draft"
assert [each.name for each in client.sequences.list().sequences] == ["Welcome"]
assert client.sequences.update(name, name="Welcome all").sequence.name == "Welcome all"
assert client.sequences.enable(name).effective_status == "live"
assert client.subscribers.create(email="ada@example.com", first_name="Ada").subscriber.created
tracked = client.subscribers.events.trigger(email="ben@example.com", event="bought", properties={"total": 3})
assert tracked.event.definition_created
client.subscribers.tags.add(email="ada@example.com", tag="vip")
assert [each.name for each in client.tags.list().tags] == ["vip"]
assert [each.email for each in client.subscribers.list().subscribers] == ["ben@example.com", "ada@example.com"]
assert client.subscribers.get("ada@example.com").subscriber.tags == ["vip"]
assert client.subscribers.get_account_info().account.company_id == "twin"
read = client.sequences.get(name).sequence
assert [each.subject for each in read.emails] == ["Hello", "A tip"]
assert [each.node_type for each in read.nodes][:3] == ["trigger", "action_email", "logic_delay"]
listed = client.sequences.list_enrollments(name)
assert [each.status for each in listed.enrollments] == ["waiting", "waiting"]
for call, error in (
    (lambda: client.sequences.get("nothing"), NotFoundError),
    (lambda: client.subscribers.create(email="nobody"), BadRequestError),
    (lambda: Sequenzy(api_key="wrong", base_url=f"{url}/api/v1").sequences.list(), UnauthorizedError),
):
    try:
        call()
    except error as raised:
        assert raised.body["error"]
    else:
        raise AssertionError(error)
assert client.sequences.disable(name).status == "paused"
assert client.sequences.enable(name).status == "active"
print(json.dumps(name))
"""


def run(code, twin):
    """What a program prints, as JSON."""
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), twin.url, twin.key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(find_spec("sequenzy") is None, reason="the library sequenzy is not installed: see .ci/run")
def test_the_library_of_sequenzy():
    with simcore.twin() as t:
        name = run(SEQUENZY, t)
        t.clock.advance("3 days")
        sent = t.outbox
        assert sent["sequence_id"].tolist() == [name] * 4
        assert sent["subject"].tolist() == ["Hello", "A tip"] * 2
