"""What hub.toml says of a described system."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from synchub.api import InFile
from synchub_connectors.rest.checks import ADDRESS, NO_ADDRESS
from synchub_connectors.rest.description import Description
from synchub_connectors.rest.faults import Fault, meant, refuse

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class RestSettings(BaseModel):
    """[systems.NAME] with connector = "rest" """

    # A problem with one setting must not print the others: secrets are among them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    description: Annotated[Description, InFile()] = Field(
        description="The TOML file that describes the system, below the folder of hub.toml."
    )
    url: str | None = Field(default=None, description="Another address than the description's: a sandbox, a test.")
    settings: dict[Name, str] = Field(
        default_factory=dict, description='What the description\'s placeholders stand for: `company = "acme"`.'
    )
    secrets: dict[Name, SecretStr] = Field(default_factory=dict, description="The same for secrets, as references.")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and not ADDRESS.fullmatch(url):
            raise ValueError(NO_ADDRESS)
        return url

    @model_validator(mode="after")
    def _complete(self) -> RestSettings:
        wanted = dict.fromkeys(self.description.placeholders())
        said = {"secrets": set(self.secrets), "settings": set(self.settings)}
        said["either"] = said["secrets"] | said["settings"]
        faults: list[Fault] = []
        for name, table in wanted:
            if name in said[table]:
                continue
            where = f"under [systems.NAME.{'secrets' if table == 'either' else table}]"
            if name in said["either"]:
                why = "it is a secret" if table == "secrets" else "it stands in addresses, where no secret may"
                faults.append(((), f"{{{name}}} of the description has to be {where}: {why}"))
            else:
                faults.append(((), f"{{{name}}} of the description is missing: write it {where}"))
        known = {name for name, _ in wanted}
        for name in (*self.settings, *self.secrets):
            if name not in known:
                faults.append(((), f"the description has no placeholder {{{name}}}{meant(name, known)}"))
        refuse(faults)
        return self

    def plain(self) -> dict[str, str]:
        """What may stand in addresses."""
        return dict(self.settings)

    def all(self) -> dict[str, str]:
        """What may stand where the hub says who it is."""
        return {**self.settings, **{name: secret.get_secret_value().strip() for name, secret in self.secrets.items()}}
