"""Two syncs of one entity that share no system: what one of them hears, the other passes on."""

from __future__ import annotations

from pathlib import Path

from acceptance.command import Hub, written

SYSTEM = """
[systems.{name}]
connector = "spreadsheet"
path      = "{name}.csv"
key       = "No"

[syncs.{sync}.members.{name}]
stream  = "{name}"
mapping = "list"
"""

MAPPING = """
entity = "contact"
key    = "No"

[fields]
email = "E-Mail"
city  = "City"
"""


def test_an_edit_in_one_sync_reaches_the_systems_of_the_other(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.write("mappings/list.toml", MAPPING)
    head = '[hub]\nname = "acme"\n\n[syncs.first]\nentity = "contact"\n\n[syncs.second]\nentity = "contact"\n'
    places = (("a", "first"), ("b", "first"), ("c", "second"), ("d", "second"))
    hub.write("hub.toml", head + "".join(SYSTEM.format(name=name, sync=sync) for name, sync in places))
    for name, _ in places:
        hub.write(f"{name}.csv", "No,E-Mail,City\n")
    hub.write("a.csv", "No,E-Mail,City\n1,ann@lee.example,Berlin\n")
    hub.sync()
    hub.sync()
    assert written(hub.sync()) == 0

    hub.write("a.csv", "No,E-Mail,City\n1,ann@lee.example,Bremen\n")
    hub.sync("first")
    assert "Bremen" in (hub.folder / "b.csv").read_text()
    assert "Berlin" in (hub.folder / "d.csv").read_text()

    told = hub.sync("second")
    assert told["second.c"]["updated"] == told["second.d"]["updated"] == 1
    assert "Bremen" in (hub.folder / "d.csv").read_text()
    assert written(hub.sync()) == 0
