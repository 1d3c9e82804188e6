"""Sequenzy's API: what the calls about subscribers, tags and lists do, and what they are answered."""

from collections.abc import Mapping
from typing import Any

from simcore.errors import shown
from simcore.twin.answers import Answer, Call, Refused
from simcore.twin.pages import number_of
from simcore.twin.sequenzy_account import checked_name
from simcore.twin.world import World

_PERSON = ("email", "firstName", "lastName", "customAttributes")
"""What a body may say of the subscriber whom it names."""


# ---------------------------------------------------------------- subscribers


def list_subscribers(world: World, call: Call) -> Answer:
    """The subscribers, the newest first."""
    known = [*reversed(world.sequenzy.subscribers.values())]
    status = call.query.get("status")
    if status not in {None, "", "all"}:
        known = [each for each in known if each.status == status]
    for name in ("query", "email"):
        if call.query.get(name):
            known = [each for each in known if call.query[name].lower() in each.email.lower()]
    if call.query.get("tags"):
        tags = {each.strip() for each in call.query["tags"].split(",")}
        known = [each for each in known if tags <= {*each.tags}]
    limit, page = min(number_of(call.query, "limit", 50), 1000), number_of(call.query, "page", 1)
    cursor = call.query.get("cursor")
    start = (page - 1) * limit
    if cursor:
        at = next((place for place, each in enumerate(known) if each.id == cursor), None)
        if at is None:
            raise Refused(400, f"cursor must be one that the list gave (found {shown(cursor)})")
        start = at + 1
    some = known[start : start + limit]
    more = start + limit < len(known)
    pagination = {
        "page": None if cursor else page,
        "limit": limit,
        "total": None if cursor else len(known),
        "totalPages": None if cursor else -(-len(known) // limit),
        "hasMore": more,
        "nextCursor": some[-1].id if more else None,
    }
    return Answer(
        200, {"success": True, "subscribers": [each.shown() for each in some], "pagination": pagination}
    )


def create_subscriber(world: World, call: Call) -> Answer:
    """A new subscriber, or other fields of the one with that address."""
    found, new = world.do("sequenzy.subscribe", given=call.fields(400))
    made = {**found.shown(), "created": new, "updated": not new, "skipped": False}
    return Answer(200, {"success": True, "subscriber": made})


def get_subscriber(world: World, call: Call) -> Answer:
    """One subscriber, by address or id."""
    found = world.sequenzy.subscriber(call.path["email"])
    lists = [{"id": each, "name": world.sequenzy.lists.get(each, each)} for each in found.lists]
    return Answer(200, {"success": True, "subscriber": {**found.shown(), "lists": lists}})


def update_subscriber(world: World, call: Call) -> Answer:
    """Other fields of a subscriber."""
    found = world.sequenzy.subscriber(call.path["email"])
    world.do("sequenzy.edit", subscriber=found.id, given=call.fields(400))
    return Answer(200, {"success": True, "subscriber": found.shown()})


def track_event(world: World, call: Call) -> Answer:
    """Something that a subscriber did, which may enrol them."""
    body = call.fields(400)
    if body.get("occurredAt") is not None:
        raise Refused(400, "the twin takes events as they happen: leave occurredAt out")
    given = call.fields(400, *_PERSON)
    found, new, defined = world.do(
        "sequenzy.event", given=given, event=body.get("event"), properties=body.get("properties")
    )
    number = len(world.sequenzy.events)
    return Answer(
        200,
        {
            "success": True,
            "subscriber": {"id": found.id, "email": found.email, "created": new},
            "event": {"id": f"evt_{number:06}", "name": body["event"], "definitionCreated": defined},
        },
    )


# ---------------------------------------------------------------- tags and lists


def list_tags(world: World, call: Call) -> Answer:
    """The tags."""
    known = [{"id": key, "name": name} for name, key in world.sequenzy.tags.items()]
    return Answer(200, {"success": True, "tags": known})


def _who(world: World, given: Mapping[str, Any]) -> tuple[str, bool]:
    found, new = world.do("sequenzy.subscribe", given=given)
    return found.id, new


def add_tag(world: World, call: Call) -> Answer:
    """A subscriber is tagged, who is new where they were not known."""
    name = checked_name("tag", call.fields(400).get("tag"))
    who, new = _who(world, call.fields(400, *_PERSON))
    made = world.do("sequenzy.tag", subscriber=who, tag=name)
    found = world.sequenzy.subscribers[who]
    person = {"id": who, "email": found.email, "created": new, "tags": [*found.tags]}
    tag = {"id": world.sequenzy.tags[name], "name": name, "created": made}
    return Answer(200, {"success": True, "subscriber": person, "tag": tag})


def remove_tag(world: World, call: Call) -> Answer:
    """A tag is taken off a subscriber."""
    body = call.fields(400)
    found = world.sequenzy.subscriber(body.get("email"))
    removed = world.do("sequenzy.untag", subscriber=found.id, tag=body.get("tag"))
    person = {"id": found.id, "email": found.email, "created": False, "tags": [*found.tags]}
    return Answer(
        200, {"success": True, "subscriber": person, "tag": {"name": body["tag"], "removed": removed}}
    )


def list_lists(world: World, call: Call) -> Answer:
    """The lists."""
    people = world.sequenzy.subscribers.values()
    known = [
        {"id": key, "name": name, "subscriberCount": sum(key in each.lists for each in people)}
        for key, name in world.sequenzy.lists.items()
    ]
    return Answer(200, {"success": True, "lists": known})


def create_list(world: World, call: Call) -> Answer:
    """A new list."""
    name = call.fields(400).get("name")
    key = world.do("sequenzy.make_list", name=name)
    return Answer(200, {"success": True, "list": {"id": key, "name": name, "subscriberCount": 0}})


def add_to_list(world: World, call: Call) -> Answer:
    """Subscribers join a list."""
    key, emails = call.path["list_id"], call.fields(400).get("emails")
    if key not in world.sequenzy.lists:
        raise Refused(404, "List not found")
    if not isinstance(emails, list) or not emails or not all(isinstance(each, str) for each in emails):
        raise Refused(400, f"emails must be a list of addresses (found {shown(emails)})")
    results = []
    for email in emails:
        try:
            who, new = _who(world, {"email": email})
            added = world.do("sequenzy.add_to_list", name=key, subscriber=who)
            results.append({"email": email, "success": True, "created": new, "addedToList": added})
        except Refused as refused:
            results.append({"email": email, "success": False, "error": refused.errors[0]})
    counts = {
        "processed": len(results),
        "created": sum(bool(each.get("created")) for each in results),
        "addedToList": sum(bool(each.get("addedToList")) for each in results),
        "failed": sum(not each["success"] for each in results),
    }
    return Answer(200, {"success": True, "listId": key, **counts, "results": results})


def get_account(world: World, call: Call) -> Answer:
    """The companies of the key, of which there is one."""
    companies = [{"id": "twin", "name": "The twin", "role": "owner"}]
    return Answer(200, {"success": True, "companies": companies, "currentCompanyId": "twin"})


def get_me(world: World, call: Call) -> Answer:
    """Whose the key is."""
    account = {"companyId": "twin", "companyName": "The twin", "apiKeyType": "company"}
    return Answer(200, {"success": True, "account": account})
