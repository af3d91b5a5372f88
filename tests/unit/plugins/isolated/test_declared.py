"""Settings of a connector that can't be imported: what their JSON Schema tells is enough to find its secrets."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from synchub.plugins.isolated import plain
from synchub.plugins.isolated.declared import model_of
from synchub.plugins.sections import lines


class Login(BaseModel):
    user: str
    password: SecretStr


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(alias="address")
    login: Login
    token: SecretStr | None = None
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    several: list[Login] = Field(default_factory=list)
    size: int = 7


SAID: dict[str, Any] = {
    "address": "x",
    "login": {"user": "u", "password": "p"},
    "token": "t",
    "secrets": {"a": "b"},
    "several": [{"user": "v", "password": "q"}],
}


def test_it_takes_what_the_real_one_takes_and_hides_what_it_hides() -> None:
    made = model_of(Settings.model_json_schema()).model_validate(SAID)
    for secret in ("'p'", "'t'", "'b'", "'q'"):
        assert secret not in repr(made)
    assert plain.settings(made) == SAID
    assert plain.settings(Settings.model_validate(plain.settings(made))) == SAID


@pytest.mark.parametrize("wrong", [{"login": None}, {"odd": 1}, {"token": 5}, {"secrets": {"a": []}}])
def test_it_refuses_what_shows_without_the_real_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model_of(Settings.model_json_schema()).model_validate({**SAID, **wrong})
    with pytest.raises(ValidationError):
        model_of(Settings.model_json_schema()).model_validate({})


def test_its_part_of_hub_toml_says_which_are_secret() -> None:
    told = lines(Settings.model_json_schema()).splitlines()
    assert 'address = "…"  # Address' in told
    assert '# token = "keyring:NAME"  # Token' in told
    assert "# size = 7  # Size" in told
