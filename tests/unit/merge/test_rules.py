"""Each rule, and chains of them."""

from __future__ import annotations

import pytest
from unit.merge.said import frame, golden, golden_over_time, say, verdict

from synchub.spec.entities import FieldDeclaration

NUMBER = FieldDeclaration("x", "number")
STAGE = FieldDeclaration("x", "enum", ("subscriber", "lead", "customer"))
DATE = FieldDeclaration("x", "date")
BOOL = FieldDeclaration("x", "bool")
MONEY = FieldDeclaration("x", "money")


# newest, oldest and ties


def test_newest() -> None:
    assert golden(say("crm", "a", 1), say("shop", "b", 2), chain="newest") == "b"


def test_newest_takes_blanks_too() -> None:
    assert golden(say("crm", "a", 1), say("shop", "", 2, base="a"), chain="newest") == ""


def test_an_undated_claim_is_older_than_every_date() -> None:
    assert golden(say("crm", "a", -5), say("shop", "b", None), chain="newest") == "a"


def test_ties_go_by_the_order_of_members_then_by_remote_id() -> None:
    assert golden(say("shop", "b", 1), say("crm", "a", 1), chain="newest") == "a"
    assert golden(say("crm", "b", 1, link=20), say("crm", "a", 1, link=10), chain="newest") == "a"


def test_only_the_latest_claim_of_a_link_counts() -> None:
    assert (
        golden(
            say("crm", "a", 1),
            say("shop", "b", 2),
            say("crm", "c", 3, base="a"),
            say("shop", "", 4, base="b"),
            chain="longest",
        )
        == "c"
    )


def test_oldest_looks_at_all_claims_and_passes_over_blanks() -> None:
    assert golden(say("crm", "", 0), say("crm", "a", 1), say("shop", "b", 2), say("crm", "c", 3), chain="oldest") == "a"


# prefer and always


def test_prefer_is_a_standing_order_and_no_tie_breaker() -> None:
    assert golden(say("crm", "a", 1), say("shop", "b", 9), chain="prefer crm") == "a"


def test_prefer_goes_down_its_list() -> None:
    claims = (say("crm", "a", 1), say("shop", "b", 2), say("fair", "c", 3))
    assert golden(*claims, chain="prefer fair shop") == "c"
    assert golden(say("crm", "a", 9), say("shop", "b", 2), chain="prefer fair shop") == "b"


def test_what_a_preferred_system_cleared_beats_older_claims_and_yields_to_newer() -> None:
    assert golden(say("shop", "b", 1), say("crm", "", 2, base="b"), chain="prefer crm") == ""
    assert golden(say("shop", "b", 1), say("crm", "", 2, base="b"), say("shop", "c", 3), chain="prefer crm") == "c"


def test_what_a_lesser_system_cleared_beats_nobody() -> None:
    assert golden(say("crm", "a", 1), say("shop", "", 2, base="a"), chain="prefer crm shop") == "a"


def test_always_takes_blanks_and_yields_where_its_system_is_silent() -> None:
    assert golden(say("crm", "", 1), say("shop", "b", 2), chain="always crm") == ""
    assert golden(say("shop", "b", 2), say("fair", "c", 1), chain=("always crm", "oldest")) == "c"


# longest, most_common, highest, lowest


def test_longest() -> None:
    assert golden(say("crm", "Alexandra", 1), say("shop", "Alex", 2), chain="longest") == "Alexandra"


def test_most_common_counts_filled_values() -> None:
    claims = (say("crm", "", 1), say("shop", "", 2), say("fair", "b", 0))
    assert golden(*claims, chain="most_common") == "b"
    claims = (say("crm", "a", 1), say("shop", "b", 9), say("fair", "a", 0))
    assert golden(*claims, chain="most_common") == "a"


