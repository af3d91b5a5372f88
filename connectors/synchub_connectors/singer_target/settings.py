"""What hub.toml may say about a target of Singer."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from synchub.api import FieldType
from synchub_connectors.programs.secrets import told_once

Name = Annotated[str, Field(min_length=1)]


class TargetSettings(BaseModel):
    """[systems.NAME] with connector = "singer-target" """

    # A problem with one setting must not print the others: secrets are among them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    target: str = Field(
        min_length=1,
        description="The target: a name that `synchub plugin add singer:NAME` installed, a program in the PATH, or a path "
        "with a / in it, relative to the folder of hub.toml.",
    )
    streams: dict[Name, dict[Name, FieldType]] = Field(
        min_length=1,
        description='What it is to be given: stream to field to type, `contacts = { email = "text" }`. A stream is a table '
        "in most targets.",
    )
    key: str = Field(
        default="hub_id",
        min_length=1,
        description="The field that names a row, in every stream: the hub's own id. Mappings have it as their key.",
    )
    deleted_at: str | None = Field(
        default=None,
        min_length=1,
        description='A field for the time at which a row was deleted elsewhere, such as "_sdc_deleted_at". Without it '
        "deletes are not passed on.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The target's own settings, as its manual has them."
    )
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Those of its settings that are secret. A dot leads into a table: `"auth.token"`.',
    )
    environment: dict[str, str] = Field(
        default_factory=dict,
        description="Variables of the environment that the target needs. It gets few others: no secret of the hub.",
    )
    batch: int = Field(default=10_000, ge=1, description="Records for which the target is started once, at the most.")
    silence: float = Field(
        default=900,
        gt=0,
        description="Seconds in which the target may neither read nor say anything before it is taken for stuck and ended.",
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        told_once(self.settings, self.secrets)
        own = {self.key, self.deleted_at} if self.deleted_at else {self.key}
        for stream, fields in self.streams.items():
            if own & fields.keys():
                raise ValueError(
                    f"{', '.join(sorted(own & fields.keys()))} of {stream} is there by itself: leave it out"
                )
        if len(own) == 1 and self.deleted_at:
            raise ValueError("key and deleted_at are the same field")
        return self
