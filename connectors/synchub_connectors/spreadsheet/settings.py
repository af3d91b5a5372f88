"""What hub.toml may say about a spreadsheet."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Columns = str | tuple[str, ...]
"""A column, or the columns that name a row together."""

GUESSES = ("id", "ID", "Id", "key", "Key", "email", "Email", "E-Mail", "e-mail", "mail")
"""Columns that name a row when nothing else is said: the first that a sheet has."""


class SpreadsheetSettings(BaseModel):
    """[systems.NAME] with connector = "spreadsheet" """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="A .csv or .xlsx file, or a folder of them. Relative to the folder of hub.toml.")
    encoding: str | None = Field(
        default=None,
        description="How a CSV file is encoded. Default: UTF-8, or cp1252 where it is not UTF-8.",
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="What parts the fields of a CSV file. Default: found out, one of , ; tab |"
    )
    header_row: int = Field(default=1, ge=1, description="The row that holds the names of the columns, from 1.")
    key: Columns | dict[str, Columns] | None = Field(
        default=None,
        description="The column that names a row, the same as the mapping's key; or one for each stream. "
        "Default: the first column of: id, key, email.",
    )

    def key_of(self, stream: str, columns: tuple[str, ...]) -> tuple[str, ...]:
        """The columns that name a row of the stream: as configured, else guessed; empty if there is none."""
        said = self.key.get(stream) if isinstance(self.key, dict) else self.key
        if said is None:
            return next(((guess,) for guess in GUESSES if guess in columns), ())
        return (said,) if isinstance(said, str) else said
