"""The Singer connector."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel

from synchub.api import ConfigurationError, Connector, Cursor, Host, Page, PluginError, Stream
from synchub_connectors.programs.lines import Noise, parsed
from synchub_connectors.programs.process import Program, environment, files
from synchub_connectors.programs.rows import Gathering
from synchub_connectors.programs.secrets import Secrets

from .catalog import FULL_TABLE, Entry, entries, selected
from .messages import Batch, Record, Schema, State, message
from .programs import program
from .settings import SingerSettings

TOLD = 3
"""Lines that are no messages, of which a warning is given."""


class Singer(Connector):
    """What a tap of Singer prints. It only reads; every read is a process of its own."""

    Config: ClassVar[type[BaseModel]] = SingerSettings

    def __init__(self, config: SingerSettings, host: Host) -> None:
        self._settings = config
        self._host = host
        self._secrets = Secrets(config.settings, config.secrets, host)
        self._catalog: Mapping[str, Any] | None = None

    def check(self) -> None:
        """Ask the tap what there is. Many taps look at their settings only, and not at their system."""
        self.streams()

    def streams(self) -> Sequence[Stream]:
        return [entry.stream for entry in self._entries().values()]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """Run the tap for one stream. Complete only if it read all there is, from the start, and ended well."""
        entry = self._entries()[stream]
        whole = entry.method == FULL_TABLE
        content = {"config": self._secrets.config(), "catalog": selected(self._catalog or {}, entry)}
        if cursor is not None and not whole and cursor.get("state"):
            content["state"] = cursor["state"]
        gathering = Gathering(tuple(fields), keep_state=not whole)
        with self._tap(content) as tap:
            yield from self._gathered(tap, entry, gathering)
        yield from gathering.pages(complete=whole and gathering.begun and not gathering.damaged)

    def _gathered(self, tap: Program, entry: Entry, gathering: Gathering) -> Iterator[Page]:
        noises = 0
        for line in tap.lines():
            said = message(line) if line.strip() else None
            match said:
                case Record(stream=name) | Schema(stream=name) | Batch(stream=name) if name not in entry.names:
                    continue  # a parent of what was asked for, or a tap that doesn't care what was
                case Batch():
                    raise ConfigurationError(
                        f"{self._settings.tap} hands its rows over in files of its own, which are not read.",
                        not_done="Nothing more was read from it, and nothing counts as deleted.",
                        next_step="Take batch_config out of its settings.",
                    )
                case Noise(text=text):
                    noises += 1
                    if noises <= TOLD:
                        self._host.log.warning(
                            "%s printed what is no message: %s", self._settings.tap, self._secrets.hide(text)
                        )
                    if said.damaged:
                        gathering.lose(self._secrets.hide(text))
                case Record(values=values):
                    gathering.record(values, len(line))
                case Schema(fields=names):
                    gathering.declare(names)
                case State(value=value):
                    gathering.remember(value)
            if gathering.full:
                yield from gathering.pages()

    def _entries(self) -> dict[str, Entry]:
        if self._catalog is None:
            self._catalog = self._discovered() if self._settings.catalog is None else self._from_file()
        return entries(self._catalog, full=self._settings.full, cursors=self._settings.cursors)

    def _discovered(self) -> Any:
        """The catalog that the tap prints. Lines before and after it are passed over."""
        with self._tap({"config": self._secrets.config()}, "--discover") as tap:
            text = b"".join(tap.lines())
        start, stop = text.find(b"{"), text.rfind(b"}")
        try:
            return orjson.loads(text[start : stop + 1])
        except orjson.JSONDecodeError as error:
            shown = self._secrets.hide(text[:200].decode("utf-8", "replace").strip()) or "nothing"
            raise PluginError(
                f"{self._settings.tap} was asked what there is and printed no catalog, but: {shown}",
                not_done="Nothing was read from it.",
                next_step="If it can't discover what there is, name a catalog file in `catalog`.",
            ) from error

    def _from_file(self) -> Any:
        file = self._host.folder / str(self._settings.catalog)
        try:
            return orjson.loads(file.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise ConfigurationError(
                f"The catalog {file} can't be read: {error}.",
                not_done="Nothing was read from the tap.",
                next_step="Correct `catalog` of this system, or the file.",
            ) from error

    @contextmanager
    def _tap(self, content: Mapping[str, Any], *options: str) -> Iterator[Program]:
        """A tap that runs, with its configuration and the like in private files; ended, whatever happens."""
        command = [*program(self._settings.tap, self._host.folder), *options]
        with files(content) as paths:
            for name, path in paths.items():
                option = "properties" if name == "catalog" and self._settings.properties else name
                command += [f"--{option}", str(path)]
            tap = Program(
                command,
                environ=environment(os.environ, self._settings.environment),
                log=lambda text: self._host.log.info("%s", text),
                hide=self._secrets.hide,
                silence=self._settings.silence,
                longest=self._settings.longest_line,
            )
            try:
                with closing(tap):
                    yield tap
            finally:
                with suppress(OSError):
                    self._secrets.keep(parsed(paths["config"].read_bytes()))
