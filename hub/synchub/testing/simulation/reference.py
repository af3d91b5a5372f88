"""A second, small opinion of what is golden: the rules in plain Python, from what systems were read to say.

It follows the manual, not the engine's code, and judges only what can be told from outside. Left out are

- records that were ever joined or parted, or came back after a delete: a person or the engine chose what counts there;
- records with a row that was set aside, asked about, shown in an older copy or made without an answer: when it was heard,
  and whether what stands there is anybody's word, only the hub's own record can tell;
- fields that a person decided in the hub, that are or were not mapped somewhere, or whose rule was changed;
- members that were once only written and then not, or the other way round; worlds in which a run was taken back;
- what is decided by times that are known less exactly from outside than the hub knows them: then any of the newest will do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import orjson

from synchub.model import BLANK
from synchub.testing.simulation.hearing import Row, Word

if TYPE_CHECKING:
    from synchub.testing.simulation.world import World

RULES = {
    "email": "newest",
    "first_name": "newest",
    "job_title": "newest",
    "lifecycle_stage": "furthest",
    "revenue": "newest",
    "tags": "union",
}
ORDER = ("subscriber", "lead", "marketing_qualified", "sales_qualified", "opportunity", "customer", "evangelist")
Rank = tuple[int, str]
"""The place of a row's member in hub.toml, then its id: what breaks ties."""
Choose = Callable[[Sequence[Word], Callable[[Row], Rank]], set[str] | None]


def unlike_the_reference(world: World) -> Iterator[str]:
    """What is golden, and can't be, if people said what they said."""
    rows = world.known.rows_of_records()
    golden, decided, void = world.known.goldens(), world.known.decided(), world.known.begun_anew()
    living, hearing = set(world.known.owners().values()), world.hearing
    words = defaultdict(list)
    for word in hearing.words:
        words[word.row, word.field].append(word)
    rules = RULES | ({} if world.ruled else {name: world.rules[name] for name in ("owner", "lead_score")})
    for record in sorted((golden.keys() & living) - hearing.moved - void):
        if any(_can_not_be_judged(world, row) for row in rows[record]):
            continue
        for field, rule in rules.items():
            said = [word for row in rows[record] for word in words[row, field]]
            blurred = any((row, field) in hearing.blurred for row in rows[record])
            if not said or blurred or (record, field) in decided or field in world.ever_unmapped or rule not in CHOOSE:
                continue
            possible = CHOOSE[rule](_strong(said), world.rank)
            if possible is not None and golden[record].get(field, BLANK) not in possible:
                yield f"{field} of record {record} is {golden[record].get(field)!r}; what was said comes to {sorted(possible)}"


def _can_not_be_judged(world: World, row: Row) -> bool:
    place = world.place(row)
    system = world.systems[place]
    return row in world.hearing.puzzling or row[1] in system.gone_back | system.believed or place in world.turned


def _strong(words: Sequence[Word]) -> Sequence[Word]:
    """Weak words count only where no other has a value."""
    filled = any(not word.weak and word.value != BLANK for word in words)
    return [word for word in words if not word.weak] if filled else words


def _latest(words: Sequence[Word]) -> list[Word]:
    return list({word.row: word for word in words}.values())


def newest(words: Sequence[Word], rank: Callable[[Row], Rank]) -> set[str] | None:
    """The last word; of several at one time that of the first member."""
    now = _latest(words)
    last = max(word.early for word in now)
    left = [word for word in now if word.late >= last]
    if all(word.early == word.late for word in left):
        return {min(left, key=lambda word: rank(word.row)).value}
    return {word.value for word in left}


def highest(words: Sequence[Word], rank: Callable[[Row], Rank]) -> set[str] | None:
    """The highest of what each row says now; blank only if all are."""
    filled = [word for word in _latest(words) if word.value != BLANK]
    return {max(filled, key=lambda word: float(word.value)).value} if filled else {BLANK}


def furthest(words: Sequence[Word], rank: Callable[[Row], Rank]) -> set[str] | None:
    """The furthest stage that any row ever had."""
    filled = [word.value for word in words if word.value != BLANK]
    return {max(filled, key=ORDER.index)} if filled else {BLANK}


def union(words: Sequence[Word], rank: Callable[[Row], Rank]) -> set[str] | None:
    """The last addition or removal of each element decides; in a tie the addition. None if the times leave it open."""
    valid = set()
    for element in sorted({element for word in words for element in _elements(word.value) | _elements(word.base)}):
        moves = [
            (word, element in _elements(word.value))
            for word in words
            if (element in _elements(word.value)) != (element in _elements(word.base))
        ]
        if not moves:
            return None  # it was there whenever anybody looked: who put it there nobody has heard
        last = max(word.early for word, _ in moves)
        left = [(word, added) for word, added in moves if word.late >= last]
        exact = all(word.early == word.late for word, _ in left)
        if len({added for _, added in left}) > 1 and not exact:
            return None
        if any(added for _, added in left):
            valid.add(element)
    return {orjson.dumps(sorted(valid)).decode() if valid else BLANK}


def _elements(value: str) -> set[str]:
    return set(orjson.loads(value)) if value else set()


CHOOSE: dict[str, Choose] = {"newest": newest, "highest": highest, "furthest": furthest, "union": union}
