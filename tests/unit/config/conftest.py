"""A hub in a folder of its own, with one connector whose settings are of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from synchub import config
from synchub.api import ConnectorInfo, Transform
from synchub.errors import PluginError
from synchub.spec.hub import HubSettings
from synchub.spec.job import Configuration, Entity
from synchub.spec.mapping import MappingFile


class Retry(BaseModel):
    """[systems.NAME] retry"""

    times: int = Field(default=3, ge=0, description="How often.")
    secrets: dict[str, SecretStr] = {}


class CrmConfig(BaseModel):
    """Settings of the test's CRM."""

    token: SecretStr = Field(description="The API token.")
    url: SecretStr | None = Field(default=None, description="A database's address.")
    host: str = "crm.example.com"
    port: int = 443
    mode: Literal["live", "test"] = "live"
    retry: Retry = Retry()

    @field_validator("host")
    @classmethod
    def _named(cls, host: str) -> str:
        if "." not in host:
            raise ValueError(f"{host!r} is no full name")
        return host

    @model_validator(mode="after")
    def _fits(self) -> CrmConfig:
        if self.mode == "test" and self.port == 443:
            raise ValueError("test needs a port of its own")
        return self


class FileConfig(BaseModel):
    """Settings of the test's file."""

    path: str


MODELS: dict[str, type[BaseModel]] = {"crm": CrmConfig, "file": FileConfig}


def config_model(name: str) -> type[BaseModel]:
    if name not in MODELS:
        raise PluginError(f"{name} can't be imported.", next_step="Install it.")
    return MODELS[name]


@dataclass(frozen=True)
class Flaw:
    path: tuple[str | int, ...]
    message: str
    fix: str = ""


def check_mapping(
    mapping: MappingFile, entity: Entity, transforms: Mapping[str, Transform], settings: HubSettings
) -> Iterable[Flaw]:
    """As the mapping room would: here only unknown fields and transforms."""
    for name in mapping.fields:
        if name not in entity.fields:
            yield Flaw(("fields", name), f"unknown field '{name}' of {entity.name}")
        for number, step in enumerate(mapping.field(name).transform):
            if step not in transforms:
                yield Flaw(("fields", name, "transform", number), f"unknown transform {number}: '{step}'")


def check_where(text: str, entity: Entity) -> Iterable[str]:
    field = text.split()[0]
    if field not in entity.fields:
        yield f"unknown field '{field}' in where"


def wanted(environ: Mapping[str, str] | None = None, **changed: Any) -> dict[str, Any]:
    """What load and lint are given besides the file."""
    connectors = {name: ConnectorInfo(name, "") for name in ("crm", "file", "broken")}
    return {
        "connectors": connectors,
        "config_model": config_model,
        "transforms": {},
        "rules": ("shortest",),
        "environ": environ,
        "checks": config.Checks(check_mapping, check_where),
        **changed,
    }


@dataclass(frozen=True)
class Hub:
    """A folder with a hub.toml and other files."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "hub.toml"

    def write(self, **files: str) -> None:
        """Keys name files: `hub` is hub.toml, `mappings__leads` is mappings/leads.toml."""
        for name, text in files.items():
            file = self.folder / (name.replace("__", "/") + ".toml")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def wanted(self) -> dict[str, Any]:
        """What lint and load are given besides the file."""
        return wanted()

    def lint(self, environ: Mapping[str, str] | None = None, **changed: Any) -> list[str]:
        return [str(problem) for problem in config.lint(self.file, **wanted(environ, **changed))]

    def load(self, environ: Mapping[str, str] | None = None, **changed: Any) -> Configuration:
        return config.load(self.file, **wanted(environ or {}, **changed))


LEADS = 'entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\n'


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub with one mapping, mappings/leads.toml of contacts, and no hub.toml yet."""
    made = Hub(tmp_path)
    made.write(mappings__leads=LEADS)
    return made


@pytest.fixture
def lint(hub: Hub) -> Callable[..., list[str]]:
    """Lint the text of a hub.toml, offline."""

    def run(text: str, **files: str) -> list[str]:
        hub.write(hub=text, **files)
        return hub.lint()

    return run
