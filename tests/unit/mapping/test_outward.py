"""Outward: what golden values are sent as, what they stand for, and what can't be sent."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.mapping.making import EVENT, compiled, mapping_file, sent

from synchub.api import Field, Stream, Transform
from synchub.mapping import CompiledMapping, built_in_transforms, compile_mapping, native_frame
from synchub.model import FieldType


def stream(**types: FieldType) -> Stream:
    return Stream("s", tuple(Field(name, type) for name, type in types.items()), key=("id",))


def dollars(source: str, target: str, day: str) -> str | None:
    return {("EUR", "USD", "2024-05-01"): "1.07"}.get((source, target, day))


def test_filled_blank_and_nothing() -> None:
    mapping = compiled('[fields]\nemail = "mail"')
    assert sent(mapping, email="a@b.de") == {"as.email": "a@b.de", "to.email": "a@b.de", "x.email": None}
    assert sent(mapping, email="") == {"as.email": "", "to.email": "", "x.email": None}
    assert sent(mapping, email=None) == {"as.email": None, "to.email": None, "x.email": None}


def test_a_field_that_golden_does_not_have_is_not_sent() -> None:
    mapping = compiled('[fields]\nemail = "mail"\ncity = "town"')
    frame = mapping.outward(pl.DataFrame({"email": ["a@b.de", "c@d.de"]}))
    assert frame["to.city"].to_list() == [None, None]


def test_dates_are_written_as_the_mapping_says() -> None:
    mapping = compiled("""
        [fields]
        birthday = { native = "dob", format = "%d.%m.%Y" }
        consent_at = { native = "c", format = "%d.%m.%Y %H:%M" }
        """)
    found = sent(mapping, birthday="0980-05-01", consent_at="2024-05-01T08:23:00Z")
    assert found["to.birthday"] == "01.05.0980"
    assert found["to.consent_at"] == "01.05.2024 10:23"
    assert found["as.consent_at"] == "2024-05-01T08:23:00Z"


def test_without_a_format_dates_are_iso() -> None:
    mapping = compiled('[fields]\nbirthday = "dob"\nconsent_at = "c"')
    found = sent(mapping, birthday="1980-05-01", consent_at="2024-05-01T08:23:00Z")
    assert (found["to.birthday"], found["to.consent_at"]) == ("1980-05-01", "2024-05-01T08:23:00Z")


@pytest.mark.parametrize(
    ("format", "text"), [("%d %B %y", "01 May 24"), ("%Y-%m-%dT%H:%M:%SZ", "2024-05-01T08:23:00Z")]
)
def test_letters_of_all_kinds_in_formats(format: str, text: str) -> None:
    mapping = compiled(f'[fields]\nconsent_at = {{ native = "c", format = "{format}" }}')
    assert sent(mapping, consent_at="2024-05-01T08:23:00Z")["to.consent_at"] == text


class TestMoney:
    MAPPING = '[fields]\nrevenue = { native = "ltv", currency = "USD" }'

    def test_goes_out_as_a_bare_number(self) -> None:
        assert sent(compiled(self.MAPPING), revenue="12.50 USD")["to.revenue"] == "12.50"
        assert sent(compiled('[fields]\nrevenue = "ltv"'), revenue="12.50 EUR")["to.revenue"] == "12.50"

    def test_is_exchanged_at_the_rate_of_its_day(self) -> None:
        found = sent(compiled(self.MAPPING, rate=dollars), revenue="100.00 EUR", day_revenue="2024-05-01")
        assert found == {"as.revenue": "100.00 EUR", "to.revenue": "107.00", "x.revenue": None}

    def test_is_not_sent_without_a_rate(self) -> None:
        found = sent(compiled(self.MAPPING, rate=dollars), revenue="100.00 GBP", day_revenue="2024-05-01")
        assert found["to.revenue"] is None
        assert found["x.revenue"] == "there is no exchange rate from GBP to USD on 2024-05-01"

    def test_is_not_sent_without_a_day(self) -> None:
        found = sent(compiled(self.MAPPING, rate=lambda source, target, day: "2"), revenue="100.00 EUR")
        assert found["to.revenue"] is None
        assert found["x.revenue"] == "no day is known for the exchange rate from EUR to USD"

    def test_the_rate_is_asked_once_a_currency_and_day(self) -> None:
        asked: list[tuple[str, str, str]] = []

        def rate(source: str, target: str, day: str) -> str | None:
            asked.append((source, target, day))
            return "2"

        golden = pl.DataFrame(
            {
                "revenue": [f"{number}.00 EUR" for number in range(50)] + ["1.00 USD", "", None],
                "day.revenue": ["2024-05-01"] * 53,
            }
        )
        found = compiled(self.MAPPING, rate=rate).outward(golden)
        assert asked == [("EUR", "USD", "2024-05-01")]
        assert found["to.revenue"].to_list() == [f"{number * 2}.00" for number in range(50)] + [
            "1.00",
            "",
            None,
        ]


class TestValues:
    MAPPING = '[fields]\nlifecycle_stage = { native = "s", values = { neu = "lead", kunde = "customer" } }'

    def test_go_out_by_their_native_names(self) -> None:
        assert sent(compiled(self.MAPPING), lifecycle_stage="customer")["to.lifecycle_stage"] == "kunde"

    def test_an_enum_without_a_name_is_not_sent(self) -> None:
        found = sent(compiled(self.MAPPING), lifecycle_stage="opportunity")
        assert found["as.lifecycle_stage"] == "opportunity"
        assert found["to.lifecycle_stage"] is None
        assert found["x.lifecycle_stage"] == "the mapping's values have no native value for 'opportunity'"

    def test_clearing_needs_no_name(self) -> None:
        found = sent(compiled(self.MAPPING), lifecycle_stage="")
        assert (found["to.lifecycle_stage"], found["x.lifecycle_stage"]) == ("", None)

    def test_two_natives_for_one_value_are_no_way_back(self) -> None:
        mapping = compiled('[fields]\nlifecycle_stage = { native = "s", values = { neu = "lead", frisch = "Lead" } }')
        assert mapping.outward_fields == ()
        assert mapping.claiming_fields == ("lifecycle_stage",)

    def test_another_type_goes_as_it_is_unless_it_is_someone_elses_name(self) -> None:
        mapping = compiled("""[fields]\ncity = { native = "c", values = { "Köln" = "Cologne", Wien = "Vienna" } }""")
        assert sent(mapping, city="Cologne")["to.city"] == "Köln"
        assert sent(mapping, city="Bonn")["to.city"] == "Bonn"
        assert sent(mapping, city="Wien")["to.city"] is None


class TestSets:
    def test_go_out_as_json_where_nothing_is_known(self) -> None:
        assert sent(compiled('[fields]\ntags = "t"'), tags='["a","b"]')["to.tags"] == '["a","b"]'

    def test_are_joined_for_a_text_field(self) -> None:
        mapping = compiled('[fields]\ntags = "t"', stream=stream(t="text"))
        assert sent(mapping, tags='["a","b"]')["to.tags"] == "a;b"
        assert sent(mapping, tags='["a,b"]')["to.tags"] == "a,b;"

    def test_are_joined_by_the_mappings_separator(self) -> None:
        mapping = compiled('[fields]\ntags = { native = "t", separator = "|" }')
        assert sent(mapping, tags='["a;x","b"]')["to.tags"] == "a;x|b"
        found = sent(mapping, tags='["a|x","b"]')
        assert found["to.tags"] is None
        assert found["x.tags"] == "'a|x' contains '|', which parts the elements there"

    def test_elements_have_native_names(self) -> None:
        mapping = compiled('[fields]\ntags = { native = "t", values = { wichtig = "VIP" } }')
        assert sent(mapping, tags='["VIP","x"]')["to.tags"] == '["wichtig","x"]'


def test_truth_for_a_number_field() -> None:
    mapping = compiled('[fields]\nopted_out = "o"', stream=stream(o="integer"))
    assert sent(mapping, opted_out="true")["to.opted_out"] == "1"
    assert sent(compiled('[fields]\nopted_out = "o"'), opted_out="true")["to.opted_out"] == "true"


class TestJoins:
    MAPPING = '[fields]\nfull_name = { native = "name", join = ["first_name", "last_name"] }'

    def test_are_written_from_their_parts(self) -> None:
        found = sent(compiled(self.MAPPING), first_name="Ann", last_name="Lee")
        assert found == {"as.full_name": "Ann Lee", "to.full_name": "Ann Lee", "x.full_name": None}

    @pytest.mark.parametrize(
        ("first", "last", "joined"),
        [("Ann", "", "Ann"), (None, "Lee", "Lee"), ("", "", ""), ("", None, ""), (None, None, None)],
    )
    def test_leave_out_what_is_not_there(self, first: str | None, last: str | None, joined: str | None) -> None:
        found = sent(compiled(self.MAPPING), first_name=first, last_name=last)
        assert (found["as.full_name"], found["to.full_name"]) == (joined, joined)

    def test_never_claim(self) -> None:
        mapping = compiled(self.MAPPING)
        assert mapping.inward_fields == ("full_name",)
        assert mapping.claiming_fields == ()


def test_references_are_written_without_their_key() -> None:
    mapping = compiled('entity = "event"\n[fields]\ncontact = "who"', entity=EVENT)
    for golden in ("ann@example.com", "email:ann@example.com"):
        found = sent(mapping, contact=golden)
        assert (found["as.contact"], found["to.contact"]) == ("email:ann@example.com", "ann@example.com")


def test_a_transform_that_can_be_undone_is() -> None:
    steps = built_in_transforms()
    steps["no_hash"] = Transform(
        "no_hash",
        lambda text: text.str.strip_prefix("#"),
        back=lambda text: pl.lit("#") + text,
    )
    plain = compiled('[fields]\nnotes = { native = "n", transform = ["trim"] }')
    mapping = compile_mapping(
        mapping_file('[fields]\nnotes = { native = "n", transform = ["no_hash"] }'),
        plain.entity,
        plain.settings,
        transforms=steps,
        rate=dollars,
    )
    assert sent(mapping, notes="x")["to.notes"] == "#x"
    assert sent(mapping, notes="")["to.notes"] == ""


def test_what_is_never_sent() -> None:
    mapping = compiled("""
        [fields]
        source = { constant = "shop" }
        lead_score = { expr = "a + b" }
        city = { native = "town", direction = "in" }
        created_at = "created"
        email = "mail"
        """)
    assert mapping.outward_fields == ("email",)
    assert mapping.native_target("email") == "mail"
    assert sent(mapping, source="x", city="y", email="a@b.de").keys() == {"as.email", "to.email", "x.email"}


def test_of_several_natives_the_first_is_the_target() -> None:
    assert compiled('[fields]\nphone = { native = ["mobile", "tel"] }').native_target("phone") == "mobile"


ROUND = compiled(
    """
    [fields]
    email = "email"
    phone = "phone"
    birthday = { native = "birthday", format = "%d.%m.%Y" }
    consent_at = "consent_at"
    revenue = "revenue"
    lead_score = "lead_score"
    seats = "seats"
    opted_out = "opted_out"
    country = "country"
    language = "language"
    website = "website"
    tags = "tags"
    other_emails = { native = "other_emails", separator = "|" }
    lifecycle_stage = { native = "lifecycle_stage", values = { neu = "lead", kunde = "customer" } }
    extra = "extra"
    notes = "notes"
    """,
    stream=stream(tags="text"),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="|"), min_size=1, max_size=12)
NATIVE = {
    "email": st.emails(),
    "phone": st.from_regex(r"(\+49|0)[1-9][0-9]{7,9}", fullmatch=True),
    "birthday": st.dates().map(lambda day: f"{day.day:02}.{day.month:02}.{day.year:04}"),
    "consent_at": st.datetimes(datetime(1800, 1, 1)).map(lambda moment: moment.isoformat()),
    "revenue": st.decimals(-(10**9), 10**9, places=3).map(str),
    "lead_score": st.decimals(-(10**9), 10**9, places=6).map(str),
    "seats": st.integers(-(10**12), 10**12).map(str),
    "opted_out": st.sampled_from(["ja", "no", "1", "false"]),
    "country": st.sampled_from(["Germany", "at", "USA"]),
    "language": st.sampled_from(["de_DE", "English", "fr"]),
    "website": st.from_regex(r"[A-Za-z]{1,8}\.[a-z]{2,3}(/[A-Za-z0-9]{0,5})?", fullmatch=True),
    "tags": st.lists(WORDS.filter(lambda word: ";" not in word), max_size=4).map(tuple),
    "other_emails": st.lists(WORDS, max_size=3).map(tuple),
    "lifecycle_stage": st.sampled_from(["neu", "Kunde"]),
    "extra": st.dictionaries(st.text(max_size=4), st.integers(-5, 5), max_size=3).map(dict),
    "notes": st.text(max_size=20),
}


@settings(deadline=None, max_examples=20)
@given(st.lists(st.fixed_dictionaries(NATIVE), min_size=1, max_size=8))
def test_what_is_sent_reads_back_as_what_it_stands_for(rows: list[dict[str, object]]) -> None:
    first = _values(ROUND, [{"id": str(number), **row} for number, row in enumerate(rows)])
    out = ROUND.outward(first)
    for name in ROUND.outward_fields:
        assert out[f"x.{name}"].null_count() == len(rows), out[f"x.{name}"].to_list()
        assert out[f"as.{name}"].to_list() == first[name].to_list()
    back = [
        {"id": str(number), **{name: row[f"to.{name}"] for name in ROUND.outward_fields}}
        for number, row in enumerate(out.to_dicts())
    ]
    assert _values(ROUND, back).to_dicts() == first.to_dicts()


def _values(mapping: CompiledMapping, rows: list[dict[str, object]]) -> pl.DataFrame:
    mapped = mapping.inward(native_frame(rows, mapping.natives))
    assert mapped.errors.is_empty(), mapped.errors.rows()
    return mapped.frame.select(pl.col(f"v.{name}").alias(name) for name in mapping.inward_fields)
