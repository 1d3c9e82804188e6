"""Kit's API: what each call does, and what it is answered."""

from typing import Any

from simcore import kit
from simcore.errors import SimcoreError, ValidationError
from simcore.text.wording import WEEKDAYS
from simcore.twin import pages
from simcore.twin.answers import Answer, Call, Refused
from simcore.twin.kit_account import Sequence, Subscriber
from simcore.twin.stamps import text
from simcore.twin.world import Handler, World

_READ_ONLY = frozenset({"id", "sequence_id", "created_at", "updated_at"})
"""Fields that Kit gives, and that are passed over where they are given back."""
ACCOUNT = {
    "user": {"email": "twin@example.com"},
    "account": {
        "id": 1,
        "name": "The twin",
        "plan_type": "creator",
        "primary_email_address": "twin@example.com",
        "created_at": "2026-01-01T00:00:00Z",
        "timezone": {
            "name": "America/New_York",
            "friendly_name": "Eastern Time (US & Canada)",
            "utc_offset": "-05:00",
        },
    },
}


# ---------------------------------------------------------------- sequences


def shown_sequence(sequence: Sequence) -> dict[str, Any]:
    """A sequence as Kit's API gives it."""
    now = sequence.now
    sources = sorted(now.exclude_subscriber_sources, key=lambda source: source.type)
    return {
        "id": sequence.id,
        "name": now.name,
        "hold": now.hold,
        "repeat": now.repeat,
        "created_at": text(sequence.created_us),
        "updated_at": text(sequence.updated_us),
        "email_address": now.email_address,
        "email_template_id": now.email_template_id,
        "send_days": [*now.send_days],
        "send_hour": now.send_hour,
        "time_zone": now.time_zone,
        "active": now.active,
        "exclude_subscriber_sources": [
            {"type": source.type, "ids": [*source.ids], **source.extra} for source in sources
        ],
    }


def shown_email(email: kit.Email, *, content: bool) -> dict[str, Any]:
    """An email as Kit's API gives it."""
    days = None if email.delay_unit == "hours" else [*(email.send_days or WEEKDAYS)]
    return {
        "id": email.id,
        "sequence_id": email.sequence_id,
        "subject": email.subject,
        "preview_text": email.preview_text,
        "email_address": email.email_address,
        "email_template_id": email.email_template_id,
        "published": email.published,
        "position": _place(email),
        "delay_value": email.delay_value,
        "delay_unit": email.delay_unit,
        "send_days": days,
        **({"content": email.content} if content else {}),
    }


def _place(email: kit.Email) -> int:
    return (email.position or 0) if email.number is None else email.number


def _given(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.fields(422).items() if name not in _READ_ONLY}


def list_sequences(world: World, call: Call) -> Answer:
    """The list of sequences, the newest first."""
    known = sorted(world.kit.sequences)
    keys = [(number,) for number in known]
    return Answer(
        200,
        pages.kit("sequences", keys, call.query, lambda at: shown_sequence(world.kit.sequences[known[at]])),
    )


def create_sequence(world: World, call: Call) -> Answer:
    """A new sequence, without emails."""
    return Answer(201, {"sequence": shown_sequence(world.do("kit.create", fields=call.fields(422)))})


def get_sequence(world: World, call: Call) -> Answer:
    """One sequence."""
    return Answer(200, {"sequence": shown_sequence(world.kit.sequence(call.path["sequence_id"]))})


def update_sequence(world: World, call: Call) -> Answer:
    """Other fields of a sequence."""
    found = world.kit.sequence(call.path["sequence_id"])
    fields = _given(call)
    if fields:
        world.do("kit.change", sequence=found.id, op="update", fields=fields)
    return Answer(200, {"sequence": shown_sequence(found)})


# ---------------------------------------------------------------- emails


def list_emails(world: World, call: Call) -> Answer:
    """The emails of a sequence, in their order."""
    emails = world.kit.sequence(call.path["sequence_id"]).now.emails
    keys = [(_place(email), email.id or 0) for email in emails]
    content = call.query.get("include_content") == "true"
    page = pages.kit(
        "emails", keys, call.query, lambda at: shown_email(emails[at], content=content), falls=False
    )
    return Answer(200, page)


def create_email(world: World, call: Call) -> Answer:
    """A new email of a sequence."""
    found = world.kit.sequence(call.path["sequence_id"])
    fields = _given(call)
    known = {email.id for email in found.now.emails}
    after = world.do(
        "kit.change", sequence=found.id, op="create_email", fields={**fields, "sequence_id": found.id}
    )
    [new] = [email for email in after.emails if email.id not in known]
    return Answer(201, {"email": shown_email(new, content=True)})


def get_email(world: World, call: Call) -> Answer:
    """One email of a sequence."""
    return Answer(200, {"email": shown_email(_email(world, call)[1], content=True)})


