"""Published client libraries, unmodified, pointed at the twin by their own settings (W6).

Each runs in a process of its own: of PyPI sequenzy, Sequenzy's own, and convertkit-py; of npm convertkit-node, in a
folder that SIMCORE_NODE_MODULES names.
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest
from twin_calls import Calls

import simcore
from simcore import kit

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

CONVERTKIT_PY = """
import sys, json
from requests import HTTPError
from convertkit import ConvertKit

url, key = sys.argv[1:]
ConvertKit.BASE_URL = f"{url}/v3"
ConvertKit.min_request_interval = 0
client = ConvertKit(key, key, form_name="Sign up")
client.create_tags(["vip", "new"])
assert [each["name"] for each in client.list_tags()] == ["vip", "new"]
for name in ("ada", "ben"):
    person = {"email": f"{name}@example.com", "first_name": name.title(), "fields": {"city": "Leeds"}}
    client.create_subscriber_with_fields_and_tags({**person, "tags": ["vip"]})
client.update_subscriber_fields_and_tags(1, {"fields": {"city": "Turin"}, "tags": ["new"]})
people = client.list_subscribers_with_tags()
assert [each["email_address"] for each in people] == ["ada@example.com", "ben@example.com"]
assert [each["fields"] for each in people] == [{"city": "Turin"}, {"city": "Leeds"}]
assert [[tag["name"] for tag in each["tags"]] for each in people] == [["new"], ["vip"]]
assert client.get_subscriber(2)["first_name"] == "Ben"
try:
    ConvertKit("wrong", "wrong").list_tags()
except HTTPError as raised:
    assert raised.response.status_code == 401
else:
    raise AssertionError("the wrong key")
print(json.dumps(len(people)), file=sys.stderr)
"""
CONVERTKIT_NODE = """
const { Convertkit } = require("convertkit-node");
const [url, key] = process.argv.slice(2);
const client = new Convertkit({ apiKey: key, apiSecret: key, baseApiUrl: `${url}/v3` });
const wrong = new Convertkit({ apiKey: "wrong", baseApiUrl: `${url}/v3` });
(async () => {
  await client.addSubscriber({ email: "ada@example.com", tags: [1], formId: 1 });
  await wrong.addSubscriber({ email: "ben@example.com", tags: [1], formId: 1 }).then(
    () => { throw new Error("the wrong key"); },
    (error) => { if (error.response.status !== 401) throw error; });
})();
"""


def run(code, twin):
    """What a program prints, as JSON."""
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), twin.url, twin.key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(
    find_spec("convertkit") is None, reason="the library convertkit-py is not installed: see .ci/run"
)
def test_a_library_of_convertkit():
    with simcore.twin(kit=kit.load(simcore.example("welcome"))) as t:
        command = [sys.executable, "-W", "ignore", "-c", CONVERTKIT_PY, t.url, t.key]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        with Calls(t) as calls:
            assert [each["id"] for each in calls.ok("GET", "/v4/tags/2/subscribers")["subscribers"]] == [1]
        assert t._world.kit.events.names.count("form_joined") == 2


@pytest.mark.skipif(
    shutil.which("node") is None or "SIMCORE_NODE_MODULES" not in os.environ,
    reason="the library convertkit-node is not installed: see .ci/run",
)
def test_a_library_of_convertkit_on_node(tmp_path):
    (tmp_path / "client.js").write_text(CONVERTKIT_NODE)
    environment = {**os.environ, "NODE_PATH": os.environ["SIMCORE_NODE_MODULES"]}
    with simcore.twin() as t, Calls(t) as calls:
        calls.ok("POST", "/v4/tags", {"name": "vip"})
        command = ["node", str(tmp_path / "client.js"), t.url, t.key]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        people = calls.ok("GET", "/v4/tags/1/subscribers")["subscribers"]
        assert [each["email_address"] for each in people] == ["ada@example.com"]


@pytest.mark.skipif(
    find_spec("sequenzy") is None, reason="the library sequenzy is not installed: see .ci/run"
)
def test_the_library_of_sequenzy():
    with simcore.twin() as t:
        name = run(SEQUENZY, t)
        t.clock.advance("3 days")
        sent = t.outbox
        assert sent["sequence_id"].tolist() == [name] * 4
        assert sent["subject"].tolist() == ["Hello", "A tip"] * 2
