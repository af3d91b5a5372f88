"""A stand-in CRM: a real HTTP server on loopback that behaves like version 3 of HubSpot's CRM interface.

    with StandInCrm() as crm:
        ann = crm.create_contact(email="ann@example.com", firstname="Ann")
        ...                          # let a hub talk to crm.url with crm.token
        crm.edit(ann, firstname="Anna")
        crm.fail(next=2, status=503, path="batch/create", retry_after=1)

Contacts and notes, search that lags, merges, duplicates refused, and the faults of the real thing, switched
on when a test wants them. In a process of its own: `python -m synchub.testing.crm --file crm.json --port
8801`.
"""

from __future__ import annotations

from synchub.testing.crm.server import StandInCrm

__all__ = ["StandInCrm"]
