"""The Airbyte connector."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, ClassVar

from pydantic import BaseModel

from synchub.api import ConfigurationError, Connector, Cursor, Host, Page, PluginError, RetryLater, Stream
from synchub_connectors.programs.lines import Noise, parsed
from synchub_connectors.programs.process import Program, environment, files
from synchub_connectors.programs.rows import Gathering
from synchub_connectors.programs.secrets import Secrets

from .catalog import Entry, chosen, entries
from .faults import fault, unchecked
from .messages import Catalog, Checked, Ended, Fault, Log, Message, Record, Renewed, State, message
from .places import Place, place
from .settings import AirbyteSettings
from .spec import READER, in_the_open

TOLD = 3
"""Lines that are no messages, of which a warning is given."""
LINE = 300
"""Characters of a line of its log that are told."""


class Airbyte(Connector):
    """What a low-code manifest of Airbyte reads. It only reads; every read is a process of its own."""

    Config: ClassVar[type[BaseModel]] = AirbyteSettings

    def __init__(self, config: AirbyteSettings, host: Host) -> None:
        self._settings = config
        self._host = host
        self._secrets = Secrets(config.settings, config.secrets, host)
        self._found: dict[str, Entry] | None = None
        self._sound = False

    def check(self) -> None:
        """Let the manifest try its system, in the way that it has for it."""
        self._look_for_secrets()
        checked = None
        for said, _ in self._said("check", {}):
            checked = said if isinstance(said, Checked) else checked
        if checked is None:
            raise self._silent("whether it reaches its system")
        if not checked.well:
            raise unchecked(self._settings.manifest, checked, self._secrets.hide)

    def streams(self) -> Sequence[Stream]:
        return [entry.stream for entry in self._entries().values()]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """Run the manifest for one stream. Complete only if it read all there is, from the start, and ended well."""
        entry = self._entries()[stream]
        content: dict[str, Any] = {"catalog": chosen(entry)}
        if cursor is not None and not entry.whole and cursor.get("state"):
            content["state"] = cursor["state"]
        gathering = Gathering(tuple(fields), keep_state=not entry.whole)
        gathering.declare(tuple(field.name for field in entry.stream.fields))
        states: dict[str, dict[str, Any]] = {}
        ended = False
        with closing(self._said("read", content)) as messages:
            for said, size in messages:
                match said:
                    case Record(stream=name, values=values) if name == stream:
                        gathering.record(values, size)
                    case State(stream=name, value=value) if name in (stream, ""):
                        states[name] = value
                        gathering.remember(list(states.values()))
                    case Ended(stream=name, complete=complete) if name == stream:
                        ended = complete
                    case Noise(text=text):
                        gathering.lose(text)
                if gathering.full:
                    yield from gathering.pages()
        yield from gathering.pages(complete=entry.whole and ended and not gathering.damaged)

    def _entries(self) -> dict[str, Entry]:
        if self._found is None:
            self._look_for_secrets()
            catalog = None
            for said, _ in self._said("discover", {}):
                catalog = said if isinstance(said, Catalog) else catalog
            if catalog is None:
                raise self._silent("what there is")
            self._found = entries(catalog.streams, full=self._settings.full)
        return self._found

    def _look_for_secrets(self) -> None:
        """Raises ConfigurationError if a setting that the manifest calls secret stands where it would be shown."""
        if self._sound:
            return
        found = place(self._settings.manifest, self._host.folder)
        with closing(self._program([str(found.python), "-c", READER, str(found.manifest)])) as program:
            try:
                spec = [parsed(line) for line in program.lines()]
            except RetryLater as error:
                raise ConfigurationError(
                    f"The manifest {self._settings.manifest} can't be read: {program.last}",
                    not_done="Nothing was read from it.",
                    next_step="Correct the manifest. It is YAML; lines and columns are as the message says.",
                ) from error
        shown = in_the_open(spec[-1] if spec else None, self._settings.settings)
        if shown:
            raise ConfigurationError(
                f"{', '.join(shown)} stands under `settings`, and the manifest {self._settings.manifest} calls it secret.",
                not_done="Nothing was read from it.",
                next_step=f"Put it under `secrets` of the system {self._host.system}.",
            )
        self._sound = True

    def _silent(self, about: str) -> PluginError:
        return PluginError(
            f"{self._settings.manifest} was asked {about} and did not say.",
            not_done="Nothing was read from it.",
            next_step="Bring airbyte-cdk up to date: `synchub plugin add airbyte:airbyte-cdk`.",
        )

    def _said(self, command: str, content: Mapping[str, Any]) -> Generator[tuple[Message, int], None, None]:
        """What a call prints that is about rows, with the size of the line. Raises what it says went wrong."""
        first, noises = None, 0
        with self._called(command, content) as program:
            try:
                for line in program.lines():
                    said = message(line) if line.strip() else None
                    match said:
                        case Log():
                            self._log(said)
                        case Fault():
                            first = first or said  # the last ones only say that there was one
                        case Renewed(config=config):
                            self._keep(config)
                        case Noise(text=text, damaged=damaged):
                            noises += 1
                            hidden = self._secrets.hide(text)
                            if noises <= TOLD:
                                name = self._settings.manifest
                                self._host.log.warning("%s printed what is no message: %s", name, hidden)
                            if damaged:
                                yield Noise(hidden, damaged), len(line)
                        case None:
                            continue
                        case _:
                            yield said, len(line)
            except RetryLater as error:
                if first is None:
                    raise
                raise fault(self._settings.manifest, first, self._secrets.hide) from error
        if first is not None and command == "read":
            raise fault(self._settings.manifest, first, self._secrets.hide)

    def _log(self, said: Log) -> None:
        text = self._secrets.hide(said.text)
        level = "warning" if said.level in ("WARN", "ERROR") else "info"
        getattr(self._host.log, level)("%s", text.partition("\n")[0][:LINE])

    def _keep(self, config: Mapping[str, Any]) -> None:
        """Keep new secrets that the manifest's system handed out; those that hub.toml does not name are at least hidden."""
        before = set(_texts(self._secrets.config()))
        for _, text in set(_texts(config)) - before:
            self._secrets.add(text)
        self._secrets.keep(config)

    @contextmanager
    def _called(self, command: str, content: Mapping[str, Any]) -> Iterator[Program]:
        """The program at work, with its configuration and the like in private files; ended, whatever happens."""
        found = place(self._settings.manifest, self._host.folder)
        line = [*found.command, command, "--manifest-path", str(found.manifest)]
        if self._settings.components and found.components:
            line += ["--components-path", str(found.components)]
        with files({"config": self._secrets.config(), **content}) as paths:
            for name, path in paths.items():
                line += [f"--{name}", str(path)]
            with closing(self._program(line, found)) as program:
                yield program

    def _program(self, command: Sequence[str], found: Place | None = None) -> Program:
        extra = found.environment if found and self._settings.components else {}
        return Program(
            command,
            name=self._settings.manifest,
            environ=environment(os.environ, {**extra, **self._settings.environment}),
            log=lambda text: self._host.log.info("%s", text),
            hide=self._secrets.hide,
            silence=self._settings.silence,
            longest=self._settings.longest_line,
        )


def _texts(table: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a table and those in it, with their places: but none that is shorter than a password."""
    for name, value in table.items() if isinstance(table, Mapping) else ():
        if isinstance(value, str) and len(value) >= 8:
            yield f"{place}{name}", value
        else:
            yield from _texts(value, f"{place}{name}.")