@pytest.mark.parametrize(
    ("field", "values", "high", "low"),
    [
        (NUMBER, ("9", "10", "-1"), "10", "-1"),
        (STAGE, ("lead", "customer", "subscriber"), "customer", "subscriber"),
        (DATE, ("2024-02-01", "1999-12-31", ""), "2024-02-01", "1999-12-31"),
        (MONEY, ("9.50 EUR", "10.00 EUR", ""), "10.00 EUR", "9.50 EUR"),
        (BOOL, ("true", "false", ""), "true", "false"),
    ],
)
def test_highest_and_lowest_by_type(field: FieldDeclaration, values: tuple[str, ...], high: str, low: str) -> None:
    claims = [say(system, value, 1) for system, value in zip(("crm", "shop", "fair"), values, strict=True)]
    assert golden(*claims, chain="highest", field=field) == high
    assert golden(*claims, chain="lowest", field=field) == low


# union


def test_union_of_first_contact() -> None:
    assert golden(say("crm", '["a","b"]'), say("shop", '["b","c"]'), chain="union") == '["a","b","c"]'


def test_union_removes_what_was_removed_last() -> None:
    both = (say("crm", '["a","b"]', 1), say("shop", '["a"]', 5, base='["a","b"]'))
    assert golden(*both, chain="union") == '["a"]'
    assert golden(*both, say("crm", '["a","b"]', 7, base='["a"]'), chain="union") == '["a","b"]'


def test_in_a_tie_the_addition_wins() -> None:
    both = (say("crm", '["a"]', 1), say("shop", "", 5, base='["a"]'), say("fair", '["a"]', 5, base=""))
    assert golden(*both, chain="union") == '["a"]'


def test_union_of_nothing_is_blank() -> None:
    assert golden(say("crm", '["a"]', 1), say("crm", "", 5, base='["a"]'), chain="union") == ""


def test_union_keeps_every_sign() -> None:
    odd = '["a\\"b","c\\\\d"]'
    assert golden(say("crm", odd), say("shop", '["z"]'), chain="union") == '["a\\"b","c\\\\d","z"]'


# any, all, furthest, add


def test_any_once_true_stays_true() -> None:
    assert golden(say("crm", "true", 1), say("crm", "false", 2, base="true"), chain="any", field=BOOL) == "true"
    assert golden(say("crm", "false", 1), say("shop", "", 2), chain="any", field=BOOL) == ""


def test_all_needs_everybody() -> None:
    assert golden(say("crm", "true", 5), say("shop", "false", 2), chain="all", field=BOOL) == "false"
    assert golden(say("crm", "true", 5), say("shop", "true", 2), chain="all", field=BOOL) == "true"


def test_furthest_never_goes_back() -> None:
    claims = (say("crm", "customer", 1), say("crm", "lead", 2, base="customer"), say("shop", "", 3))
    assert golden(*claims, chain="furthest", field=STAGE) == "customer"


def test_add_counts_the_highest_first_value_and_every_change() -> None:
    claims = (say("crm", "10"), say("shop", "4"), say("crm", "12", 2, base="10"), say("shop", "9", 3, base="10"))
    assert golden(*claims, chain="add", field=NUMBER) == "11"


def test_add_starts_anew_from_what_a_person_says() -> None:
    claims = (say("crm", "10"), say("crm", "30", 1, base="10"), say("hub", "5", 2), say("crm", "7", 3, base="5"))
    assert golden(*claims, chain="add", field=NUMBER) == "7"


def test_add_of_fractions_is_a_plain_number() -> None:
    assert (
        golden(
            say("crm", "0.1"),
            say("crm", "0.3", 1, base="0.1"),
            say("shop", "0.5", 2, base="0.3"),
            chain="add",
            field=NUMBER,
        )
        == "0.5"
    )


# ask


def test_ask_is_open_while_two_differ_that_did_not_know_of_each_other() -> None:
    told = verdict(frame(say("crm", "a", 1), say("shop", "b", 2)), "ask")
    assert told["open"]


