"""What connectors are handed: the settings that every system may have."""

from __future__ import annotations

from unit.run.conftest import HUB, SYNC, Office

CRM = """
[systems.crm]
connector = "hubspot"
token     = "env:CRM_TOKEN"
url       = "http://127.0.0.1:9"
patience  = 7
"""


def test_patience_is_the_systems_own(office: Office):
    office.write("hub.toml", HUB + CRM + SYNC)
    office.environ["CRM_TOKEN"] = "pat"
    with office.opened() as hub:
        hub.connector("crm")
        hub.connector("fair")
        session = hub.hosts["crm"].session("http://127.0.0.1:9")
        assert session._waiting.patience == 7  # type: ignore[attr-defined]
        assert hub.hosts["fair"].said.patience == 120
