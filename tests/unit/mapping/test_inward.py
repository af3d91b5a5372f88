"""Inward: what rows become, and what is set aside."""

from __future__ import annotations

import polars as pl
import pytest
from unit.mapping.making import EVENT, compiled, read_in, value_of

from synchub.mapping import native_frame


def test_names_transforms_values_and_types() -> None:
    mapping = compiled("""
        [fields]
        email = "mail"
        city = { native = "town", transform = ["collapse", "title"] }
        lifecycle_stage = { native = "status", values = { neu = "lead", kunde = "customer" } }
        birthday = { native = "dob", format = "%d.%m.%Y" }
        """)
    row = {"mail": " Ann@Example.com", "town": " bad  HOMBURG", "status": "Kunde ", "dob": "01.05.1980"}
    [found] = read_in(mapping, row).frame.to_dicts()
    assert found["v.email"] == "ann@example.com"
    assert found["n.email"] == " Ann@Example.com"
    assert found["v.city"] == "Bad Homburg"
    assert found["v.lifecycle_stage"] == "customer"
    assert found["v.birthday"] == "1980-05-01"
    assert found["remote_id"] == "0"


def test_a_canonical_value_needs_no_entry_in_values() -> None:
    mapping = compiled('[fields]\nlifecycle_stage = { native = "s", values = { neu = "lead" } }')
    assert value_of(mapping, "lifecycle_stage", "customer") == "customer"


def test_values_come_after_transforms() -> None:
    mapping = compiled(
        '[fields]\nlifecycle_stage = { native = "s", transform = ["first_word"], values = { neu = "lead" } }'
    )
    assert value_of(mapping, "lifecycle_stage", "NEU seit gestern") == "lead"


def test_blank_and_absent_are_two_things() -> None:
    mapping = compiled('[fields]\nemail = "mail"\ncity = "town"')
    [found] = read_in(mapping, {"mail": " "}, delivered=("id", "mail")).frame.to_dicts()
    assert (found["n.email"], found["v.email"]) == ("", "")
    assert (found["n.city"], found["v.city"]) == (None, None)


def test_a_transform_that_finds_nothing_makes_the_value_blank_not_absent() -> None:
    mapping = compiled('[fields]\nnotes = { native = "n", transform = ["digits"] }')
    assert value_of(mapping, "notes", "abc") == ""


class TestSeveralNatives:
    MAPPING = '[fields]\nphone = { native = ["mobile", "tel"] }'

    def test_the_first_filled_one_is_read(self) -> None:
        mapped = read_in(
            compiled(self.MAPPING),
            {"mobile": "0171 1234567", "tel": "030 123456"},
            {"mobile": "", "tel": "030 123456"},
            {"mobile": "", "tel": ""},
        ).frame
        assert mapped["v.phone"].to_list() == ["+491711234567", "+4930123456", ""]
        assert mapped["w.phone"].to_list() == ["mobile", "tel", None]
        assert mapped["n.phone"].to_list() == ["0171 1234567", "030 123456", ""]

    def test_nothing_is_said_if_a_better_one_was_not_delivered(self) -> None:
        mapped = read_in(compiled(self.MAPPING), {"tel": "030 123456"}, delivered=("id", "tel")).frame
        assert mapped.select("v.phone", "n.phone", "w.phone").row(0) == (None, None, None)

    def test_a_filled_one_counts_though_a_lesser_one_was_not_delivered(self) -> None:
        mapped = read_in(compiled(self.MAPPING), {"mobile": "0171 1234567"}, delivered=("id", "mobile")).frame
        assert mapped["v.phone"].item() == "+491711234567"


