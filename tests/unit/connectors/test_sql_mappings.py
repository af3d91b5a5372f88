"""The suggested mappings of tables and sheets do what their own examples say."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from synchub.mapping.compiled import compile_mapping
from synchub.mapping.tests import run_tests
from synchub.spec.entities import CONTACT_FIELDS
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile


@pytest.mark.parametrize("connector", ["spreadsheet", "sql"])
def test_suggested_mappings(connector: str) -> None:
    name = f"{connector}-contacts"
    text = resources.files(f"synchub_connectors.{connector}.mappings").joinpath(f"{name}.toml").read_text()
    mapping = MappingFile.model_validate(tomllib.loads(text))
    entity = Entity("contact", dict(CONTACT_FIELDS), {})
    compiled = compile_mapping(mapping, entity, HubSettings(), transforms={}, rate=lambda *_: None)
    results = run_tests(name, compiled, mapping)
    assert len(results) == 2
    assert not [result for result in results if result.differences or result.problem]
