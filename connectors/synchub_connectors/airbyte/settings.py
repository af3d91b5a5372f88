"""What hub.toml may say about a manifest of Airbyte."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from synchub_connectors.programs.secrets import told_once


class AirbyteSettings(BaseModel):
    """[systems.NAME] with connector = "airbyte" """

    # A problem with one setting must not print the others: secrets are among them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    manifest: str = Field(
        min_length=1,
        description="The manifest: a path that ends with .yaml or .yml, relative to the folder of hub.toml, or a package "
        "that `synchub plugin add airbyte:NAME` installed.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The manifest's own settings: what stands under `spec` in it."
    )
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Those of its settings that are secret. A dot leads into a table: `"credentials.token"`.',
    )
    components: bool = Field(
        default=False,
        description="Run the Python code that belongs to the manifest: components.py beside it, or that of its package.",
    )
    full: tuple[str, ...] = Field(
        default=(),
        description="Streams to read whole every time, although the manifest could read only what changed: then rows that "
        "are gone are noticed. The manifest's own settings, such as a start date, must not leave out any.",
    )
    environment: dict[str, str] = Field(
        default_factory=dict,
        description="Variables of the environment for the process. It gets few others: no secret of the hub.",
    )
    longest_line: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Bytes that one record may take. A longer one ends the read."
    )
    silence: float = Field(
        default=900,
        gt=0,
        description="Seconds that the process may say nothing before it is taken for stuck and ended.",
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        told_once(self.settings, self.secrets)
        return self