class TestErrors:
    def test_one_bad_value_sets_the_row_aside_and_no_other(self) -> None:
        mapping = compiled('[fields]\nemail = "mail"\nbirthday = "dob"')
        mapped = read_in(
            mapping,
            {"mail": "a@b.de", "dob": "31.02.2024"},
            {"mail": "c@d.de", "dob": "01.02.2024"},
            {"mail": "nothing", "dob": "x"},
        )
        assert mapped.frame["remote_id"].to_list() == ["1"]
        assert mapped.frame["row"].to_list() == [1]
        assert mapped.errors.rows() == [
            (0, "0", "birthday", "31.02.2024", "'31.02.2024' is not a date"),
            (2, "2", "email", "nothing", "'nothing' is not an e-mail address"),
            (2, "2", "birthday", "x", "'x' is not a date"),
        ]

    def test_blank_instead(self) -> None:
        mapping = compiled('[fields]\nbirthday = { native = "dob", on_error = "blank" }')
        mapped = read_in(mapping, {"dob": "31.02.2024"})
        assert mapped.errors.is_empty()
        assert mapped.frame.select("n.birthday", "v.birthday").row(0) == ("31.02.2024", "")

    def test_blank_instead_is_not_the_default(self) -> None:
        mapping = compiled('[fields]\ncountry = { native = "c", on_error = "blank", default = "DE" }')
        mapped = read_in(mapping, {"c": "Atlantis"}, {"c": ""})
        assert mapped.frame["v.country"].to_list() == ["", "DE"]
        assert mapped.frame["d.country"].to_list() == [False, True]

    def test_default_instead(self) -> None:
        mapping = compiled('[fields]\ncountry = { native = "c", on_error = "default", default = "Germany" }')
        mapped = read_in(mapping, {"c": "Atlantis"}, {"c": "France"})
        assert mapped.frame["v.country"].to_list() == ["DE", "FR"]
        assert mapped.frame["d.country"].to_list() == [True, False]

    def test_a_row_without_key_is_set_aside(self) -> None:
        mapping = compiled('[fields]\nemail = "mail"')
        mapped = read_in(mapping, {"id": " ", "mail": "a@b.de"}, {"id": None, "mail": "a@b.de"}, {"mail": "c@d.de"})
        assert mapped.frame["remote_id"].to_list() == ["2"]
        assert mapped.errors.select("row", "field", "reason").rows() == [
            (0, "id", "the row has no key"),
            (1, "id", "the row has no key"),
        ]

    def test_what_an_out_only_field_holds_is_no_reason_to_refuse_a_record(self) -> None:
        mapping = compiled('[fields]\nbirthday = { native = "dob", direction = "out" }')
        mapped = read_in(mapping, {"dob": "rubbish"})
        assert mapped.errors.is_empty()
        assert mapped.frame.select("n.birthday", "v.birthday").row(0) == ("rubbish", "")


class TestKeys:
    def test_a_key_of_several_fields_is_a_json_array(self) -> None:
        mapping = compiled('key = ["shop", "nr"]\n[fields]\nemail = "mail"')
        frame = native_frame(
            [{"shop": 'a"b\\', "nr": 7}, {"shop": "x\n\x01", "nr": "ä"}, {"shop": "", "nr": 1}],
            mapping.natives,
        )
        mapped = mapping.inward(frame)
        assert mapped.frame["remote_id"].to_list() == ['["a\\"b\\\\","7"]', '["x\\n\\u0001","ä"]']
        assert mapped.errors.select("row", "field").rows() == [(2, "shop,nr")]

    def test_a_key_is_not_trimmed(self) -> None:
        mapping = compiled('[fields]\nemail = "mail"')
        assert read_in(mapping, {"id": " 7"}).frame["remote_id"].item() == " 7"


class TestTimes:
    def test_the_rows_own_time(self) -> None:
        mapping = compiled('updated_at = "changed"\n[fields]\nemail = "mail"')
        mapped = read_in(
            mapping,
            {"changed": "1970-01-01T00:00:01.5Z"},
            {"changed": "1970-01-01 02:00"},
            {"changed": "?"},
            {},
        )
        assert mapped.frame["updated_at"].to_list() == [1_500_000, 3_600_000_000, None, None]
        assert mapped.errors.is_empty()

    def test_is_written_as_the_field_that_reads_it_says(self) -> None:
        mapping = compiled("""
            updated_at = "changed"
            [fields]
            updated_at = { native = "changed", format = "%d.%m.%Y %H:%M" }
            """)
        mapped = read_in(mapping, {"changed": "02.01.1970 01:00"})
        assert mapped.frame["updated_at"].to_list() == [86_400_000_000]

    def test_is_null_where_the_mapping_names_none(self) -> None:
        mapped = read_in(compiled('[fields]\nemail = "mail"'), {"mail": "a@b.de"})
        assert mapped.frame["updated_at"].dtype == pl.Int64
        assert mapped.frame["updated_at"].to_list() == [None]

    def test_the_version_is_handed_through(self) -> None:
        mapping = compiled('[fields]\nemail = "mail"')
        frame = native_frame([{"id": 1, "etag": "x1"}, {"id": 2}], [*mapping.natives, "etag"])
        assert mapping.inward(frame, version="etag").frame["version"].to_list() == ["x1", None]
        assert "version" not in mapping.inward(frame).frame.columns


class TestWeak:
    def test_a_constant_is_always_weak(self) -> None:
        mapping = compiled('[fields]\nsource = { constant = "shop" }\nopted_out = { constant = true }')
        mapped = read_in(mapping, {}).frame
        assert mapped.select("v.source", "d.source", "v.opted_out").row(0) == ("shop", True, "true")
        assert mapping.weak_fields == ("source", "opted_out")

    def test_a_default_is_weak_where_it_stands_in(self) -> None:
        mapping = compiled('[fields]\ncountry = { native = "land", default = "Deutschland" }')
        mapped = read_in(mapping, {"land": "at"}, {"land": ""}).frame
        assert mapped["v.country"].to_list() == ["AT", "DE"]
        assert mapped["d.country"].to_list() == [False, True]
        assert mapped["n.country"].to_list() == ["at", ""]

    def test_a_default_says_nothing_for_a_field_that_was_not_delivered(self) -> None:
        mapping = compiled('[fields]\ncountry = { native = "land", default = "DE" }')
        mapped = read_in(mapping, {}, delivered=("id",)).frame
        assert mapped.select("v.country", "d.country").row(0) == (None, False)

    def test_other_fields_carry_no_mark(self) -> None:
        mapped = read_in(compiled('[fields]\nemail = "mail"'), {}).frame
        assert not [name for name in mapped.columns if name.startswith("d.")]


