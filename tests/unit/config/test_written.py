"""What is written from the declarations: JSON Schema, the reference of settings, a new project."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from synchub import config
from synchub.api import ConnectorInfo
from synchub.config.template import FILES
from synchub.errors import ConfigurationError
from synchub.mapping import built_in_transforms, mapping_problems, where_problems
from synchub.spec.hub import HubSettings
from synchub_connectors.spreadsheet.settings import SpreadsheetSettings


@pytest.fixture
def models(hub: Any) -> dict[str, Any]:
    wanted = hub.wanted()
    return {name: wanted["config_model"](name) for name in ("crm", "file")}


def valid(schema: dict[str, Any], text: str) -> bool:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text))


class TestSchema:
    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ("", True),
            ('[hub]\nregion = "DE"\n', True),
            ('[hub]\nregion = "env:REGION"\n', True),
            ('[hub]\nregion = "germany"\n', False),
            ('[hub]\nregoin = "DE"\n', False),
            ('[systems.crm]\nconnector = "crm"\ntoken = "env:X"\nport = "env:P"\n', True),
            ('[systems.crm]\nconnector = "crm"\ntoken = "env:X"\nport = "https"\n', False),
            ('[systems.crm]\nconnector = "crm"\n', False),
            ('[systems.x]\nconnector = "of-a-plugin"\nanything = 3\n', True),
            ('[systems.Bad]\nconnector = "file"\npath = "x"\n', False),
            ('[entities.contact.rules]\n"*" = ["prefer crm", "newest"]\n', True),
            ('[syncs.a]\nentity = "contact"\nmembers.b = { stream = "s", mapping = "m" }\n', True),
            ('[syncs.a]\nentity = "contact"\nmembers.b = { stream = "s" }\n', False),
            (
                '[syncs.a]\nentity = "contact"\nmembers.b = { limits.deletes = "x", stream = "" }\n',
                False,
            ),
        ],
    )
    def test_of_hub_toml(self, text: str, right: bool, models: dict[str, Any]) -> None:
        assert valid(config.schema(models)["hub"], text) is right

    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ('entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\n', True),
            ('entity = "contact"\nkey = ["a", "b"]\n[fields]\nemail = { native = ["a", "b"] }\n', True),
            ('entity = "contact"\nkey = "id"\n[fields]\nemail = { natve = "x" }\n', False),
            ('entity = "contact"\n[fields]\nemail = "x"\n', False),
        ],
    )
    def test_of_mappings(self, text: str, right: bool) -> None:
        assert valid(config.schema()["mapping"], text) is right

    def test_describes_settings(self, models: dict[str, Any]) -> None:
        hub = config.schema(models)["hub"]
        assert hub["title"] == "hub.toml"
        region = hub["$defs"]["HubSettings"]["properties"]["region"]
        assert region["description"] == HubSettings.model_fields["region"].description
        assert hub["$defs"]["connector.crm"]["properties"]["token"]["description"] == "The API token."

    def test_knows_no_null(self, models: dict[str, Any]) -> None:
        text = json.dumps(config.schema(models))
        assert "null" not in text
        assert '"default": "5%"' in text


class TestReference:
    def test_names_every_setting(self, models: dict[str, Any]) -> None:
        text = config.settings_reference(models)
        for line in (
            "### [hub]",
            '| `region` | text | `"US"` | For phone numbers without a country code: ISO 3166. |',
            '| `deletes` | whole number or text | `"5%"` | At most so many deletes and archives a run. |',
            '| `direction` | `"both"`, `"in"`, `"out"` | `"both"` | in: only read. out: only written. |',
            "| `entity` | text | required | The entity whose fields these are. |",
            '## [systems.NAME] with connector = "crm"',
            "| `token` | secret | required | The API token. |",
            "### [systems.NAME] retry",
        ):
            assert line in text.splitlines()

    def test_every_row_has_four_cells(self, models: dict[str, Any]) -> None:
        rows = [line for line in config.settings_reference(models).splitlines() if line.startswith("|")]
        assert {line.replace("\\|", "").count("|") for line in rows} == {5}


class TestProject:
    def test_is_a_hub_that_is_right(self, tmp_path: Path, hub: Any) -> None:
        wanted = {
            **hub.wanted(),
            "connectors": {"spreadsheet": ConnectorInfo("spreadsheet", "")},
            "config_model": {"spreadsheet": SpreadsheetSettings}.__getitem__,
            "transforms": built_in_transforms(),
            "environ": {},
            "checks": config.Checks(mapping_problems, where_problems),
        }
        written = config.write_project(tmp_path / "new", "acme")
        assert [file.relative_to(tmp_path / "new").as_posix() for file in written] == list(FILES.values())
        file = config.find(tmp_path / "new", {})
        assert config.lint(file, **wanted) == []
        configuration = config.load(file, **wanted)
        assert configuration.settings.name == "acme"
        assert [member.stream for member in configuration.syncs["contacts"].members] == ["leads"]

    def test_its_examples_are_right_too(self, tmp_path: Path) -> None:
        config.write_project(tmp_path, "acme")
        text = (tmp_path / "hub.toml").read_text(encoding="utf-8")
        examples = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ") and _is_toml(line)]
        assert len(examples) > 20
        found = tomllib.loads("\n".join(examples[1:]))
        assert found["systems"].keys() == {"crm", "shop", "mail", "sales"}

    def test_nobody_else_can_write_it(self, tmp_path: Path) -> None:
        config.write_project(tmp_path / "new", "acme")
        for path in (tmp_path / "new").rglob("*"):
            assert not path.stat().st_mode & 0o022

    def test_overwrites_nothing(self, tmp_path: Path) -> None:
        (tmp_path / ".gitignore").write_text("mine")
        (tmp_path / "leads.csv").symlink_to(tmp_path / "elsewhere")
        written = config.write_project(tmp_path, "acme")
        assert [file.name for file in written] == ["hub.toml", "leads.toml", "README.md"]
        assert (tmp_path / ".gitignore").read_text() == "mine"
        assert not (tmp_path / "elsewhere").exists()

    def test_refuses_a_folder_with_a_hub(self, tmp_path: Path) -> None:
        (tmp_path / "hub.toml").write_text("mine")
        with pytest.raises(ConfigurationError, match="There is a hub"):
            config.write_project(tmp_path, "acme")
        assert [file.name for file in tmp_path.iterdir()] == ["hub.toml"]

    def test_refuses_a_name_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="can't be the name"):
            config.write_project(tmp_path / "new", "My Hub")
        assert not (tmp_path / "new").exists()

    def test_a_folder_that_cant_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigurationError, match="can't be written"):
            config.write_project(tmp_path / "file" / "new", "acme")


def _is_toml(line: str) -> bool:
    try:
        return bool(tomllib.loads(line.removeprefix("# ")))
    except tomllib.TOMLDecodeError:
        return False
