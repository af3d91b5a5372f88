"""What hub.toml may say about a tap of Singer."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from synchub_connectors.programs.secrets import told_once


class SingerSettings(BaseModel):
    """[systems.NAME] with connector = "singer" """

    # A problem with one setting must not print the others: secrets are among them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    tap: str = Field(
        min_length=1,
        description="The tap: a name that `synchub plugin add singer:NAME` installed, a program in the PATH, or a path "
        "with a / in it, relative to the folder of hub.toml.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The tap's own settings, as its manual has them."
    )
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Those of its settings that are secret. A dot leads into a table: `"auth.token"`.',
    )
    catalog: str | None = Field(
        default=None, description="A catalog file, for a tap that can't discover what there is. Default: it is asked."
    )
    properties: bool = Field(
        default=False, description="Hand the catalog over as --properties: old taps know no --catalog."
    )
    full: tuple[str, ...] = Field(
        default=(),
        description="Streams to read whole every time, although the tap would only read what changed: then rows that "
        "are gone are noticed. The tap's own settings must not leave out any.",
    )
    cursors: dict[str, str] = Field(
        default_factory=dict,
        description="Per stream the column by which only what changed is read, for taps that leave it to their users.",
    )
    environment: dict[str, str] = Field(
        default_factory=dict,
        description="Variables of the environment that the tap needs. It gets few others: no secret of the hub.",
    )
    longest_line: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Bytes that one record may take. A longer one ends the read."
    )
    silence: float = Field(
        default=900, gt=0, description="Seconds that the tap may say nothing before it is taken for stuck and ended."
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        told_once(self.settings, self.secrets)
        both = sorted(set(self.full) & self.cursors.keys())
        if both:
            raise ValueError(f"{', '.join(both)} stands in full and in cursors")
        return self
