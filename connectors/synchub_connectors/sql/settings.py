"""What hub.toml may say about a database."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class SqlSettings(BaseModel):
    """[systems.NAME] with connector = "sql" """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    url: SecretStr = Field(
        description="An SQLAlchemy URL of SQLite, PostgreSQL, MariaDB or MySQL. With a password: env:NAME."
    )
    schema_: str | None = Field(
        default=None,
        alias="schema",
        description="The schema of tables named without one. Default: the database's.",
    )
    queries: dict[str, str] = Field(
        default_factory=dict, description="Streams of your own, read only: a name and one SELECT each."
    )
    cursors: dict[str, str] = Field(
        default_factory=dict,
        description="Per stream the column that grows with every change (changed_at, a version): only rows "
        "from its last value on are read. Deleted rows are noticed by a full read only.",
    )
    connect_timeout: int = Field(default=10, ge=1, description="Seconds to wait for the server.")

    @field_validator("queries")
    @classmethod
    def _only_reads(cls, queries: dict[str, str]) -> dict[str, str]:
        return {name: _select(name, text) for name, text in queries.items()}


def _select(name: str, text: str) -> str:
    """The query without its semicolon. Raises ValueError unless it is one SELECT."""
    import sqlglot  # most have no query of their own, and it takes a tenth of a second
    from sqlglot import exp

    writes = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Create, exp.Drop, exp.Command, exp.Lock)
    bare = text.strip().rstrip(";").strip()
    for dialect in ("postgres", "mysql", "sqlite"):
        try:
            statements = sqlglot.parse(bare, read=dialect)
        except sqlglot.errors.SqlglotError:
            continue
        if len(statements) != 1 or not isinstance(statements[0], exp.Query) or statements[0].find(*writes):
            raise ValueError(f"query {name!r} has to be one SELECT and nothing else")
        return bare
    raise ValueError(f"query {name!r} is not SQL that can be understood")
