"""A connector's class is imported when it is used, and what is wrong with it names who brings it."""

from __future__ import annotations

import sys

import pytest

from synchub.api import Connector
from synchub.errors import PluginError
from synchub.plugins import connector_class, load

PLUGIN = """
    from synchub.api import ConnectorInfo, hookimpl

    @hookimpl
    def synchub_connectors():
        return [ConnectorInfo("acme", "acme_code:{target}")]
"""
CODE = """
    from pydantic import BaseModel
    from synchub.api import Connector

    class Settings(BaseModel):
        url: str

    class Fit(Connector):
        Config = Settings
        def __init__(self, config, host): ...
        def check(self): ...
        def streams(self): return []
        def read(self, stream, cursor, fields): yield from ()

    class NoRead(Connector):
        Config = Settings
        def __init__(self, config, host): ...
        def check(self): ...
        def streams(self): return []

    class NoConfig(Fit):
        Config = dict

    class Stranger:
        pass

    function = len
"""


def offered(install, target: str, code: str = CODE):
    install("acme_code", code, group="acme.parts")
    return load(None, entry_points=install("acme_crm", PLUGIN.format(target=target), version="3.0")).connectors["acme"]


def test_the_class_is_imported_only_when_it_is_asked_for(install):
    entry = offered(install, "Fit")
    assert "acme_code" not in sys.modules

    found = connector_class(entry)

    assert issubclass(found, Connector)
    assert found.__name__ == "Fit"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("Missing", "could not be imported from acme_code:Missing: AttributeError"),
        ("NoRead", "does not implement read"),
        ("NoConfig", "has no Config that is a pydantic model"),
        ("Stranger", "is no subclass of synchub.api.Connector"),
        ("function", "is no subclass of synchub.api.Connector"),
    ],
)
def test_one_that_is_unfit_is_refused_by_name_and_version(install, target: str, told: str):
    with pytest.raises(PluginError) as caught:
        connector_class(offered(install, target))

    assert caught.value.happened.startswith("The connector acme of acme-crm 3.0 ")
    assert told in caught.value.happened
    assert "acme-crm 3.0" in caught.value.next_step


def test_one_whose_library_is_missing_is_refused(install):
    with pytest.raises(PluginError, match="No module named 'a_client_library'"):
        connector_class(offered(install, "Fit", code="import a_client_library"))
