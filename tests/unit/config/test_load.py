"""What a right configuration means: entities, rules, members; includes and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synchub import config
from synchub.errors import ConfigurationError
from synchub.secrets import Secrets
from synchub.spec.job import MatchKey

SYSTEMS = """
[systems.crm]
connector = "crm"
token = "env:TOKEN"
[systems.shop]
connector = "file"
path = "env:SHOP"
"""

WHOLE = """
[hub]
name = "acme"
timezone = "env:ZONE"
region = "DE"
store = "env:STORE"

[entities.contact]
match = { keys = ["email", "phone  +  last_name"] }
consent_from = ["shop"]
[entities.contact.fields]
vip = "bool"
rating = ["cold", "hot"]
account = "ref"
[entities.contact.refers_to]
account = "company"
[entities.contact.rules]
last_name = ["prefer  crm shop", "newest"]
street = "oldest"
"*" = "longest"

[entities.company.fields]
name = "text"
tags = "set"

[syncs.contacts]
entity = "contact"
schedule = "*/15 * * * *"
[syncs.contacts.members.shop]
stream = "customers"
mapping = "leads"
direction = "in"
limits = { deletes = 3 }
[syncs.contacts.members.second]
system = "crm"
stream = "env:STREAM"
mapping = "leads"
create = false
on_delete = "archive"
where = "vip"
fill_only = true
"""

ENVIRON = {
    "ZONE": "Europe/Berlin",
    "STREAM": "contacts",
    "TOKEN": "t",
    "SHOP": "s.csv",
    "STORE": "sqlite:///x",
}


@pytest.fixture
def whole(hub: Any) -> Any:
    hub.write(hub=SYSTEMS + WHOLE)
    return hub


def test_members_are_resolved_in_the_order_of_the_file(whole: Any) -> None:
    sync = whole.load(ENVIRON).syncs["contacts"]
    assert sync.schedule == "*/15 * * * *"
    assert sync.entity.name == "contact"
    first, second = sync.members
    assert (first.name, first.rank, first.system, first.direction) == ("shop", 0, "shop", "in")
    assert (first.limits.deletes, first.limits.creates, first.fill_only) == (3, None, None)
    assert (second.name, second.rank, second.system, second.stream) == ("second", 1, "crm", "contacts")
    assert (second.create, second.on_delete, second.where, second.fill_only) == (
        False,
        "archive",
        "vip",
        True,
    )
    assert second.limits.deletes == "5%"
    assert (second.mapping_name, second.mapping.entity) == ("leads", "contact")


def test_fields_are_the_built_in_ones_and_ones_own(whole: Any) -> None:
    configuration = whole.load(ENVIRON)
    contact = configuration.entities["contact"]
    assert contact.fields["email"].type == "email"
    assert contact.fields["vip"].type == "bool"
    assert (contact.fields["rating"].type, contact.fields["rating"].values) == ("enum", ("cold", "hot"))
    assert contact.refers_to == {"account": "company"}
    assert contact.consent_from == ("shop",)
    company = configuration.entities["company"]
    assert list(company.fields) == ["hub_id", "name", "tags"]
    assert (company.match, company.groups) == ((), {})
    assert configuration.entities["event"].refers_to == {"contact": "contact"}


def test_every_field_has_a_chain_of_rules(whole: Any) -> None:
    configuration = whole.load(ENVIRON)
    rules = configuration.entities["contact"].rules
    assert rules.keys() == configuration.entities["contact"].fields.keys()
    assert rules["last_name"] == ("prefer crm shop", "newest")
    assert rules["first_name"] == rules["vip"] == ("longest",)
    assert rules["opted_out"] == rules["consent_at"] == ("any",)
    assert (rules["tags"], rules["lifecycle_stage"], rules["created_at"]) == (
        ("union",),
        ("furthest",),
        ("oldest",),
    )
    assert rules["hub_id"] == rules["updated_at"] == ("newest",)
    assert configuration.entities["event"].rules["type"] == ("newest",)
    assert configuration.entities["company"].rules["tags"] == ("newest",)


def test_one_rule_decides_for_a_whole_group(whole: Any) -> None:
    contact = whole.load(ENVIRON).entities["contact"]
    assert contact.groups["address"] == ("street", "city", "region", "postal_code", "country")
    assert {contact.rules[field] for field in contact.groups["address"]} == {("oldest",)}
    assert contact.groups["consent"] == ("opted_out", "consent_at")


def test_a_later_field_of_a_group_may_carry_the_rule(hub: Any) -> None:
    hub.write(hub='[entities.contact.rules]\ncountry = "oldest"\n')
    assert hub.load().entities["contact"].rules["street"] == ("oldest",)


def test_match_keys_keep_the_name_they_were_given(whole: Any) -> None:
    assert whole.load(ENVIRON).entities["contact"].match == (
        MatchKey("email", ("email",)),
        MatchKey("phone  +  last_name", ("phone", "last_name")),
    )


def test_match_keys_unless_said_otherwise(hub: Any) -> None:
    hub.write(hub='[entities.contact.fields]\nvip = "bool"\n')
    entities = hub.load().entities
    assert entities["contact"].match == (MatchKey("email", ("email",)),)
    assert entities["event"].match == ()
    hub.write(hub="[entities.contact.match]\nkeys = []\n")
    assert hub.load().entities["contact"].match == ()


def test_an_empty_file_is_a_hub_without_systems(hub: Any) -> None:
    hub.write(hub="")
    configuration = hub.load()
    assert configuration.settings.name == "hub"
    assert (configuration.systems, configuration.syncs) == ({}, {})
    assert list(configuration.entities) == ["contact", "event"]
    assert configuration.folder == hub.folder


def test_the_environment_is_resolved_but_not_where_secrets_are(whole: Any) -> None:
    configuration = whole.load(ENVIRON)
    assert configuration.settings.timezone == "Europe/Berlin"
    assert configuration.settings.store == "env:STORE"
    assert configuration.systems["crm"].settings == {"token": "env:TOKEN"}


def test_unset_variables_are_problems_with_their_place(whole: Any) -> None:
    assert whole.lint({}) == [
        "hub.toml:4:9: the environment variable TOKEN is not set",
        "hub.toml:7:8: the environment variable SHOP is not set",
        "hub.toml:11:12: the environment variable ZONE is not set",
        "hub.toml:13:9: the environment variable STORE is not set",
        "hub.toml:43:10: the environment variable STREAM is not set",
    ]
    assert len(whole.lint({"SYNCHUB_STORE": "sqlite://"})) == 4


def test_offline_nothing_is_looked_up(whole: Any) -> None:
    assert whole.lint(None) == []


def test_offline_a_reference_is_right_wherever_it_stands(hub: Any) -> None:
    member = "[syncs.a.members.shop]\nstream = 's'\nmapping = 'env:M'\nwhere = 'env:W'\ncreate = 'env:C'\n"
    sync = "[syncs.a]\nentity = 'contact'\nschedule = 'env:S'\n" + member
    values = "[hub]\nregion = 'env:R'\ncurrency = 'env:C'\nname = 'env:N'\n"
    hub.write(hub=values + SYSTEMS + "port = 'env:P'\n" + sync)
    assert hub.lint(None) == ["hub.toml:12:1: unknown key 'port': known: path"]


def test_a_value_of_the_environment_is_checked_like_any_other(hub: Any) -> None:
    hub.write(hub='[hub]\nregion = "env:REGION"\n')
    assert hub.lint({"REGION": "germany"}) == [
        "hub.toml:2:10: 'region' must be two capital letters, such as DE, not 'germany'"
    ]


def test_load_passes_over_mappings_that_no_sync_uses(hub: Any) -> None:
    hub.write(hub="", mappings__draft="entity = 3\n")
    assert hub.load().syncs == {}
    assert len(hub.lint()) == 3


class TestIncludes:
    def test_are_part_of_the_hub(self, hub: Any) -> None:
        hub.write(
            hub='include = ["more/*.toml", "more/**/*.toml"]\n[hub]\nname = "acme"\n',
            more__a=SYSTEMS,
            more__deep__b="[entities.company.fields]\nname = 'text'\n",
        )
        configuration = hub.load({"TOKEN": "t", "SHOP": "s"})
        assert list(configuration.systems) == ["crm", "shop"]
        assert configuration.entities["company"].fields["name"].type == "text"

    def test_may_hold_the_hub_section(self, hub: Any) -> None:
        hub.write(hub='include = ["a.toml"]\n', a='[hub]\nname = "acme"\nregoin = "x"\n')
        assert hub.lint() == ["a.toml:3:1: unknown key 'regoin': did you mean 'region'?"]

    def test_problems_name_the_file(self, hub: Any) -> None:
        hub.write(hub='include = ["a.toml"]\n[hub]\n', a="\n[systems.x]\nconnector = 'cmr'\n")
        assert hub.lint() == ["a.toml:3:13: unknown connector 'cmr': did you mean 'crm'?"]

    def test_name_everything_once(self, hub: Any) -> None:
        hub.write(
            hub='include = ["a.toml", "b.toml"]\n[hub]\n',
            a="[hub]\n[entities.contact]\n",
            b="include = []\n[entities.contact]\n",
        )
        assert hub.lint() == [
            "a.toml:1:2: [hub] stands already in hub.toml:2: keep one of the two",
            "b.toml:1:1: an included file can't include others: move it to hub.toml",
            "b.toml:2:11: entities.contact is declared already in a.toml:2: give one of them another name",
        ]

    def test_that_are_malformed(self, hub: Any) -> None:
        hub.write(hub='include = ["*.toml"]\n[hub]\nregoin = 3\n', a="x = \n")
        assert hub.lint() == [
            "a.toml:1:5: this is not TOML: invalid value",
            "hub.toml:3:1: unknown key 'regoin': did you mean 'region'?",
        ]

    @pytest.mark.parametrize(
        "pattern",
        [
            "../other.toml",
            "/etc/*.toml",
            "a/../../b.toml",
            "~/x.toml",
            "..\\\\b.toml",
            "C:/x.toml",
            "C:\\\\x.toml",
        ],
    )
    def test_only_reach_below_the_folder(self, pattern: str, hub: Any) -> None:
        hub.write(hub=f'include = ["ok*.toml", "{pattern}"]\n')
        [problem] = hub.lint()
        assert problem.startswith("hub.toml:1:24: include '")
        assert problem.endswith("': only files below the folder of hub.toml can be included")

    def test_do_not_follow_links_out_of_the_folder(self, hub: Any, tmp_path_factory: Any) -> None:
        outside: Path = tmp_path_factory.mktemp("outside")
        (outside / "a.toml").write_text("[hub]\nname = 'evil'\n", encoding="utf-8")
        (hub.folder / "more").symlink_to(outside)
        (hub.folder / "mappings" / "linked.toml").symlink_to(outside / "a.toml")
        hub.write(hub='include = ["more/a.toml"]\n')
        assert hub.lint() == [
            "hub.toml:1:12: include 'more/a.toml': a.toml lies outside the folder of hub.toml: copy it here",
            "mappings/linked.toml:1:1: the file lies outside the folder of hub.toml: copy it here",
        ]

    def test_that_are_not_there(self, hub: Any) -> None:
        hub.write(hub='include = ["none/*.toml", "gone.toml", "a.txt"]\n')
        assert hub.lint() == [
            "hub.toml:1:27: include 'gone.toml': there is no such file",
            "hub.toml:1:40: include 'a.txt': only *.toml files can be included",
        ]

    def test_of_the_wrong_type(self, hub: Any) -> None:
        hub.write(hub='include = "a.toml"\n')
        assert hub.lint() == ["hub.toml:1:11: 'include' must be a list, not 'a.toml'"]


class TestFind:
    def test_looks_upwards(self, hub: Any) -> None:
        hub.write(hub="")
        below = hub.folder / "a" / "b"
        below.mkdir(parents=True)
        assert config.find(below, {}) == hub.file
        assert config.find(hub.folder, {}) == hub.file

    def test_obeys_the_environment(self, hub: Any, tmp_path: Path) -> None:
        hub.write(hub="", other="")
        assert config.find(tmp_path, {"SYNCHUB_CONFIG": "other.toml"}) == tmp_path / "other.toml"
        with pytest.raises(ConfigurationError, match="SYNCHUB_CONFIG names gone"):
            config.find(tmp_path, {"SYNCHUB_CONFIG": "gone.toml"})

    def test_tells_how_to_begin(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError) as caught:
            config.find(tmp_path, {})
        assert "`synchub init`" in caught.value.next_step


class TestStore:
    def url(self, hub: Any, store: str, environ: dict[str, str]) -> str:
        hub.write(hub=f'[hub]\nstore = "{store}"\n')
        secrets = Secrets("acme", hub.folder, environ=environ)
        return config.store_url(hub.load(environ), environ=environ, secrets=secrets)

    def test_starts_at_the_folder(self, hub: Any) -> None:
        assert self.url(hub, "sqlite:///hub.db", {}) == f"sqlite:///{hub.folder}/hub.db"
        assert self.url(hub, "sqlite:////var/hub.db", {}) == "sqlite:////var/hub.db"
        assert self.url(hub, "sqlite:///:memory:", {}) == "sqlite:///:memory:"

    def test_is_resolved(self, hub: Any) -> None:
        url = "postgresql://u:hunter22@h/d"
        assert self.url(hub, "env:DB", {"DB": url}) == url
        assert "hunter22" not in repr(hub.load({"DB": url}))

    def test_is_overridden_by_the_environment(self, hub: Any) -> None:
        environ = {"SYNCHUB_STORE": "sqlite:///other.db"}
        assert self.url(hub, "env:UNSET", environ) == f"sqlite:///{hub.folder}/other.db"
