"""Mapping files, declared once: how a stream's native fields become an entity's canonical fields, and back."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from synchub.spec.hub import Declared, Name


class FieldMapping(Declared):
    """[fields] NAME = { … }; a plain string is short for { native = … }"""

    native: str | tuple[str, ...] | None = Field(
        default=None, description="The native field; of several the first filled one is read."
    )
    format: str | None = Field(default=None, description="How dates are written there: %d.%m.%Y.")
    currency: str | None = Field(default=None, description="The currency of amounts there that name none.")
    values: dict[str, str] = Field(
        default_factory=dict, description="Native value = canonical value. Inward only, unless reversible."
    )
    transform: tuple[str, ...] = Field(default=(), description="Named steps on the way in: trim, title, …")
    constant: Any = Field(default=None, description="Always this value; weak. Inward only.")
    default: Any = Field(default=None, description="This value where there is none; weak.")
    join: tuple[str, ...] = Field(default=(), description="Out only: canonical fields joined by a space.")
    expr: str | None = Field(default=None, description="One SQL scalar expression of native fields. Inward only.")
    by: str | None = Field(
        default=None,
        description="For a ref: what the native value is: a key of the other entity (email, phone, hub_id) "
        "or id, the other record's id in this same system.",
    )
    separator: str | None = Field(default=None, description="For a set in one text field: what parts its elements.")
    direction: Literal["both", "in", "out"] = Field(default="both", description="in: only read. out: only written.")
    on_error: Literal["quarantine", "blank", "default"] = Field(
        default="quarantine", description="What happens to a record whose value can't be understood."
    )

    @property
    def natives(self) -> tuple[str, ...]:
        """The native fields as a tuple, whichever way they were written."""
        if self.native is None:
            return ()
        return (self.native,) if isinstance(self.native, str) else self.native


class MappingTest(Declared):
    """[[tests]]: a native record and the canonical one it becomes (or the way back)."""

    direction: Literal["in", "out"] = "in"
    native: dict[str, Any] = Field(description="Native field to value; on the way out a subset is compared.")
    contact: dict[str, Any] | None = Field(default=None, description="The canonical record, for entity contact.")
    event: dict[str, Any] | None = Field(default=None, description="The canonical record, for entity event.")
    record: dict[str, Any] | None = Field(default=None, description="The canonical record, for any entity.")

    @property
    def canonical(self) -> dict[str, Any]:
        return self.contact or self.event or self.record or {}


class MappingFile(Declared):
    """A whole mappings/NAME.toml."""

    entity: Name = Field(description="The entity whose fields these are.")
    key: str | tuple[str, ...] = Field(description="The native field(s) that name a record in that system.")
    updated_at: str | None = Field(default=None, description="The native field with the time of the last change.")
    fields: dict[Name, FieldMapping | str] = Field(description="Canonical field = native field.")
    tests: tuple[MappingTest, ...] = Field(default=(), description="Examples that `synchub test` runs.")

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,) if isinstance(self.key, str) else self.key

    def field(self, name: str) -> FieldMapping:
        """The mapping of one canonical field, its short form written out."""
        declared = self.fields[name]
        return FieldMapping(native=declared) if isinstance(declared, str) else declared
