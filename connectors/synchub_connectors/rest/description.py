"""A description: all that a TOML file says of a system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from synchub.api import FieldType
from synchub_connectors.rest.calls import Changes, Deleted, Get, Lookup, Path, Plain, Read
from synchub_connectors.rest.checks import stream_faults, text_faults
from synchub_connectors.rest.faults import Part, of_kind, refuse
from synchub_connectors.rest.templates import PLACEHOLDER, names
from synchub_connectors.rest.writes import Errors, Write

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]

NEEDED = {
    "none": (),
    "bearer": ("token",),
    "basic": ("user", "password"),
    "header": ("name", "value"),
    "query": ("name", "value"),
    "client_credentials": ("token_url", "client_id", "client_secret"),
    "refresh_token": ("token_url", "client_id", "refresh_token"),
}
ALLOWED = {
    "client_credentials": ("scope", "params", "client_in"),
    "refresh_token": ("client_secret", "scope", "params", "client_in", "rotates"),
}
Table = Literal["secrets", "settings", "either"]
SECRET = ("token", "password", "value", "client_secret", "refresh_token")


class Auth(Part):
    """[auth]: how the hub says who it is"""

    kind: Literal["none", "bearer", "basic", "header", "query", "client_credentials", "refresh_token"] = Field(
        default="none",
        description="bearer, basic, a header or a parameter of any name; or OAuth 2: client_credentials, refresh_token.",
    )
    token: str = Field(default="", description="bearer: `{token}`.")
    user: str = Field(default="", description="basic: the user's name.")
    password: str = Field(default="", description="basic: `{password}`.")
    name: str = Field(default="", description="header, query: its name.")
    value: str = Field(default="", description="header, query: its value, with a placeholder.")
    token_url: str = Field(default="", description="OAuth: the whole address that hands out access tokens.")
    client_id: str = Field(default="", description="OAuth: the application's id.")
    client_secret: str = Field(default="", description="OAuth: `{client_secret}`.")
    refresh_token: str = Field(default="", description="refresh_token: `{refresh_token}`, nothing besides.")
    scope: str = Field(default="", description="OAuth: the rights asked for.")
    params: dict[str, str] = Field(default_factory=dict, description="OAuth: what else is sent for a token.")
    client_in: Literal["body", "header"] = Field(
        default="body", description="OAuth: where the application's id and secret travel; header means Basic."
    )
    rotates: bool = Field(
        default=True,
        description="refresh_token: whether the system replaces the token when it is used. Then it has to be kept in "
        "the keyring or in a file that the hub may replace.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Auth:
        faults = of_kind(self, self.kind, NEEDED, ALLOWED)
        for key in SECRET:
            said = getattr(self, key)
            if said and not PLACEHOLDER.search(said):
                text = (
                    f"holds no placeholder: write {{{key}}}, and its reference under [systems.NAME.secrets] of hub.toml"
                )
                faults.append(((key,), text))
        if self.refresh_token and not PLACEHOLDER.fullmatch(self.refresh_token):
            faults.append((("refresh_token",), "must be one placeholder and nothing else"))
        refuse(faults)
        return self


class Rate(Part):
    """[rate]: how many requests the account may make"""

    requests: int = Field(default=10, ge=1, description="So many requests.")
    seconds: float = Field(default=1, gt=0, description="In so many seconds.")
    at_once: int = Field(default=4, ge=1, le=10, description="Single writes and lookups that may be under way at once.")
    remaining: str | None = Field(default=None, description="The header that says how many requests are left.")
    reset: str | None = Field(default=None, description="The header that says when there are more again.")
    reset_is: Literal["seconds", "time"] = Field(
        default="seconds", description="Whether that is a number of seconds, or a time in seconds since 1970."
    )


class FieldOf(Part):
    """[streams.NAME.fields] NAME = { … }; a plain type is short for { type = … }"""

    type: FieldType = Field(default="text", description="What it holds.")
    writable: bool = Field(default=True, description="Whether it may be written.")
    required: bool = Field(default=False, description="Whether a create needs it.")
    options: tuple[str, ...] = Field(default=(), description="The values of an enum.")
    format: Literal["iso", "seconds", "milliseconds"] = Field(
        default="iso", description="date, datetime: ISO 8601, or a number since 1970."
    )
    listed: bool = Field(default=True, description="false: only single records hold it, lists say nothing about it.")
    summary: str = Field(default="", description="What people should know of it.")


class Gone(Part):
    """[streams.NAME] gone: what marks a record in a list as deleted"""

    field: str = Field(description="Where in the record.")
    values: tuple[Plain, ...] = Field(default=(True,), description="What stands there.")


class StreamOf(Part):
    """[streams.NAME]: one kind of thing that the system holds"""

    key: str = Field(default="id", description="The field that names a record.")
    updated_at: str | None = Field(default=None, description="The field with the time of the last change.")
    version: str | None = Field(default=None, description="The field with the record's version.")
    external_id: str | None = Field(default=None, description="A field that can keep the hub's own id.")
    lag: float = Field(
        default=0, ge=0, description="Seconds for which reads and lookups may not show yet what was written."
    )
    fields: dict[str, FieldOf | FieldType] = Field(
        default_factory=dict,
        description="Field = type; dots lead into nested objects. Without any, they are guessed from the first records.",
    )
    gone: Gone | None = Field(default=None, description="What marks a record in a list as deleted.")
    read: Read = Field(description="Every record.")
    changes: Changes | None = Field(default=None, description="What changed since the last read.")
    deleted: Deleted | None = Field(default=None, description="What was deleted since the last read.")
    get: Get | None = Field(default=None, description="One record by its id.")
    lookup: dict[str, Lookup] = Field(default_factory=dict, description="The records with a value in a field.")
    create: Write | None = Field(default=None, description="Make a record.")
    update: Write | None = Field(default=None, description="Change a record.")
    archive: Write | None = Field(default=None, description="Put a record away.")
    delete: Write | None = Field(default=None, description="Delete a record.")

    @model_validator(mode="after")
    def _fits(self) -> StreamOf:
        refuse(stream_faults(self))
        return self

    def field(self, name: str) -> FieldOf:
        """The declaration of a field, its short form written out."""
        said = self.fields[name]
        return said if isinstance(said, FieldOf) else FieldOf(type=said)

    def writes(self) -> dict[str, Write]:
        """The calls that write, by the kind of operation."""
        said = {"create": self.create, "update": self.update, "archive": self.archive, "delete": self.delete}
        return {kind: call for kind, call in said.items() if call is not None}


class Description(Part):
    """A whole description: rest/NAME.toml"""

    url: str = Field(description="The address that all paths are below; placeholders stand for `settings` of hub.toml.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers that every request carries.")
    params: dict[str, Plain] = Field(default_factory=dict, description="Parameters that every request carries.")
    check: Path | None = Field(
        default=None, description="A path to ask when the connection is tested. Default: the first stream's records."
    )
    auth: Auth = Field(default_factory=Auth, description="How the hub says who it is.")
    rate: Rate = Field(default_factory=Rate, description="How many requests the account may make.")
    errors: Errors = Field(default_factory=Errors, description="What refusals mean.")
    streams: dict[Name, StreamOf] = Field(description="What the system holds.")

    @model_validator(mode="after")
    def _fits(self) -> Description:
        faults = text_faults(self)
        if self.errors.existing_pattern is not None:
            try:
                groups = re.compile(self.errors.existing_pattern).groups
            except re.error as error:
                faults.append((("errors", "existing_pattern"), f"is no regular expression: {error}"))
            else:
                faults += [] if groups else [(("errors", "existing_pattern"), "needs a group: (\\d+)")]
        refuse(faults)
        return self

    def placeholders(self) -> Iterator[tuple[str, Table]]:
        """What hub.toml has to say for this, and where: in one of its tables, or in either."""
        own = {"id", "value", "values", "since"}
        auth = self.auth.model_dump()
        yield from ((name, "secrets") for name in names([auth.pop(key) for key in SECRET]))
        yield from ((name, "either") for name in names([auth, self.headers]))
        addressed = [self.url, self.check, self.params, self.model_dump(include={"streams"})]
        yield from ((name, "settings") for name in names(addressed) if name not in own)
