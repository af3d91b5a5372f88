import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from synchub.api import ConfigurationError, Connector, Page, Result, Stream
from synchub.api import Field as Native

WRITABLE = ("email", "name", "phone")


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    path: str = Field(description="The file, one JSON object a line. Relative to the folder of hub.toml.")


class Rolodex(Connector):
    """People in a file of JSON lines. Yours may be any format: change `_load` and `_save`."""

    Config = Settings

    def __init__(self, config, host):
        self.file = Path(host.folder) / config.path
        self.host = host

    def check(self):
        if not self.file.is_file():
            raise ConfigurationError(f"There is no file {self.file}.", next_step="Correct `path`.")

    def streams(self):
        fields = [Native("id", writable=False), *map(Native, WRITABLE), Native("changed", "datetime", writable=False)]
        writes = frozenset({"create", "update", "delete"})
        return [Stream("people", tuple(fields), ("id",), ("email",), updated_at="changed", writes=writes)]

    def read(self, stream, cursor, fields):
        yield Page(list(self._load().values()), ("id", *WRITABLE, "changed"), complete=True)

    def lookup(self, stream, keys):
        wanted = {(key.field, key.value.lower()) for key in keys}
        found = self._load().values()
        return [row for row in found if any((name, str(value).lower()) in wanted for name, value in row.items())]

    def write(self, stream, operations):
        rows = self._load()
        results = [self._one(rows, operation) for operation in operations]
        self._save(rows)
        return results

    def _one(self, rows, operation):
        name = operation.remote_id or self.host.new_id()
        for field in operation.values.keys() - set(WRITABLE):
            return Result("rejected", name, reason=f"there is no field {field} to write", field=field)
        if operation.kind != "create" and name not in rows:
            return Result("unchanged" if operation.kind == "delete" else "conflict", name, reason="it is gone")
        if operation.kind == "delete":
            del rows[name]
            return Result("ok", name)
        rows[name] = {**rows.get(name, {}), **operation.values, "id": name, "changed": self.host.now().isoformat()}
        return Result("ok", name, stored=rows[name])

    def _load(self):
        lines = self.file.read_text("utf-8").split("\n")
        return {row["id"]: row for row in map(json.loads, filter(None, lines))}

    def _save(self, rows):
        fresh = self.file.with_name(f".{self.file.name}.new")
        fresh.write_text("".join(json.dumps(row) + "\n" for row in rows.values()), "utf-8")
        fresh.replace(self.file)
