"""A system's settings: secrets resolved, checked against the connector's Config, never told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, field_validator

from synchub import config
from synchub.errors import ConfigurationError, PluginError
from synchub.secrets import Redactor, Secrets

CRM = '[systems.crm]\nconnector = "crm"\n'


def resolve(hub: Any, text: str, environ: dict[str, str], redactor: Redactor | None = None) -> Any:
    hub.write(hub=text)
    secrets = Secrets("acme", hub.folder, environ=environ, redactor=redactor)
    model = hub.wanted()["config_model"]("crm")
    return config.system_config(hub.load(environ), "crm", model=model, secrets=secrets)


def test_references_are_resolved_at_any_depth(hub: Any) -> None:
    text = CRM + 'token = "env:T"\nhost = "env:H"\nport = "env:P"\nretry = { secrets = { a = "env:A" } }\n'
    found = resolve(hub, text, {"T": "hunter22", "H": "a.example.com", "P": "8443", "A": "swordfish"})
    assert found.token.get_secret_value() == "hunter22"
    assert (found.host, found.port) == ("a.example.com", 8443)
    assert found.retry.secrets["a"].get_secret_value() == "swordfish"
    assert "hunter22" not in repr(found)


def test_secrets_are_told_to_the_redactor_and_hosts_are_not(hub: Any) -> None:
    redactor = Redactor()
    text = CRM + 'token = "env:T"\nhost = "env:H"\nurl = "env:U"\nretry = { secrets = { a = "env:A" } }\n'
    environ = {"T": "hunter22", "H": "a.example.com", "A": "swordfish", "U": "postgresql://u:opensesame@h/d"}
    resolve(hub, text, environ, redactor)
    assert redactor.redact("hunter22 swordfish opensesame a.example.com") == "*** *** *** a.example.com"


def test_every_missing_secret_is_told_with_its_place(hub: Any) -> None:
    hub.write(hub=CRM + 'token = "file:gone"\nurl = "env:U"\n')
    configuration = hub.load({"U": "x"})
    secrets = Secrets("acme", hub.folder, environ={})
    with pytest.raises(ConfigurationError) as caught:
        config.system_config(configuration, "crm", model=hub.wanted()["config_model"]("crm"), secrets=secrets)
    assert caught.value.problems == (
        "hub.toml:3:9: file:gone can't be read: No such file or directory: Put the secret into that file, readable by "
        "you alone (chmod 600).",
        "hub.toml:4:7: env:U: the environment variable U is not set: Set it, then try again.",
    )


def test_values_that_do_not_fit_are_told_without_the_value(hub: Any) -> None:
    # Lint sees the environment too, so what it found right is changed before the system is used.
    hub.write(hub=CRM + 'token = "env:T"\nport = "env:P"\nhost = "env:H"\n')
    configuration = hub.load({"T": "t0ken", "P": "1", "H": "a.b"})
    secrets = Secrets("acme", hub.folder, environ={"T": "t0ken", "P": "hunter22", "H": "swordfish"})
    with pytest.raises(ConfigurationError) as caught:
        config.system_config(configuration, "crm", model=hub.wanted()["config_model"]("crm"), secrets=secrets)
    assert caught.value.problems == (
        "hub.toml:4:8: 'port' must be a whole number",
        "hub.toml:5:8: 'host': '***' is no full name",
    )
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_system_of_an_included_file_is_told_there(hub: Any) -> None:
    hub.write(hub='include = ["a.toml"]\n', a="\n" + CRM + 'token = "env:T"\n')
    configuration = hub.load({"T": "x"})
    with pytest.raises(ConfigurationError) as caught:
        config.system_config(
            configuration,
            "crm",
            model=hub.wanted()["config_model"]("crm"),
            secrets=Secrets("acme", hub.folder, environ={}),
        )
    assert caught.value.problems[0].startswith("a.toml:4:9: env:T")


def test_lint_sees_values_of_the_environment_and_keeps_them_to_itself(hub: Any) -> None:
    hub.write(hub=CRM + 'token = "env:T"\nport = "env:P"\nhost = "env:H"\n')
    assert hub.lint({"T": "x", "P": "hunter22", "H": "swordfish"}) == [
        "hub.toml:4:8: 'port' must be a whole number",
        "hub.toml:5:8: 'host': '***' is no full name",
    ]


def test_no_check_between_settings_while_one_of_them_is_open(hub: Any) -> None:
    hub.write(hub=CRM + 'token = "keyring:t"\nmode = "test"\nport = "file:port"\n')
    assert hub.lint({}) == []
    hub.write(hub=CRM + 'token = "keyring:t"\nmode = "test"\nport = 443\n')
    assert hub.lint({}) == ["hub.toml:1:10: test needs a port of its own"]


class Breaking(BaseModel):
    """A plugin's settings whose check is wrong itself."""

    token: SecretStr

    @field_validator("token")
    @classmethod
    def _look(cls, token: SecretStr) -> SecretStr:
        raise KeyError(token.get_secret_value())


def test_a_check_that_breaks_is_told_without_a_value(hub: Any) -> None:
    hub.write(hub='[hub]\nregoin = "DE"\n' + CRM + 'token = "env:T"\n')
    assert hub.lint({"T": "hunter22"}, config_model=lambda name: Breaking) == [
        "hub.toml:2:1: unknown key 'regoin': did you mean 'region'?",
        "hub.toml:3:10: the connector's check of these settings failed (KeyError): ask its author",
    ]
    hub.write(hub=CRM + 'token = "env:T"\n')
    secrets = Secrets("acme", hub.folder, environ={"T": "hunter22"})
    with pytest.raises(PluginError, match=r"The connector of crm failed .* \(KeyError\)") as caught:
        config.system_config(hub.load({"T": "x"}), "crm", model=Breaking, secrets=secrets)
    assert "hunter22" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_address_without_a_password_is_no_secret(hub: Any) -> None:
    hub.write(hub=CRM + 'token = "keyring:t"\nurl = "sqlite:///shop.db"\n')
    assert hub.lint() == []


def test_no_secret_is_in_any_problem(hub: Any) -> None:
    hub.write(hub=CRM + 'token = "hunter22"\nport = "hunter22"\nhost = "http://u:hunter22@x.y"\nmode = "hunter22"\n')
    problems = hub.lint({})
    assert len(problems) == 4
    assert not [problem for problem in problems if "hunter22" in problem]
