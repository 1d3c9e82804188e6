"""Version 3 of Kit's API, which published libraries of ConvertKit's call: people, tags, a form and sequences.

It has the same people, tags and sequences as version 4. A key is in the query or in the body.
"""

from collections.abc import Mapping
from typing import Any

from simcore.errors import SimcoreError, shown
from simcore.twin.answers import Answer, Call, Refused
from simcore.twin.kit_account import Subscriber, checked_tag
from simcore.twin.pages import number_of
from simcore.twin.stamps import text
from simcore.twin.world import Handler, World

FORM = {"id": 1, "name": "Sign up", "type": "embed", "created_at": "2026-01-01T00:00:00Z"}
"""The one form that the account has."""
_PER_PAGE = 50
WRONG_KEY = "API Key not valid"
_ERRORS = {401: "Authorization Failed", 404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests"}


def given_keys(query: Mapping[str, str], body: Any) -> list[Any]:
    """What may be the key of a call."""
    fields = body if isinstance(body, dict) else {}
    return [given[name] for given in (query, fields) for name in ("api_key", "api_secret") if name in given]


def _person(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "id": subscriber.id,
        "first_name": subscriber.first_name,
        "email_address": subscriber.email_address,
        "state": subscriber.state,
        "created_at": text(subscriber.created_us),
        "fields": subscriber.fields,
    }


def _subscribed(world: World, call: Call) -> Subscriber:
    """The subscriber of the address in a body, new where there was none, with the tags that it names."""
    given = call.fields(422)
    name = given.get("first_name", given.get("name"))
    tags = given.get("tags") or []
    if not isinstance(tags, list):
        raise Refused(422, f"tags must be a list of ids (found {shown(tags)})")
    numbers = [world.kit.tag_of(tag)["id"] for tag in tags]
    person: dict[str, Any] = {"email_address": given.get("email"), "fields": given.get("fields")}
    found, _ = world.do("kit.subscribe", **person, **({} if name is None else {"first_name": name}))
    for number in numbers:
        world.do("kit.add_tag", tag=number, subscriber=found.id)
    subscriber: Subscriber = found
    return subscriber


def _subscription(world: World, subscriber: Subscriber, kind: str, number: int) -> Answer:
    made = {
        "id": len(world.record.operations),
        "state": subscriber.state,
        "created_at": text(world.now_us),
        "subscribable_id": number,
        "subscribable_type": kind,
        "subscriber": _person(subscriber),
    }
    return Answer(200, {"subscription": made})


def list_forms(world: World, call: Call) -> Answer:
    """The forms."""
    return Answer(200, {"forms": [FORM]})


def join_form(world: World, call: Call) -> Answer:
    """Somebody signs up by a form."""
    if call.path["form_id"] != str(FORM["id"]):
        raise Refused(404, "Not Found")
    found = _subscribed(world, call)
    world.do("kit.happen", subscriber=found.id, event="form_joined", ref=FORM["id"])
    return _subscription(world, found, "form", 1)


def list_courses(world: World, call: Call) -> Answer:
    """The sequences, which were called courses."""
    known = [
        {
            "id": each.id,
            "name": each.now.name,
            "hold": each.now.hold,
            "repeat": each.now.repeat,
            "created_at": text(each.created_us),
        }
        for each in world.kit.sequences.values()
    ]
    return Answer(200, {"courses": known})


def join_sequence(world: World, call: Call) -> Answer:
    """Somebody is added to a sequence."""
    sequence = world.kit.sequence(call.path["sequence_id"])
    if not sequence.now.active:
        raise Refused(422, "Sequence is inactive")
    found = _subscribed(world, call)
    world.do("kit.enter", sequence=sequence.id, subscriber=found.id)
    return _subscription(world, found, "course", sequence.id)


def list_tags(world: World, call: Call) -> Answer:
    """The tags."""
    return Answer(200, {"tags": [*world.kit.tags.values()]})


def create_tags(world: World, call: Call) -> Answer:
    """A tag, or several."""
    given = call.fields(422).get("tag")
    tags: list[Any] = given if isinstance(given, list) else [given]
    if not tags or not all(isinstance(tag, dict) for tag in tags):
        raise Refused(422, f"tag must be an object with a name, or a list of them (found {shown(given)})")
    names = [checked_tag(tag.get("name")) for tag in tags]  # of all, before there is one
    made = [world.do("kit.tag", name=name)[0] for name in names]
    return Answer(200, made if isinstance(given, list) else made[0])


def join_tag(world: World, call: Call) -> Answer:
    """Somebody is tagged."""
    number = world.kit.tag_of(call.path["tag_id"])["id"]
    found = _subscribed(world, call)
    world.do("kit.add_tag", tag=number, subscriber=found.id)
    return _subscription(world, found, "tag", number)


def leave_tag(world: World, call: Call) -> Answer:
    """A tag is taken off somebody."""
    tag, found = world.kit.tag_of(call.path["tag_id"]), world.kit.by_email(call.fields(422).get("email"))
    world.do("kit.remove_tag", tag=tag["id"], subscriber=found.id)
    return Answer(200, tag)


def list_subscribers(world: World, call: Call) -> Answer:
    """The active subscribers, in pages of 50."""
    page = number_of(call.query, "page", 1, status=422)
    known = [each for each in world.kit.subscribers.values() if each.state == "active"]
    if call.query.get("email_address"):
        known = [each for each in known if each.email_address.lower() == call.query["email_address"].lower()]
    start = (page - 1) * _PER_PAGE
    found = {
        "total_subscribers": len(known),
        "page": page,
        "total_pages": max(1, -(-len(known) // _PER_PAGE)),
        "subscribers": [_person(each) for each in known[start : start + _PER_PAGE]],
    }
    return Answer(200, found)


def get_subscriber(world: World, call: Call) -> Answer:
    """One subscriber."""
    return Answer(200, {"subscriber": _person(world.kit.subscriber(call.path["subscriber_id"]))})


def update_subscriber(world: World, call: Call) -> Answer:
    """Other fields of a subscriber."""
    found = world.kit.subscriber(call.path["subscriber_id"])
    given = call.fields(422, "first_name", "email_address", "fields")
    return Answer(200, {"subscriber": _person(world.do("kit.edit", subscriber=found.id, given=given))})


def tags_of_subscriber(world: World, call: Call) -> Answer:
    """The tags of a subscriber."""
    found = world.kit.subscriber(call.path["subscriber_id"])
    return Answer(200, {"tags": [world.kit.tags[number] for number in found.tags]})


def unsubscribe(world: World, call: Call) -> Answer:
    """Somebody unsubscribes from everything."""
    found = world.kit.by_email(call.fields(422).get("email"))
    world.do("kit.happen", subscriber=found.id, event="unsubscribed")
    return Answer(200, {"subscriber": _person(found)})


CALLS: dict[tuple[str, str], Handler] = {
    ("GET", "/v3/forms"): list_forms,
    ("POST", "/v3/forms/{form_id}/subscribe"): join_form,
    ("GET", "/v3/sequences"): list_courses,
    ("POST", "/v3/sequences/{sequence_id}/subscribe"): join_sequence,
    ("GET", "/v3/tags"): list_tags,
    ("POST", "/v3/tags"): create_tags,
    ("POST", "/v3/tags/{tag_id}/subscribe"): join_tag,
    ("POST", "/v3/tags/{tag_id}/unsubscribe"): leave_tag,
    ("GET", "/v3/subscribers"): list_subscribers,
    ("GET", "/v3/subscribers/{subscriber_id}"): get_subscriber,
    ("PUT", "/v3/subscribers/{subscriber_id}"): update_subscriber,
    ("GET", "/v3/subscribers/{subscriber_id}/tags"): tags_of_subscriber,
    ("PUT", "/v3/unsubscribe"): unsubscribe,
}


def refusal(error: SimcoreError | Refused) -> Answer:
    """What version 3 says of a call that is refused."""
    status, told = (
        (error.status, "; ".join(error.errors)) if isinstance(error, Refused) else (422, str(error))
    )
    return Answer(status, {"error": _ERRORS.get(status, "Not allowed"), "message": told})
