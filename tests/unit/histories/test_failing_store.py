"""The store fails in the middle of a run: its disk is full, or its database restarts."""

from __future__ import annotations

from contextlib import suppress

import pytest
from unit.histories.pairs import NewPair

from synchub.errors import SynchubError
from synchub.testing.simulation.faults import Strikes, watch_store
from synchub.testing.simulation.steps import HUB, Fault

MORE_THAN_A_RUN_BEGINS = 20


@pytest.mark.parametrize("number", range(1, MORE_THAN_A_RUN_BEGINS))
def test_what_could_not_be_kept_is_read_again(pair: NewPair, number: int) -> None:
    """The CRM is read from a cursor, a row a page. Whichever transaction fails, the cursor does not pass a row that got lost."""
    ann = pair({"job_title": "CEO"}, {}, crm_is={"incremental": True, "page_size": 1})
    ann.crm.create(at=2, email="bob@example.org", job_title="Clerk")
    ann.hub.sync(10)
    ann.crm.edit("1", at=15, job_title="Chair")
    ann.crm.edit("2", at=16, job_title="Head")
    strikes = Strikes((Fault("disk full", HUB, "begin", nth=number),), do=lambda _deed: None, log=lambda _line: None)
    watch_store(ann.hub.store, lambda call: strikes(HUB, call))
    for at in (20, 30, 40):
        with suppress(SynchubError):  # one of these runs can't even begin, or record what it read
            ann.hub.sync(at)
    assert [row["job_title"] for row in ann.shop.rows.values()] == ["Chair", "Head"]
