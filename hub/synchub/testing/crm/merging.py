"""Merging two contacts, as the CRM does it."""

from __future__ import annotations

from synchub.testing.crm.properties import stamp
from synchub.testing.crm.records import Record, Records


def merge(records: Records, primary: Record, other: Record) -> Record:
    """One contact out of two. The primary one's values stay, the other's fill gaps; its address is kept as a
    further one.

    The record that lives on names every id that was merged into it in `hs_merged_object_ids`; those ids
    lead to it from now on.
    """
    makes_new = records.merge_makes_new
    filled = {name: value for name, value in primary.properties.items() if value}
    properties = {**other.properties, **filled}
    gone = [primary, other] if makes_new else [other]
    created = min(primary.created, other.created)
    heir = Record(records.new_id(), properties, created, records.now()) if makes_new else primary
    heir.properties = {
        **properties,
        "hs_object_id": heir.id,
        "createdate": stamp(created),
        "hs_merged_object_ids": _joined(
            [*_parts(primary, "hs_merged_object_ids"), *_parts(other, "hs_merged_object_ids")],
            [record.id for record in gone],
        ),
    }
    further = [*_parts(primary, "hs_additional_emails"), *_parts(other, "hs_additional_emails")]
    address = other.properties.get("email", "")
    if address and address != properties.get("email"):
        further.append(address)
    if further:
        heir.properties["hs_additional_emails"] = _joined(further, [])
    records.replace("contacts", gone, heir)
    return heir


def _parts(record: Record, name: str) -> list[str]:
    return [part for part in record.properties.get(name, "").split(";") if part]


def _joined(first: list[str], then: list[str]) -> str:
    return ";".join(dict.fromkeys([*first, *then]))
