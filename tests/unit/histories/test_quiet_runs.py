"""Runs that changed nothing leave the store; what happened in others can still be told and undone."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from synchub.errors import ConfigurationError
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

DAY = 24 * 60
LONG_AGO = "INSERT INTO run SELECT id + {shift}, sync, entity, kind, started, clock, ended, state, holder, summary FROM run WHERE id = {quiet}"


def test_a_hub_that_ran_for_long_tells_of_the_runs_that_changed_something() -> None:
    crm, shop = MemorySystem("crm"), MemorySystem("shop")
    ann = crm.create(at=0, email="ann@example.com", first_name="Ann")
    with MemoryHub([crm, shop]) as hub:
        first, quiet = (int(hub.sync(at).run) for at in (1, 2))
        with hub.store.write() as tx:  # as if it had found nothing to do three hundred times
            for shift in range(1, 300):
                tx.execute(text(LONG_AGO.format(shift=shift, quiet=quiet)))
            tx.execute(text("UPDATE counter SET next = :next WHERE name = 'run'"), {"next": quiet + 300})
        crm.edit(ann, at=29 * DAY, first_name="Anna")
        changed = hub.sync(29 * DAY + 1)
        assert hub.hub.runs(None).more == 302 - 20
        hub.sync(32 * DAY)
        assert hub.hub.runs(None).more == 101 - 20  # the first, and the hundred newest
        assert hub.hub.runs(str(first)).changes[0].kind == "create"
        with pytest.raises(ConfigurationError, match=f"Run {quiet} is not listed any more") as told:
            hub.hub.runs(str(quiet))
        assert "quiet_runs" in told.value.next_step
        with pytest.raises(ConfigurationError, match="There is no run 999"):
            hub.hub.runs("999")
        explained = hub.hub.why("contact", "ann@example.com")
        assert explained.known_since is not None
        hub.undo(changed.run, at=32 * DAY + 1)
        assert {row["first_name"] for row in shop.rows.values()} == {"Ann"}
