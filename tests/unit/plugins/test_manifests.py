"""Manifests of Airbyte: what runs them is installed once, packages that bring one are unpacked beside it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from unit.plugins.wheels import wheel

from synchub.api import environment_of
from synchub.errors import ConfigurationError
from synchub.plugins.adding import install, remove, system
from synchub.plugins.environments import installed
from synchub.plugins.sections import tables

YAML = "import json\nclass YAMLError(ValueError):\n    pass\ndef safe_load(file):\n    return json.load(file)\n"
SPEC = {
    "type": "object",
    "required": ["url", "token"],
    "properties": {"url": {"type": "string"}, "token": {"airbyte_secret": True}, "since": {"type": "string"}},
}
MANIFEST = json.dumps({"streams": [{}], "spec": {"connection_specification": SPEC}})
PART = """\
[systems.NAME]
connector = "airbyte"
manifest = "airbyte-source-acme"

[systems.NAME.settings]
url = "…"
# since = "…"

[systems.NAME.secrets]
token = "keyring:NAME"
"""


@pytest.fixture
def engine(index: Path) -> Path:
    """An index with an airbyte-cdk that reads YAML only where it is JSON too."""
    wheel(index, "airbyte-cdk", "7.39.5", "source-declarative-manifest", brings={"yaml.py": YAML})
    return index


def source(index: Path, version: str, manifest: str = MANIFEST) -> None:
    wheel(index, "airbyte-source-acme", version, brings={"source_acme/manifest.yaml": manifest})


def test_a_package_is_unpacked_brought_up_to_date_and_removed(tmp_path: Path, engine: Path) -> None:
    source(engine, "1.0")
    added = install(tmp_path, "airbyte:airbyte-source-acme")
    assert [(each.name, each.version, each.kind) for each in installed(tmp_path)] == [
        ("airbyte-cdk", "7.39.5", "airbyte"),
        ("airbyte-source-acme", "1.0", "airbyte"),
    ]
    own = environment_of(tmp_path, "airbyte-source-acme")
    assert (own / added.environment.manifest).read_text() == MANIFEST
    assert system(added) == PART

    source(engine, "1.1", "{")
    with pytest.raises(ConfigurationError, match="airbyte-source-acme could not be installed: Error: Expecting"):
        install(tmp_path, "airbyte:airbyte-source-acme")
    assert added.environment in installed(tmp_path)
    source(engine, "1.2")
    assert install(tmp_path, "airbyte:airbyte-source-acme").environment.version == "1.2"

    with pytest.raises(ConfigurationError, match="There is: airbyte:airbyte-cdk, airbyte:airbyte-source-acme"):
        remove(tmp_path, "singer:airbyte-source-acme")
    remove(tmp_path, "airbyte:airbyte-source-acme")
    assert [each.name for each in installed(tmp_path)] == ["airbyte-cdk"]
    assert sorted(path.name for path in own.parent.iterdir()) == ["airbyte-cdk"]


def test_a_file_needs_no_more_than_what_runs_it(tmp_path: Path, engine: Path) -> None:
    (tmp_path / "people.yaml").write_text(MANIFEST)
    added = install(tmp_path, "airbyte:people.yaml")
    assert (added.environment.name, added.keys["manifest"]) == ("airbyte-cdk", "people.yaml")
    with pytest.raises(ConfigurationError, match=r"There is no manifest .*gone\.yaml"):
        install(tmp_path, "airbyte:gone.yaml")
    wheel(engine, "airbyte-cdk", "7.40.0", "source-declarative-manifest", brings={"yaml.py": YAML})
    assert install(tmp_path, "airbyte:people.yaml").environment.version == "7.39.5"
    assert install(tmp_path, "airbyte:airbyte-cdk").environment.version == "7.40.0"


def test_settings_may_be_declared_in_a_file_beside_the_manifest(tmp_path: Path, engine: Path) -> None:
    beside = {"source_acme/spec.json": json.dumps({"connectionSpecification": SPEC})}
    for version, manifest in (("1.0", '{"streams": [{}], "version": "1"}'), ("1.1", MANIFEST)):
        wheel(engine, "airbyte-source-acme", version, brings={"source_acme/manifest.yaml": manifest, **beside})
        added = install(tmp_path, "airbyte:airbyte-source-acme")
        assert system(added) == PART
        text = (environment_of(tmp_path, "airbyte-source-acme") / added.environment.manifest).read_text()
        spec = {"type": "Spec", "connection_specification": SPEC}
        assert (json.loads(text) == {"streams": [{}], "version": "1", "spec": spec}) == (version == "1.0")
        assert (text == MANIFEST) == (version == "1.1")  # its own declaration counts


USELESS: Mapping[str, Mapping[str, str]] = {
    r"brings no manifest\.yaml": {},
    r"brings more than one manifest\.yaml": {"a/manifest.yaml": MANIFEST, "b/manifest.yaml": MANIFEST},
    "could not be installed: Error: 'connection_specification'": {
        "a/manifest.yaml": '{"streams": [1]}',
        "a/spec.json": "{}",
    },
    "has no spec in its manifest": {"a/manifest.yaml": '{"streams": [1]}'},
    "has no streams in its manifest": {"a/manifest.yaml": '{"spec": {}}'},
}


def test_what_can_not_be_run_is_not_kept(tmp_path: Path, engine: Path) -> None:
    for why, brings in USELESS.items():
        wheel(engine, "airbyte-source-acme", "1.0", brings=brings)
        with pytest.raises(ConfigurationError, match=why):
            install(tmp_path, "airbyte:airbyte-source-acme")
    assert sorted(path.name for path in environment_of(tmp_path, "x").parent.iterdir()) == ["airbyte-cdk"]


def test_another_airbyte_cdk_than_is_known_to_work_is_taken_only_if_asked_for(tmp_path: Path, index: Path) -> None:
    wheel(index, "airbyte-cdk", "8.0.0", "another-program")
    with pytest.raises(ConfigurationError, match="No matching distribution found for airbyte-cdk"):
        install(tmp_path, "airbyte:airbyte-cdk")
    with pytest.raises(ConfigurationError, match=r"airbyte-cdk 8\.0\.0 brings no program source-declarative-manifest"):
        install(tmp_path, "airbyte:airbyte-cdk==8.0.0")
    assert installed(tmp_path) == []


def test_the_part_of_hub_toml_can_be_filled_in() -> None:
    key = {"properties": {"kind": {"const": "key"}, "key": {"airbyte_secret": True}}, "required": ["kind", "key"]}
    spec = {
        "required": ["auth", "pages", "name"],
        "properties": {
            "auth": {"oneOf": [key, {"properties": {"token": {}}}]},
            "pages": {"type": "integer", "default": 7},
            "name": {"type": "string", "title": "Who\nit is", "examples": ['say "x"']},
            "odd": "not a table",
        },
    }
    said = tomllib.loads(tables(spec))["systems"]["NAME"]
    assert said == {
        "settings": {"auth": {"kind": "key"}, "pages": 7, "name": 'say "x"'},
        "secrets": {"auth.key": "keyring:NAME"},
    }
    assert 'name = "say \\"x\\""  # Who it is' in tables(spec)
    assert "one of several ways" in tables(spec)
    assert tables("none") == ""
