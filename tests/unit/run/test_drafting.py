"""A drafted mapping: valid whatever the stream, and matched by names and by what stands there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synchub.api import Field, Stream
from synchub.config.document import Document
from synchub.config.entities import resolve_entities
from synchub.config.source import Source
from synchub.mapping import mapping_problems
from synchub.run.told.drafting import draft
from synchub.run.told.likeness import ENDS_SO, LOOKS_SO, SAME, likeness
from synchub.spec.hub import HubSettings
from synchub.spec.job import Configuration
from synchub.spec.mapping import MappingFile

ENTITIES, _ = resolve_entities({}, Document(Source("hub.toml", "", {}), {"systems": {}}), ())
HUB = Configuration(Path("hub.toml"), HubSettings(region="DE"), {}, ENTITIES, {})


def drafted(rows: dict[str, list[str]], **stream: object) -> dict[str, object]:
    """The draft for a stream with these columns, read back."""
    fields = stream.pop("fields", tuple(Field(name) for name in rows))
    made = draft(Stream("things", fields, stream.pop("key", ("id",)), **stream), pl.DataFrame(rows), HUB)
    return {"text": made, **tomllib.loads(made)}


@pytest.mark.parametrize(
    ("native", "field", "like"),
    [
        ("E-Mail", "email", SAME),
        ("contactEmail", "email", ENDS_SO),
        ("work_email_address", "email", ENDS_SO),
        ("Vorname", "first_name", SAME),
        ("Straße", "street", SAME),
        ("geändert am", "updated_at", SAME),
        ("job title", "job_title", SAME),
        ("posttal_code", "postal_code", LOOKS_SO),
        ("username", "full_name", 0),
        ("user_name", "full_name", 0),
        ("tell", "phone", 0),
        ("", "email", 0),
    ],
)
def test_how_like_a_name_is(native: str, field: str, like: float):
    assert likeness(native, field) == like


def test_names_and_values_lead_to_fields():
    made = drafted(
        {
            "id": ["1", "2"],
            "Vorname": ["Ann", "Bob"],
            "Nachname": ["Lee", "Ray"],
            "Erreichbar": ["ann@acme.com", "bob@acme.com"],
            "Rückruf": ["030 1234567", "0221 765432"],
            "dob": ["31.12.80", "1.2.81"],
            "Kundenwert": ["a", "b"],
        }
    )

    assert made["fields"] == {
        "email": "Erreichbar",
        "phone": "Rückruf",
        "first_name": "Vorname",
        "last_name": "Nachname",
        "birthday": {"native": "dob", "format": "%d.%m.%y"},
    }
    assert (made["entity"], made["key"]) == ("contact", "id")
    assert '# ? = "Kundenwert"   # text' in made["text"]
    assert '"id"' not in made["text"].split("[fields]")[1]


def test_the_name_that_fits_best_comes_first():
    made = drafted({"billing_email": ["a@b.de"], "email": ["c@d.de"]})

    assert made["fields"] == {"email": "email"}
    assert '# ? = "billing_email"' in made["text"]


def test_what_cannot_be_read_so_is_left_out_and_told():
    made = drafted({"email": ["Ann", "Bob"], "mail": ["ann@acme.com", "bob@acme.com"], "status": ["neu", "kunde"]})

    assert made["fields"] == {"email": "mail"}
    assert '# ? = "email"   # text; not email: what stands there is no email' in made["text"]
    assert '# ? = "status"   # text; not lifecycle_stage: what stands there is no enum' in made["text"]


def test_a_few_values_that_cannot_be_read_are_told():
    made = drafted({"email": ["a@b.de", "c@d.de", "e@f.de", "g@h.de", "nobody"]})

    assert made["fields"] == {"email": "email"}
    assert "# 20% of the sampled values can't be read so" in made["text"]


def test_what_the_stream_tells_is_used():
    fields = (
        Field("id", writable=False),
        Field("mail"),
        Field("hub_ref"),
        Field("plz", writable=False),
        Field("lastmod", "datetime"),
    )
    made = drafted({}, fields=fields, updated_at="lastmod", external_id="hub_ref", key=("id", "mail"))

    assert made["updated_at"] == "lastmod"
    assert made["key"] == ["id", "mail"]
    assert made["fields"] == {
        "hub_id": "hub_ref",
        "email": "mail",
        "postal_code": {"native": "plz", "direction": "in"},
    }


def test_without_a_key_there_is_a_guess_and_a_warning():
    made = drafted({"Name": ["Ann Lee"], "Mail": ["ann@acme.com"]}, key=())

    assert made["key"] == "Mail"
    assert "The system does not tell what names a record" in made["text"]


def test_things_that_happened_become_events():
    made = drafted(
        {
            "id": ["1"],
            "attendee": ["ann@acme.com"],
            "kind": ["visit"],
            "timestamp": ["2026-05-01T10:00:00Z"],
            "total": ["3.50"],
        }
    )

    assert made["entity"] == "event"
    assert made["fields"] == {
        "contact": "attendee",
        "type": "kind",
        "occurred_at": "timestamp",
        "amount": "total",
    }


def test_no_value_of_a_person_stands_in_a_draft():
    made = drafted({"mail": ["ann.secret@acme.com"], "odd": ["Secret Street 5"]})

    assert "secret" not in made["text"].lower()


NAMES = st.one_of(
    st.sampled_from(
        [
            "email",
            "tel",
            "name",
            "status",
            "id",
            "a.b",
            'q"uote',
            "new\nline",
            "#x",
            "",
            "\x7f",
            "date",
            "url",
            "tags",
        ]
    ),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=12),
)


@example({"^$": ["", ""]})  # a name that Polars could take for a pattern
@example({"^[$": ["", ""]})
@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        NAMES,
        st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=8), min_size=2, max_size=2),
        max_size=6,
    )
)
def test_every_draft_passes_the_check(rows: dict[str, list[str]]):
    made = draft(Stream("x\ny", tuple(Field(name) for name in rows), tuple(rows)[:1]), pl.DataFrame(rows), HUB)
    mapping = MappingFile.model_validate(tomllib.loads(made))

    found = mapping_problems(mapping, ENTITIES[mapping.entity], {}, HUB.settings)
    assert [problem for problem in found if problem.path[0] == "fields"] == []
