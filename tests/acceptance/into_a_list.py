"""People of some system that are read into a list: the half of a hub.toml that is the same whoever they come from."""

from __future__ import annotations

LIST = """
[systems.list]
connector = "spreadsheet"
path      = "list.csv"

[syncs.contacts]
entity = "contact"

[syncs.contacts.members.list]
stream    = "list"
mapping   = "list"
on_delete = "propagate"
limits    = { deletes = "100%" }
"""
MEMBER = """
[syncs.contacts.members.people]
stream    = "{stream}"
mapping   = "people"
direction = "in"
"""
"""To be followed by [systems.people]."""
MAPPING = 'entity = "contact"\nkey = "{key}"\n[fields]\nemail = "{mail}"\nfull_name = "{name}"\n'
