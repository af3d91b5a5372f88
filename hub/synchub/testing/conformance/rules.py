"""All rules, in the order in which they are told."""

from __future__ import annotations

from synchub.testing.conformance import (
    agreeing,
    cursors,
    discovery,
    documented,
    hygiene,
    importing,
    reading,
    storing,
    transport,
    writing,
)
from synchub.testing.conformance.verdicts import Rule

RULES: tuple[Rule, ...] = (
    # Bronze: it reads safely, and hurts nobody by being there.
    Rule("registers", "bronze", "import", importing.registers),
    Rule("import-light", "bronze", "import", importing.light_import),
    Rule("import-silent", "bronze", "import", importing.silent_import),
    Rule("import-small", "bronze", "import", importing.small_import),
    Rule("import-without-network", "bronze", "import", importing.import_without_network),
    Rule("stable-discovery", "bronze", "discovery", discovery.stable_discovery),
    Rule("sound-streams", "bronze", "discovery", discovery.sound_streams),
    Rule("plain-pages", "bronze", "reading", discovery.plain_pages),
    Rule("reads-everything", "bronze", "reading", reading.reads_everything),
    Rule("empty-is-no-fault", "bronze", "reading", reading.empty_is_no_fault),
    Rule("killed-and-resumed", "bronze", "reading", reading.killed_and_resumed),
    Rule("half-read-is-not-complete", "bronze", "reading", reading.half_read_is_not_complete),
    Rule("deletes-are-seen", "bronze", "reading", reading.deletes_are_seen),
    Rule("equal-at-the-boundary", "bronze", "reading", cursors.equal_at_the_boundary),
    Rule("far-future-cursor", "bronze", "reading", cursors.far_future),
    Rule("changes-during-a-read", "bronze", "reading", cursors.changes_during_a_read),
    Rule("no-secret-shown", "bronze", "hygiene", hygiene.no_secret_shown),
    Rule("nothing-on-stdout", "bronze", "hygiene", hygiene.nothing_on_stdout),
    Rule("closes-quietly", "bronze", "hygiene", hygiene.closes_quietly),
    # Silver: it writes safely, and takes whatever people enter.
    Rule("one-result-each", "silver", "writing", writing.one_result_each),
    Rule("one-bad-row", "silver", "writing", writing.one_bad_row),
    Rule("gone-stays-gone", "silver", "writing", writing.gone_stays_gone),
    Rule("same-key-twice", "silver", "writing", writing.same_key_twice),
    Rule("unknown-fields", "silver", "writing", writing.unknown_fields),
    Rule("read-back", "silver", "writing", storing.read_back),
    Rule("clears", "silver", "writing", storing.clears),
    Rule("leaves-the-rest", "silver", "writing", storing.leaves_the_rest),
    Rule("second-plan-is-empty", "silver", "writing", agreeing.second_plan_is_empty),
    Rule("hostile-names", "silver", "hygiene", hygiene.hostile_names),
    Rule("scripts-and-emoji", "silver", "hygiene", hygiene.scripts),
    Rule("null-bytes", "silver", "hygiene", hygiene.null_bytes),
    Rule("huge-records", "silver", "hygiene", hygiene.huge_records),
    # Gold: it bears what servers do, finds single records, and people are told what they need.
    Rule("system-is-down", "gold", "transport", reading.system_that_is_down),
    Rule("waits-for-seconds", "gold", "transport", transport.waits_for_seconds),
    Rule("waits-for-a-date", "gold", "transport", transport.waits_for_a_date),
    Rule("server-errors", "gold", "transport", transport.server_errors),
    Rule("lost-answers", "gold", "transport", transport.lost_answers),
    Rule("expired-token", "gold", "transport", transport.expired_token),
    Rule("found-by-key", "gold", "looking up", storing.found_by_key),
    Rule("found-at-once", "gold", "looking up", storing.found_at_once),
    Rule("settings-described", "gold", "documentation", documented.settings_described),
    Rule("suggested-mappings", "gold", "documentation", documented.suggested_mappings),
    Rule("documented", "gold", "documentation", documented.documented, by_hand=True),
    Rule("limits-told", "gold", "documentation", documented.limits_told, by_hand=True),
    # Platinum: what only some systems allow.
    Rule("only-what-changed", "platinum", "reading", cursors.only_what_changed),
    Rule("deletes-from-a-cursor", "platinum", "reading", cursors.deletes_from_a_cursor),
    Rule("creates-once", "platinum", "writing", writing.creates_once),
    Rule("checks-before", "platinum", "writing", writing.checks_before),
    Rule("owned", "platinum", "documentation", documented.owned, by_hand=True),
)
