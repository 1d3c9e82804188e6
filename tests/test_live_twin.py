"""An account of the twin's, read: each is tried against the other (L1, L2, L3)."""

import json
import urllib.request

import pytest
from account_server import FakeClock

import simcore
from simcore import kit, sequenzy
from simcore.kit.reading import KitApi
from simcore.live.account import Live
from simcore.live.key import Key
from simcore.sequenzy.reading import SequenzyApi

pytest.importorskip("simcore.twin", reason="this version has no twin")


@pytest.fixture
def twin():
    """A twin with the examples: people are in the welcome series and tagged, and enrolled in another."""
    sequences = kit.load_all(simcore.example("account"))
    onboarding = sequenzy.load(simcore.example("onboarding"))
    with simcore.twin(kit=sequences, sequenzy=[onboarding]) as found:

        def call(path, body):
            headers = {"X-Kit-Api-Key": found.key, "Authorization": f"Bearer {found.key}"}
            request = urllib.request.Request(
                f"{found.url}{path}",
                json.dumps(body).encode(),
                headers | {"Content-Type": "application/json"},
                method="POST",
            )
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)

        tag = call("/v4/tags", {"name": "VIP"})["tag"]["id"]
        for at in range(5):
            who = call("/v4/subscribers", {"email_address": f"a{at}@example.com"})["subscriber"]["id"]
            call(f"/v4/sequences/{sequences[at % 2].id}/subscribers/{who}", {})
            call(f"/v4/tags/{tag}/subscribers/{who}", {})
            call("/api/v1/subscribers", {"email": f"b{at}@example.com"})
            found.clock.advance("7 hours")
        found.clock.advance("40 days")
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["none", "rate_limit", "unavailable", "slow", "cut"])
@pytest.mark.parametrize("api", [KitApi, SequenzyApi])
def test_what_is_read_gives_what_was_sent(twin, tmp_path, api, fault):
    """Whatever goes wrong meanwhile: the outbox is what the snapshot's own entries and sequences give."""
    given = {"rate_limit": (4,), "unavailable": (3,), "slow": (0.05,), "cut": (2,)}
    if fault != "none":
        getattr(twin.faults, fault)(*given[fault])
    live = Live(api(), Key(twin.key, api.variable), twin.url, FakeClock())
    found = live.snapshot(tmp_path / "account", progress=False)
    sent = simcore.Account(found.sequences).project(found.entries, until=twin.clock.now)
    assert len(found.entries) == 5
    assert len(found.events) == (5 if api is KitApi else 0)
    assert rows(sent) == [row for row in rows(twin.outbox) if row[0] in set(found.entries["subscriber_id"])]
    assert len(sent) > 10


def rows(sends):
    """Who was sent what when, whatever the platform calls the sequence."""
    at = sends["send_at"].dt.tz_convert("UTC")
    return sorted(zip(sends["subscriber_id"], sends["position"], sends["subject"], at, strict=True), key=str)
