"""What the command's surroundings decide: which hub.toml, and which store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from synchub.config.load import STORE_VARIABLE
from synchub.errors import ConfigurationError
from synchub.secrets import Secrets
from synchub.spec.job import Configuration

FILE = "hub.toml"
FILE_VARIABLE = "SYNCHUB_CONFIG"
SQLITE = "sqlite:///"


def find(start: Path, environ: Mapping[str, str]) -> Path:
    """The hub.toml that SYNCHUB_CONFIG names, else the next one from `start` upwards.

    ConfigurationError if there is none.
    """
    named = environ.get(FILE_VARIABLE)
    if named:
        file = start / named
        if not file.is_file():
            raise ConfigurationError(
                f"{FILE_VARIABLE} names {named}, and there is no such file.",
                not_done="Nothing was read or written.",
                next_step=f"Correct {FILE_VARIABLE}, or unset it to look for {FILE} from here upwards.",
            )
        return file.resolve()
    folder = start.resolve()
    for above in (folder, *folder.parents):
        if (above / FILE).is_file():
            return above / FILE
    raise ConfigurationError(
        f"There is no {FILE} in {folder}, nor in any folder above it.",
        not_done="Nothing was read or written.",
        next_step="Change to the folder of your hub, or run `synchub init` to begin one.",
    )


def store_url(configuration: Configuration, *, environ: Mapping[str, str], secrets: Secrets) -> str:
    """The address of the store: SYNCHUB_STORE, else `store` of hub.toml, resolved. It may hold a password.

    A relative path of SQLite starts at the folder of hub.toml.
    """
    url = secrets.resolve_text(environ.get(STORE_VARIABLE) or configuration.settings.store)
    path = url.removeprefix(SQLITE)
    if path == url or path in ("", ":memory:") or path.startswith("file:") or Path(path).is_absolute():
        return url
    return f"{SQLITE}{configuration.folder / path}"
