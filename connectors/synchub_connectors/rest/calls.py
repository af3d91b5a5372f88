"""Calls, as a description says them: what is asked, and where in the answer to look."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from synchub_connectors.rest.faults import Part, of_kind, refuse


def _below(path: str) -> str:
    """A path below the description's address."""
    if "://" in path or "?" in path or "#" in path or "\\" in path:
        raise ValueError("is a path below `url`; parameters stand under `params`")
    if any(step in (".", "..") for step in path.split("/")):
        raise ValueError("must not lead out of `url` by dots")
    return path.strip("/")


Path = Annotated[str, AfterValidator(_below)]
Plain = str | int | float | bool
Since = Literal["iso", "date", "seconds", "milliseconds"]

NEEDED = {
    "none": (),
    "page": ("param",),
    "offset": ("param",),
    "cursor": ("param", "next"),
    "next_url": ("next",),
    "link": (),
    "last_id": ("param",),
}
ALLOWED = {
    "page": ("first", "more", "total", "within"),
    "offset": ("more", "total", "within"),
    "cursor": ("more", "within"),
    "next_url": ("more",),
    "last_id": ("more", "within"),
}


class Paging(Part):
    """paging of a call that reads"""

    kind: Literal["none", "page", "offset", "cursor", "next_url", "link", "last_id"] = Field(
        default="none",
        description="How the next page is asked for: by its number, by how many records came before, by a token or a "
        "whole address that the answer holds, by the answer's Link header, or by the last record's id.",
    )
    param: str = Field(default="", description="page, offset, cursor, last_id: the parameter that says it.")
    next: str = Field(default="", description="cursor, next_url: where the answer holds it.")
    first: int = Field(default=1, ge=0, description="page: the number of the first page.")
    more: str | None = Field(default=None, description="Where the answer says that there are more pages.")
    total: str | None = Field(
        default=None,
        description="page, offset: where the answer says how many records there are. A read that saw fewer is not whole.",
    )
    within: Literal["params", "body"] = Field(default="params", description="Whether `param` travels in the body.")

    @model_validator(mode="after")
    def _fits(self) -> Paging:
        refuse(of_kind(self, self.kind, NEEDED, ALLOWED))
        return self


class Read(Part):
    """[streams.NAME.read]: every record"""

    path: Path = Field(description="The path below `url`.")
    method: Literal["GET", "POST"] = Field(default="GET", description="POST only where it changes nothing.")
    params: dict[str, Plain] = Field(default_factory=dict, description="Parameters of the address.")
    body: dict[str, Any] = Field(default_factory=dict, description="What a POST carries, as JSON.")
    records: str = Field(default="", description="Where the list of records is; the whole answer if empty.")
    record: str = Field(default="", description="Where in an element of the list the record is; all of it if empty.")
    paging: Paging = Field(default_factory=Paging, description="How the next page is asked for.")


class Changes(Part):
    """[streams.NAME.changes]: what changed since the last read. What it doesn't say is as in read"""

    path: Path | None = Field(default=None, description="The path below `url`.")
    method: Literal["GET", "POST"] | None = Field(default=None, description="POST only where it changes nothing.")
    params: dict[str, Plain] = Field(
        default_factory=dict, description="Besides those of read. `{since}` stands for the time."
    )
    body: dict[str, Any] | None = Field(default=None, description="What a POST carries; `{since}` as above.")
    records: str | None = Field(default=None, description="Where the list of records is.")
    record: str | None = Field(default=None, description="Where in an element of the list the record is.")
    paging: Paging | None = Field(default=None, description="How the next page is asked for.")
    format: Since = Field(default="iso", description="How `{since}` is written: seconds and milliseconds since 1970.")
    overlap: int = Field(
        default=300,
        ge=0,
        description="Seconds that a read begins before the last one, for what was committed or indexed late.",
    )
    reaches_back: int | None = Field(
        default=None, ge=1, description="Days after which the system forgets changes: after longer all is read."
    )


class Deleted(Part):
    """[streams.NAME.deleted]: the ids of what was deleted since the last read"""

    path: Path = Field(description="The path below `url`.")
    params: dict[str, Plain] = Field(default_factory=dict, description="Parameters; `{since}` stands for the time.")
    records: str = Field(default="", description="Where the list is; the whole answer if empty.")
    id: str = Field(default="id", description='Where in an element of the list the id is; "" for a list of ids.')
    paging: Paging = Field(default_factory=Paging, description="How the next page is asked for.")


class Get(Part):
    """[streams.NAME.get]: one record by its id"""

    path: Path = Field(description="The path below `url`, with `{id}`.")
    params: dict[str, Plain] = Field(default_factory=dict, description="Parameters of the address.")
    record: str = Field(default="", description="Where in the answer the record is; all of it if empty.")


class Lookup(Part):
    """[streams.NAME.lookup.FIELD]: the records with a value in a field"""

    path: Path = Field(description="The path below `url`.")
    method: Literal["GET", "POST"] = Field(default="GET", description="POST only where it changes nothing.")
    params: dict[str, Plain] = Field(
        default_factory=dict, description="Parameters; `{value}` stands for the value, `{values}` for several."
    )
    body: dict[str, Any] = Field(default_factory=dict, description="What a POST carries; placeholders as above.")
    records: str = Field(default="", description="Where the list of records is; the whole answer if empty.")
    record: str = Field(default="", description="Where in an element of the list the record is; all of it if empty.")
    paging: Paging = Field(default_factory=Paging, description="How the next page is asked for.")
    several: int = Field(default=1, ge=1, description="How many values one call may ask for, as `{values}`.")
    whole: bool = Field(
        default=True, description="false: what is found is fetched by `get`, it does not hold all fields."
    )
    fuzzy: bool = Field(
        default=False,
        description="Whether the system also finds what merely resembles the value. Otherwise a record with another "
        "value means that it ignores the filter, and the run stops.",
    )
