"""What plugins of the hub's folder do in a run."""

from __future__ import annotations

from unit.run.conftest import HUB, SYNC, Office

POPULAR = """
import polars as pl

from synchub.api import Rule, hookimpl


@hookimpl
def synchub_rules():
    return [Rule("popular", lambda: pl.col("count") + 0 * (pl.col("rank") + pl.col("system").str.len_chars()))]
"""


def test_a_rule_sees_how_many_say_the_same(office: Office):
    """The only number with a date is the shop's; the fair's two rows say another."""
    office.write("plugins/popular.py", POPULAR)
    office.write("hub.toml", HUB + 'rules = { phone = ["popular", "newest"] }\n' + SYNC + 'direction = "in"\n')
    office.leads(
        {"No": 7, "Email": "ann@acme.com", "First": "Ann", "Last": "Lee", "Phone": "0221 555"},
        {"No": 9, "Email": "ann@acme.com", "First": "Ann", "Last": "Lee", "Phone": "0221 555"},
    )
    office.sync(at=0)

    phone = office.why_field("ann@acme.com", "phone")
    assert (phone.value, phone.rule) == ("+49221555", "popular, newest")
