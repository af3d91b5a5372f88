"""Calls that write, as a description says them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from synchub_connectors.rest.calls import Path, Plain
from synchub_connectors.rest.faults import Part, refuse

Meaning = Literal["ok", "rejected", "conflict", "gone", "retry"]
Status = Annotated[str, Field(pattern=r"^[2-5]\d\d$")]


class Batch(Part):
    """batch of a call that writes: many records by one request"""

    size: int = Field(default=100, ge=1, le=10_000, description="How many records one request may hold.")
    items: str = Field(default="", description="Where the list stands in the body; it is the body if empty.")
    id: str = Field(
        default="id", description="The key of an element that holds the record's id (update, archive, delete)."
    )
    ids_only: bool = Field(default=False, description="archive, delete: the list holds bare ids.")
    trace: str | None = Field(
        default=None, description="A key of an element that the answer repeats: it tells which result is whose."
    )
    results: str = Field(default="", description="Where the answer lists what came of each record.")
    errors: str | None = Field(default=None, description="Where it lists those that failed, if that is another list.")
    error_trace: str | None = Field(default=None, description="Where an element of `errors` repeats the trace.")
    ok: str | None = Field(default=None, description="Where a result says whether it succeeded.")
    status: str | None = Field(default=None, description="Where a result has a status of its own, as HTTP's.")
    reason: str | None = Field(default=None, description="Where a result says why it failed.")

    @model_validator(mode="after")
    def _fits(self) -> Batch:
        refuse([(("error_trace",), "")] if self.errors is not None and self.error_trace is None else [])
        return self


class Write(Part):
    """[streams.NAME.create], and the same for update, archive and delete"""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(
        default="POST", description="DELETE, PUT and calls with an idempotency header may be sent twice."
    )
    path: Path = Field(description="The path below `url`, with `{id}` where there is a record already.")
    params: dict[str, Plain] = Field(default_factory=dict, description="Parameters of the address.")
    body: dict[str, Any] = Field(default_factory=dict, description="What the body holds besides the record's values.")
    wrap: str = Field(default="", description="Where in the body the values stand; they are the body if empty.")
    clear: Literal["null", "empty"] = Field(default="null", description='How a field is cleared: null or "".')
    sends: Literal["changes", "objects", "record"] = Field(
        default="changes",
        description="update: what travels. objects: of a nested value the whole object that it lies in; record: every "
        "writable field. For both the record is fetched first.",
    )
    record: str | None = Field(
        default=None, description="Where the answer holds the whole record as it is now. Without one it is fetched."
    )
    id: str | None = Field(default=None, description="create: where the answer holds the new id, if not in the record.")
    id_header: str | None = Field(
        default=None, description="create: the header whose last part is the new id, such as Location."
    )
    version_header: str | None = Field(default=None, description="The header that the record's version travels in.")
    version_field: str | None = Field(default=None, description="Where in the body the record's version travels.")
    etag: bool = Field(default=False, description="Fetch the record first, and send its ETag as If-Match.")
    idempotency_header: str | None = Field(
        default=None, description="The header by which the system knows a repeated request: Idempotency-Key."
    )
    batch: Batch | None = Field(default=None, description="Many records by one request.")


class Errors(Part):
    """[errors]: what refusals mean"""

    reason: str = Field(default="message", description="Where an answer says in words what is wrong.")
    field: str | None = Field(default=None, description="Where it names the field at fault.")
    statuses: dict[Status, Meaning] = Field(
        default_factory=dict,
        description='HTTP status = meaning, where it isn\'t the usual one: 402 = "retry". The usual ones: 404 and 410 '
        "gone, 409 and 412 conflict, 5xx retry, the rest rejected.",
    )
    existing: str | None = Field(
        default=None, description="Where the refusal of a create names the id of the record that is there already."
    )
    existing_pattern: str | None = Field(
        default=None, description="A regular expression that finds the id in that text, as its first group."
    )
    failed: str | None = Field(default=None, description="Filled there, an answer is a refusal whatever its status.")
    ok: str | None = Field(default=None, description="Not true there, an answer is a refusal whatever its status.")