class TestExpressions:
    def test_are_computed_from_native_fields(self) -> None:
        mapping = compiled("""
            [fields]
            full_name = { expr = "forename || ' ' || upper(surname)" }
            revenue = { expr = "net * 1.19" }
            """)
        mapped = read_in(mapping, {"forename": "Ann", "surname": "Lee", "net": 100}, {"forename": "Bo", "net": "x"})
        assert mapped.frame["v.full_name"].to_list() == ["Ann LEE", ""]
        assert mapped.frame["v.revenue"].to_list() == ["119.00 EUR", ""]
        assert mapping.natives == ("id", "forename", "surname", "net")

    def test_say_nothing_if_a_field_they_need_was_not_delivered(self) -> None:
        mapping = compiled("""[fields]\nfull_name = { expr = "coalesce(a, b)" }""")
        mapped = read_in(mapping, {"a": "x"}, delivered=("id", "a")).frame
        assert mapped.select("n.full_name", "v.full_name").row(0) == (None, None)


def test_references_name_their_key() -> None:
    mapping = compiled('entity = "event"\n[fields]\ncontact = "who"\nsubject = "s"', entity=EVENT)
    assert value_of(mapping, "contact", "Ann@Example.com") == "email:ann@example.com"
    by_phone = compiled('entity = "event"\n[fields]\ncontact = { native = "who", by = "phone" }', entity=EVENT)
    assert value_of(by_phone, "contact", "030 123456") == "phone:+4930123456"
    by_id = compiled('entity = "event"\n[fields]\ncontact = { native = "who", by = "id" }', entity=EVENT)
    assert value_of(by_id, "contact", 17) == "id:17"


class TestComparable:
    MAPPING = """
        [fields]
        phone = "tel"
        revenue = { native = "ltv", currency = "USD" }
        birthday = { native = "dob", format = "%d.%m.%Y" }
        lifecycle_stage = { native = "s", values = { neu = "lead" } }
        city = { native = "town", transform = ["upper"] }
        tags = { native = "labels", values = { vip = "VIP" } }
        """

    @pytest.mark.parametrize(
        ("field", "one", "other"),
        [
            ("phone", "030 123456", "+49 30 123456"),
            ("revenue", "110", "110.00"),
            ("revenue", "110.00 USD", "$110"),
            ("birthday", "01.05.2024", "2024-05-01"),
            ("tags", "a; b", '["b","a"]'),
            ("city", " Bonn", "Bonn"),
        ],
    )
    def test_the_same_meaning_is_the_same_text(self, field: str, one: str, other: str) -> None:
        first, second = compiled(self.MAPPING).comparable(field, pl.Series([one, other]))
        assert first == second

    @pytest.mark.parametrize(
        ("field", "one", "other"),
        [
            ("phone", "nonsense", "rubbish"),
            ("lifecycle_stage", "neu", "lead"),
            ("city", "Bonn", "BONN"),
            ("tags", "vip", "VIP"),
            ("revenue", "110 USD", "110 EUR"),
        ],
    )
    def test_a_real_change_stays_one(self, field: str, one: str, other: str) -> None:
        first, second = compiled(self.MAPPING).comparable(field, pl.Series([one, other]))
        assert first != second

    def test_blank_and_absent_stay_apart(self) -> None:
        found = compiled(self.MAPPING).comparable("phone", pl.Series(["", None, " "]))
        assert found.to_list() == ["", None, ""]


def test_an_empty_page_has_all_columns() -> None:
    mapping = compiled("""
        updated_at = "t"
        [fields]
        phone = { native = ["a", "b"] }
        revenue = "r"
        birthday = "d"
        created_at = "c"
        country = { native = "l", default = "DE" }
        source = { constant = "x" }
        lead_score = { expr = "p * 2" }
        tags = "g"
        extra = "j"
        """)
    empty = mapping.inward(native_frame([], mapping.natives))
    full = read_in(mapping, {"a": "030 123456", "r": 1, "d": "2024-05-01", "c": "2024-05-01", "p": 1})
    assert empty.frame.schema == full.frame.schema
    assert empty.errors.schema == full.errors.schema
    assert empty.frame.is_empty()


def test_a_page_of_bad_rows_has_the_columns_of_errors() -> None:
    mapping = compiled('[fields]\nbirthday = "d"')
    good, bad = read_in(mapping, {"d": "2024-05-01"}), read_in(mapping, {"d": "x"})
    assert good.errors.schema == bad.errors.schema
    assert good.frame.schema == bad.frame.schema
