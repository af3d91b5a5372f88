"""The settings of an email system."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class EmailConfig(BaseModel):
    """[systems.NAME] with connector = "email"."""

    # A problem with one setting must not print the others: the password is among them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(min_length=1, description="The IMAP server's name or address.")
    user: str = Field(min_length=1, description="The account; usually the whole e-mail address.")
    password: SecretStr = Field(description="The account's password, or an app password.")
    port: int = Field(default=993, ge=1, le=65535, description="993 with tls; usually 143 with starttls.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls",
        description="How the connection is protected. none is only allowed to this machine itself.",
    )
    ca_file: str | None = Field(
        default=None,
        description="A PEM file with your own certificate authority, if the server's certificate is from it.",
    )
    folders: tuple[str, ...] = Field(
        default=("INBOX",),
        min_length=1,
        description='Folders to read: names, patterns ("Clients/*") or purposes ("\\\\Sent", "\\\\Trash").',
    )
    own_addresses: tuple[str, ...] = Field(
        default=(),
        description='Your own addresses, besides user. "@example.com" stands for the whole domain.',
    )
    days: int | None = Field(
        default=None,
        ge=1,
        le=36500,
        description="How far back the first read of a folder goes; default: all of it.",
    )
    max_message: int = Field(
        default=65_536,
        ge=16_384,
        le=1_048_576,
        description="At most so many bytes of a message are fetched: half for headers, half for text.",
    )

    @field_validator("host", "user", "folders", "own_addresses")
    @classmethod
    def _one_line(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            if not text.strip() or _CONTROL.search(text):
                raise ValueError("must be one line of text, not empty")
        return value

    @field_validator("own_addresses")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if "@" not in text:
                raise ValueError(f"{text!r} is no e-mail address; for a whole domain write '@example.com'")
        return value

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(
                'security = "none" would send the password in clear; it is only allowed to localhost. '
                'Use "tls", or "starttls" if the server only offers that.'
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