def test_ask_is_answered_by_who_knew_the_other_value() -> None:
    assert golden(say("crm", "a", 1), say("shop", "b", 2, base="a"), chain="ask") == "b"


def test_ask_closes_when_all_agree() -> None:
    assert golden(say("crm", "a", 1), say("shop", "b", 2), say("crm", "b", 3, base="a"), chain="ask") == "b"


# people, weak claims, chains, changed rules


@pytest.mark.parametrize("rule", ["newest", "oldest", "longest", "most_common", "prefer crm", "always crm", "ask"])
def test_a_persons_decision_voids_what_was_claimed_before(rule: str) -> None:
    assert golden(say("crm", "long and old", 9), say("shop", "long and old", 9), say("hub", "x", 5), chain=rule) == "x"


@pytest.mark.parametrize(
    ("rule", "field", "before", "said"),
    [
        ("furthest", STAGE, "customer", "lead"),
        ("any", BOOL, "true", "false"),
        ("highest", NUMBER, "9", "1"),
        ("union", FieldDeclaration("x", "set"), '["a"]', '["b"]'),
    ],
)
def test_a_person_can_correct_downward(rule: str, field: FieldDeclaration, before: str, said: str) -> None:
    assert golden(say("crm", before, 1), say("hub", said, 5), chain=rule, field=field) == said


def test_a_newer_claim_competes_with_a_persons_decision() -> None:
    assert golden(say("hub", "x", 5), say("crm", "y", 6, base="x"), chain="newest") == "y"
    assert golden(say("hub", "x", 5), say("crm", "y", 6, base="x"), chain="prefer crm") == "x"


def test_weak_claims_count_only_where_nothing_else_has_a_value() -> None:
    assert golden(say("crm", "a", 1), say("shop", "b", 9, kind="weak"), chain="newest") == "a"
    assert golden(say("crm", "", 1), say("shop", "b", 0, kind="weak"), chain="longest") == "b"


def test_a_chain_breaks_ties_of_the_rule_before() -> None:
    claims = (say("crm", "aa", 1), say("shop", "bb", 2), say("fair", "c", 3))
    assert golden(*claims, chain=("longest", "newest")) == "bb"
    assert golden(*claims, chain=("longest", "prefer crm")) == "aa"


def test_the_rule_is_told_as_it_was_written() -> None:
    assert (
        verdict(frame(say("crm", "a", 1), say("shop", "b", 2)), "prefer crm", "newest")["rule"]
        == "prefer crm, then newest"
    )


def test_a_verdict_is_contested_if_another_latest_claim_says_otherwise() -> None:
    assert verdict(frame(say("crm", "a", 1), say("shop", "b", 2)), "newest")["contested"]
    assert not verdict(frame(say("crm", "a", 1), say("shop", "a", 2)), "newest")["contested"]


def test_a_changed_rule_applies_from_then_on() -> None:
    claims = frame(say("crm", "new", 5), say("shop", "old", 1))
    assert golden_over_time(claims, (0, "newest"), (3, "prefer shop")) == "new"
    more = frame(say("crm", "new", 5), say("shop", "old", 1), say("fair", "third", 6))
    assert golden_over_time(more, (0, "newest"), (3, "prefer shop")) == "third"
    more = frame(say("crm", "new", 5), say("shop", "old", 1), say("fair", "third", 6), say("shop", "mine", 7))
    assert golden_over_time(more, (0, "newest"), (3, "prefer shop")) == "mine"


def test_a_set_that_was_agreed_before_the_rule_changed_stays_whole() -> None:
    claims = frame(
        say("crm", '["a"]', 1),
        say("crm", '["a","b"]', 2, base='["a"]'),
        say("shop", '["a","b","c"]', 3, base='["a","b"]'),
    )
    assert golden_over_time(claims, (0, "newest"), (3, "union"), field=FieldDeclaration("x", "set")) == '["a","b","c"]'
