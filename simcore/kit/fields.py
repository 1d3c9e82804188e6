"""The fields of Kit's sequences and emails as people write them, for type checkers: those that can be changed, and
those that something new must have (K1, K2)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, Required, TypeAlias, TypedDict

Days: TypeAlias = list[str] | tuple[str, ...]
DelayUnit: TypeAlias = Literal["days", "hours"]
SourceType: TypeAlias = Literal["tag", "sequence", "form", "segment"]


class SourceFields(TypedDict):
    """A source that a sequence excludes, as Kit's API writes it (K16)."""

    type: SourceType
    ids: Sequence[int]


class KeptSource(Protocol):
    """The same as a `kit.Sequence` keeps it."""

    @property
    def type(self) -> str:
        """What it is."""
        ...

    @property
    def ids(self) -> tuple[int, ...]:
        """Which of its kind."""
        ...


class Settings(TypedDict, total=False):
    """The settings of a sequence."""

    email_address: str | None
    email_template_id: int | None
    send_days: Days
    send_hour: int
    time_zone: str
    active: bool
    repeat: bool
    hold: bool
    exclude_subscriber_sources: Sequence[SourceFields | KeptSource]


class SequenceChanges(Settings, total=False):
    """What `kit.update` changes."""

    name: str


class _Details(TypedDict, total=False):
    """What an email may have."""

    sequence_id: int | None
    preview_text: str | None
    content: str | None
    email_address: str | None
    email_template_id: int | None
    published: bool
    position: int | None
    send_days: Days | None


class EmailChanges(_Details, total=False):
    """What `kit.update_email` changes."""

    subject: str
    delay_value: int
    delay_unit: DelayUnit


class EmailFields(EmailChanges, total=False):
    """What `kit.Sequence.replace_email` changes."""

    id: int | None
    extra: Mapping[str, Any]


class NewEmail(_Details, total=False):
    """What `kit.create_email` makes an email of."""

    subject: Required[str]
    delay_value: Required[int]
    delay_unit: Required[DelayUnit]
    id: int | None


class WholeEmail(NewEmail, total=False):
    """What `kit.Email` is made of."""

    number: int | None
    extra: Mapping[str, Any]
