"""hub.toml, declared once: parsing, lint, the JSON Schema for editors and docs/settings.md come from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
"""A name that is the user's to choose."""

Limit = Annotated[int, Field(ge=0, strict=True)] | Annotated[str, Field(pattern=r"^\d+(\.\d+)?%$")]
"""A count, or a share of the member's live links, as "5%"."""


class Declared(BaseModel):
    """Base of all that a file may say: unknown keys are problems, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSettings(Declared):
    """[hub]"""

    name: Name = Field(default="hub", description="The hub's name; also names its keyring service.")
    store: str = Field(
        default="sqlite:///hub.db",
        description="Where the hub keeps what it knows: any SQLAlchemy URL of SQLite or PostgreSQL.",
    )
    timezone: str = Field(default="UTC", description="For times that name no zone, and for schedules.")
    region: str = Field(
        default="US", pattern="^[A-Z]{2}$", description="For phone numbers without a country code: ISO 3166."
    )
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$", description="For amounts that name none.")
    history: str = Field(
        default="2y", pattern=r"^\d+[dwmy]$", description="How long replaced claims are kept: 90d, 12w, 6m, 2y."
    )
    quiet_runs: str = Field(
        default="30d",
        pattern=r"^\d+[dwmy]$",
        description="How long runs are listed that changed nothing: 7d, 12w, 6m, 2y. The newest hundred of a sync always "
        "are.",
    )


class SystemSettings(BaseModel):
    """[systems.NAME]: `connector`, and the settings that this connector declares."""

    model_config = ConfigDict(extra="allow", frozen=True)

    connector: str = Field(description="Which connector plugin talks to this system.")
    patience: int = Field(
        default=120,
        ge=0,
        description="Seconds that one HTTP request may spend waiting between its tries, while the system fails or "
        "asks to be left alone. Then its part of the run is left for the next one.",
    )
    isolation: Literal["none", "process"] = Field(
        default="none",
        description="process: its connector runs in a process of its own. One that was installed with `plugin add "
        "isolated:NAME` always does.",
    )
    isolation_silence: float = Field(
        default=900, gt=0, description="Seconds that a process of its own may work on one call without a word."
    )
    isolation_memory: int = Field(
        default=0, ge=0, description="Megabytes of address space that a process of its own may have. 0: no limit."
    )
    timeout: str | None = Field(
        default=None,
        pattern=r"^[1-9]\d*[smh]$",
        description="How long one call of the connector may take, 90s, 10m or 1h: a page that is read, a batch that is "
        "written. Then the run goes on without this system, and says where the connector hangs; a process of its own is ended "
        "(to begin it has two minutes, or this if it is longer). Default: no limit.",
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What hub.toml says besides `connector`, secrets still as references."""
        return dict(self.model_extra or {})


class MatchSettings(Declared):
    """[entities.NAME] match"""

    keys: tuple[str, ...] = Field(
        default=(), description='Who is who, strongest key first: ["email", "phone + last_name"].'
    )


class EntitySettings(Declared):
    """[entities.NAME]"""

    match: MatchSettings | None = Field(default=None, description="How records of this entity are recognised.")
    consent_from: tuple[Name, ...] = Field(
        default=(), description="Systems that may take back an opt-out with a later consent_at."
    )
    fields: dict[Name, str | tuple[str, ...]] = Field(
        default_factory=dict,
        description='Fields beyond the built-in ones: a type, or an ordered list of values: ["low", "high"].',
    )
    rules: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="Per field (or * for the rest): a rule, or a chain of rules."
    )
    refers_to: dict[Name, Name] = Field(
        default_factory=dict, description="Fields of type ref, and the entity that each refers to."
    )


class Limits(Declared):
    """[syncs.NAME.members.NAME] limits"""

    creates: Limit | None = Field(default=None, description="At most so many creates a run.")
    updates: Limit | None = Field(default=None, description="At most so many updates a run.")
    deletes: Limit | None = Field(default="5%", description="At most so many deletes and archives a run.")


class MemberSettings(Declared):
    """[syncs.NAME.members.NAME]"""

    system: Name | None = Field(default=None, description="The system; default: the member's own name.")
    stream: str = Field(description="The stream of that system.")
    mapping: str = Field(description="mappings/NAME.toml, else the connector's own mapping of that name.")
    direction: Literal["both", "in", "out"] = Field(
        default="both",
        description="in: only read. out: only written (read for matching, never believed but for opt-outs).",
    )
    create: bool = Field(default=True, description="May the hub create records here?")
    on_delete: Literal["ignore", "archive", "propagate"] = Field(
        default="ignore", description="What is done here when the record was deleted elsewhere."
    )
    confirm_deletes: bool = Field(
        default=False, description="Ask before each delete or archive here: `synchub review` lists them."
    )
    where: str | None = Field(
        default=None, description="Only records for which this holds are written here: a filter on golden fields."
    )
    fill_only: bool | None = Field(
        default=None, description="Count only where no other claim has a value. Default true for mail."
    )
    limits: Limits = Field(default_factory=Limits, description="When the guard stops a run.")


class SyncSettings(Declared):
    """[syncs.NAME]"""

    entity: Name = Field(description="What is unified: contact, event, or an entity of this file.")
    schedule: str | None = Field(default=None, description="Cron expression; without one only by hand.")
    members: dict[Name, MemberSettings] = Field(
        default_factory=dict, description="The streams that take part; their order breaks ties."
    )


class ServeSettings(Declared):
    """[serve]"""

    listen: str = Field(
        default="127.0.0.1:9464",
        description='Where `serve` answers /healthz and /metrics: HOST:PORT; "off" for nowhere. Nobody is asked who they are.',
    )
    jitter: int = Field(
        default=20,
        ge=0,
        le=50,
        strict=True,
        description="Each sync begins some seconds behind its schedule, at most so many; always the same for one sync.",
    )
    pause_after: int = Field(
        default=3,
        ge=1,
        strict=True,
        description="A system that fails so many runs in a row is left alone for a while: 10 minutes at first, 6 hours at last.",
    )
    notify: str | None = Field(
        default=None,
        description="An address that notices are posted to as JSON: when a system or a sync fails, and when it is well again.",
    )


class HubFile(Declared):
    """A whole hub.toml."""

    include: tuple[str, ...] = Field(default=(), description="More files of this form: patterns.")
    hub: HubSettings = Field(default_factory=HubSettings, description="The hub itself.")
    systems: dict[Name, SystemSettings] = Field(default_factory=dict, description="The outside systems.")
    serve: ServeSettings = Field(default_factory=ServeSettings, description="What `synchub serve` does.")
    entities: dict[Name, EntitySettings] = Field(default_factory=dict, description="What is unified, and how.")
    syncs: dict[Name, SyncSettings] = Field(default_factory=dict, description="What is kept in agreement.")