def update_email(world: World, call: Call) -> Answer:
    """Other fields of an email."""
    found, email = _email(world, call)
    fields = _given(call)
    if fields:
        world.do("kit.change", sequence=found.id, op="update_email", email=email.id, fields=fields)
    return Answer(200, {"email": shown_email(found.email(email.id or 0), content=True)})


def delete_email(world: World, call: Call) -> Answer:
    """An email is taken out of a sequence."""
    found, email = _email(world, call)
    world.do("kit.change", sequence=found.id, op="delete_email", email=email.id, fields={})
    return Answer(204)


def _email(world: World, call: Call) -> tuple[Sequence, kit.Email]:
    found = world.kit.sequence(call.path["sequence_id"])
    return found, found.email(call.path["email_id"])


# ---------------------------------------------------------------- who is in a sequence


def list_entered(world: World, call: Call) -> Answer:
    """The subscribers of a sequence, the newest first, each with when they last entered."""
    found = world.kit.sequence(call.path["sequence_id"])
    added = found.begun(world.now_us)
    version = (found.version(), world.now_us)
    return _people(world, call, ("sequence", found.id), version, added, "added_at")


def _people(
    world: World, call: Call, name: Any, version: Any, since: dict[int, int], since_name: str
) -> Answer:
    people = world.kit.subscribers
    known = world.kit.listed(name, version, since, call.query.get("status") or "active")

    def item(at: int) -> dict[str, Any]:
        return people[known[at]].shown(**{since_name: text(since[known[at]])})

    return Answer(200, pages.kit("subscribers", pages.Keys(known), call.query, item))


def enter_by_id(world: World, call: Call) -> Answer:
    """A subscriber is added to a sequence, by id."""
    return _enter(world, call, world.kit.subscriber(call.path["subscriber_id"]))


def enter_by_email(world: World, call: Call) -> Answer:
    """A subscriber is added to a sequence, by address."""
    world.kit.sequence(call.path["sequence_id"])
    return _enter(world, call, world.kit.by_email(call.fields(422).get("email_address")))


def _enter(world: World, call: Call, subscriber: Subscriber) -> Answer:
    found = world.kit.sequence(call.path["sequence_id"])
    if not found.now.active:
        raise Refused(422, "Sequence is inactive")
    new = world.do("kit.enter", sequence=found.id, subscriber=subscriber.id)
    begun = {} if new else found.begun(world.now_us)  # who is new was added now
    added_at = text(begun.get(subscriber.id, world.now_us))
    return Answer(201 if new else 200, {"subscriber": subscriber.shown(added_at=added_at)})


# ---------------------------------------------------------------- subscribers


def list_subscribers(world: World, call: Call) -> Answer:
    """The subscribers of the account, the newest first."""
    people = world.kit.subscribers
    known = world.kit.listed("all", len(people), people, call.query.get("status") or "active")
    if call.query.get("email_address"):
        wanted = {address.strip().lower() for address in call.query["email_address"].split(",")}
        found = {world.kit.by_address[each] for each in wanted if each in world.kit.by_address}
        known = [each for each in known if each in found]
    page = pages.kit("subscribers", pages.Keys(known), call.query, lambda at: people[known[at]].shown())
    return Answer(200, page)


def create_subscriber(world: World, call: Call) -> Answer:
    """A new subscriber, or other names and fields of the one with that address."""
    given = call.fields(422, "email_address", "first_name", "state", "fields")
    found, new = world.do("kit.subscribe", **given)
    return Answer(201 if new else 200, {"subscriber": found.shown()})


def get_subscriber(world: World, call: Call) -> Answer:
    """One subscriber."""
    return Answer(200, {"subscriber": world.kit.subscriber(call.path["subscriber_id"]).shown()})


def update_subscriber(world: World, call: Call) -> Answer:
    """Other fields of a subscriber."""
    found = world.kit.subscriber(call.path["subscriber_id"])
    given = call.fields(422, "email_address", "first_name", "fields")
    return Answer(200, {"subscriber": world.do("kit.edit", subscriber=found.id, given=given).shown()})


def unsubscribe(world: World, call: Call) -> Answer:
    """A subscriber unsubscribes."""
    found = world.kit.subscriber(call.path["subscriber_id"])
    world.do("kit.happen", subscriber=found.id, event="unsubscribed")
    return Answer(204)


def tags_of_subscriber(world: World, call: Call) -> Answer:
    """The tags of a subscriber."""
    found = world.kit.subscriber(call.path["subscriber_id"])
    known = sorted(found.tags)

    def item(at: int) -> dict[str, Any]:
        tag = world.kit.tags[known[at]]
        return {"id": tag["id"], "name": tag["name"], "tagged_at": text(found.tags[tag["id"]])}

    return Answer(200, pages.kit("tags", pages.Keys(known), call.query, item))


# ---------------------------------------------------------------- tags


def list_tags(world: World, call: Call) -> Answer:
    """The tags of the account, the newest first."""
    known = [*world.kit.tags.values()]
    return Answer(200, pages.kit("tags", [(tag["id"],) for tag in known], call.query, lambda at: known[at]))


