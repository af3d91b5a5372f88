"""What must hold of all that people are asked and decide. Each raises Violation, and says what it found."""

from __future__ import annotations

from synchub.model import BLANK
from synchub.testing.simulation.violation import must
from synchub.testing.simulation.world import World


def what_is_asked_is_not_sent(world: World) -> None:
    """A field that a person is being asked about is sent nowhere meanwhile."""
    owners = world.known.belongs()
    for row, fields, asked in [] if world.undone else world.hearing.sent_meanwhile:
        record = owners.get(row)
        sent = {field for field in fields if (record, field) in asked and record not in world.hearing.moved}
        must(not sent, f"{row} was sent {sorted(sent)}, while a person was being asked about that")


def what_was_decided_stands(world: World) -> None:
    """What a person decided is golden as long as nobody says anything else."""
    if world.undone or world.ruled:
        return
    golden, hearing, rows = world.known.goldens(), world.hearing, world.known.rows_of_records()
    anew = world.known.begun_anew()  # whom nobody had any more, and somebody entered again
    puzzling = hearing.puzzling | world.gone_back  # whoever edits such a row lets stand what is there
    for (record, field), (value, since) in world.decided.items():
        own = rows.get(record, set())
        unclear = any(row in puzzling or (row, field) in hearing.blurred for row in own)
        spoken = any(word.row in own and word.field == field for word in hearing.words[since:])
        if not unclear and not spoken and record in golden and record not in hearing.moved | anew:
            now = golden[record].get(field, BLANK)
            must(now == value, f"{field} of record {record} was decided to be {value!r}, golden is {now!r}")


def nobody_is_guessed(world: World) -> None:
    """Who can't be told is asked about, never taken for the next best."""
    guessed = [] if world.joined or world.parted else world.hearing.guessed
    must(not guessed, "; ".join(guessed))


def who_was_parted_is_not_asked_about(world: World) -> None:
    """Of two that a person parted nobody is asked again whether they are one."""
    owners = world.known.belongs()
    asked = {frozenset(map(int, one["subject"].split("+"))) for one in world.known.questions("alike")}
    for row, record in world.parted:
        must({owners.get(row), record} not in asked, f"{row} was parted from record {record}, and is asked about again")