def create_tag(world: World, call: Call) -> Answer:
    """A tag of a name."""
    found, new = world.do("kit.tag", name=call.fields(422).get("name"))
    return Answer(201 if new else 200, {"tag": found})


def list_tagged(world: World, call: Call) -> Answer:
    """The subscribers of a tag, the newest first."""
    number = world.kit.tag_of(call.path["tag_id"])["id"]
    since = world.kit.tagged[number]
    return _people(world, call, ("tag", number), len(since), since, "tagged_at")


def tag_by_id(world: World, call: Call) -> Answer:
    """A subscriber is tagged, by id."""
    return _tag(world, call, world.kit.subscriber(call.path["subscriber_id"]))


def tag_by_email(world: World, call: Call) -> Answer:
    """A subscriber is tagged, by address."""
    world.kit.tag_of(call.path["tag_id"])
    return _tag(world, call, world.kit.by_email(call.fields(422).get("email_address")))


def _tag(world: World, call: Call, subscriber: Subscriber) -> Answer:
    number = world.kit.tag_of(call.path["tag_id"])["id"]
    new = world.do("kit.add_tag", tag=number, subscriber=subscriber.id)
    tagged_at = text(subscriber.tags[number])
    return Answer(201 if new else 200, {"subscriber": subscriber.shown(tagged_at=tagged_at)})


def untag_by_id(world: World, call: Call) -> Answer:
    """A tag is taken off a subscriber, by id."""
    return _untag(world, call, world.kit.subscriber(call.path["subscriber_id"]))


def untag_by_email(world: World, call: Call) -> Answer:
    """A tag is taken off a subscriber, by address."""
    world.kit.tag_of(call.path["tag_id"])
    address = call.fields(422).get("email_address")
    if not address:
        raise Refused(422, "Either subscriber id or email address is required to remove tag from subscriber")
    return _untag(world, call, world.kit.by_email(address))


def _untag(world: World, call: Call, subscriber: Subscriber) -> Answer:
    number = world.kit.tag_of(call.path["tag_id"])["id"]
    world.do("kit.remove_tag", tag=number, subscriber=subscriber.id)
    return Answer(204)


# ---------------------------------------------------------------- the account


def get_account(world: World, call: Call) -> Answer:
    """The account, whose time zone is that of sequences without one."""
    return Answer(200, ACCOUNT)


CALLS: dict[tuple[str, str], Handler] = {
    ("GET", "/v4/account"): get_account,
    ("GET", "/v4/sequences"): list_sequences,
    ("POST", "/v4/sequences"): create_sequence,
    ("GET", "/v4/sequences/{sequence_id}"): get_sequence,
    ("PUT", "/v4/sequences/{sequence_id}"): update_sequence,
    ("GET", "/v4/sequences/{sequence_id}/emails"): list_emails,
    ("POST", "/v4/sequences/{sequence_id}/emails"): create_email,
    ("GET", "/v4/sequences/{sequence_id}/emails/{email_id}"): get_email,
    ("PUT", "/v4/sequences/{sequence_id}/emails/{email_id}"): update_email,
    ("DELETE", "/v4/sequences/{sequence_id}/emails/{email_id}"): delete_email,
    ("GET", "/v4/sequences/{sequence_id}/subscribers"): list_entered,
    ("POST", "/v4/sequences/{sequence_id}/subscribers"): enter_by_email,
    ("POST", "/v4/sequences/{sequence_id}/subscribers/{subscriber_id}"): enter_by_id,
    ("GET", "/v4/subscribers"): list_subscribers,
    ("POST", "/v4/subscribers"): create_subscriber,
    ("GET", "/v4/subscribers/{subscriber_id}"): get_subscriber,
    ("PUT", "/v4/subscribers/{subscriber_id}"): update_subscriber,
    ("POST", "/v4/subscribers/{subscriber_id}/unsubscribe"): unsubscribe,
    ("GET", "/v4/subscribers/{subscriber_id}/tags"): tags_of_subscriber,
    ("GET", "/v4/tags"): list_tags,
    ("POST", "/v4/tags"): create_tag,
    ("GET", "/v4/tags/{tag_id}/subscribers"): list_tagged,
    ("POST", "/v4/tags/{tag_id}/subscribers"): tag_by_email,
    ("DELETE", "/v4/tags/{tag_id}/subscribers"): untag_by_email,
    ("POST", "/v4/tags/{tag_id}/subscribers/{subscriber_id}"): tag_by_id,
    ("DELETE", "/v4/tags/{tag_id}/subscribers/{subscriber_id}"): untag_by_id,
}


def refusal(error: SimcoreError | Refused) -> Answer:
    """What Kit says of a call that is refused."""
    if isinstance(error, Refused):
        return Answer(error.status, {"errors": [*error.errors]})
    return Answer(422, {"errors": error.errors if isinstance(error, ValidationError) else [str(error)]})
