"""Plugins of installed distributions: each is loaded alone, and what is wrong with one is said."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint

import pytest

from synchub.plugins import Offer, load

GOOD = """
    from synchub.api import ConnectorInfo, Rule, Transform, hookimpl

    @hookimpl
    def synchub_connectors():
        return [ConnectorInfo("acme", "acme_crm:Acme", summary="Acme's CRM")]

    @hookimpl
    def synchub_transforms():
        return [Transform("shout", lambda text: text, "in capitals")]

    @hookimpl
    def synchub_rules():
        return (Rule("loudest", lambda: None),)

    @hookimpl
    def synchub_rates():
        return [("acme_bank", object)]
"""
EMPTY = "from synchub.api import hookimpl"


def problems(points: list[EntryPoint]) -> dict[str, tuple[str, ...]]:
    return {plugin.name: plugin.problems for plugin in load(None, entry_points=points).loaded}


def test_everything_that_a_plugin_offers_is_found_by_name(install):
    plugins = load(None, entry_points=install("acme_crm", GOOD, version="2.1"))

    assert plugins.connectors["acme"].info.target == "acme_crm:Acme"
    assert str(plugins.connectors["acme"].origin) == "acme-crm 2.1"
    assert plugins.transforms["shout"].summary == "in capitals"
    assert set(plugins.rules) == {"loudest"}
    assert plugins.rates["acme_bank"] is object
    (plugin,) = plugins.loaded
    assert plugin.problems == ()
    assert Offer("connector", "acme", "Acme's CRM") in plugin.offers


def test_the_built_in_connectors_come_the_same_way():
    plugins = load(None)

    assert {"sql", "spreadsheet", "email", "hubspot"} <= set(plugins.connectors)
    assert plugins.loaded[0].origin.distribution == "synchub"
    assert plugins.loaded[0].problems == ()


def test_one_that_cannot_be_imported_is_named_and_the_rest_goes_on(install):
    install("acme_broken", "import a_module_that_is_not_there", version="0.3")
    plugins = load(None, entry_points=install("acme_crm", GOOD))

    assert set(plugins.connectors) == {"acme"}
    (told,) = plugins.problems
    assert told.startswith("plugin acme_broken (acme-broken 0.3): it could not be imported: ModuleNotFoundError")
    assert "acme_broken.py:1" in told


def test_one_that_leaves_python_at_import_is_named(install):
    found = problems(install("acme_exit", "raise SystemExit(3)"))

    assert "SystemExit: 3" in found["acme_exit"][0]


def test_a_hook_that_raises_stops_no_other_hook_of_the_plugin(install):
    broken = GOOD.replace('return [("acme_bank", object)]', 'raise ValueError("no bank\\ntoday")')
    plugins = load(None, entry_points=install("acme_crm", broken))

    assert set(plugins.transforms) == {"shout"}
    assert not plugins.rates
    assert "its hook synchub_rates failed: ValueError: no bank today" in plugins.problems[0]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("yield 1", "its hook synchub_rules yields; it must return a list"),
        ("return 7", "returned a value of type int; it must return a list"),
        ("return None", "returned nothing; it must return a list"),
        ("return {}", "returned a value of type dict"),
        ("return ['newest']", "offers a value of type str where a Rule belongs"),
        ("return [Rule('Loudest!', len)]", "offers a rule named 'Loudest!'; names are lower case"),
        ("return [Rule('loudest', None)]", "offers a rule 'loudest' whose score is no function"),
    ],
)
def test_what_a_hook_returns_wrongly_is_said(install, body: str, told: str):
    code = f"from synchub.api import Rule, hookimpl\n@hookimpl\ndef synchub_rules():\n    {body}\n"

    assert told in problems(install("acme_rules", code))["acme_rules"][0]


@pytest.mark.parametrize(
    ("offer", "told"),
    [
        ("ConnectorInfo('x', 'no_class')", "target is not written package.module:Class: 'no_class'"),
        ("ConnectorInfo('x', 5)", "target is not written package.module:Class: 5"),
        ("ConnectorInfo('x', 'm:C', mappings=5)", "whose mappings are not the name of a package"),
        ("ConnectorInfo(None, 'm:C')", "a connector named None"),
        ("'x'", "a value of type str where a ConnectorInfo belongs"),
    ],
)
def test_a_connector_that_is_declared_wrongly_is_left_out(install, offer: str, told: str):
    code = f"from synchub.api import *\n@hookimpl\ndef synchub_connectors():\n    return [{offer}]\n"
    plugins = load(None, entry_points=install("acme_crm", code))

    assert not plugins.connectors
    assert told in plugins.problems[0]


def test_good_offers_beside_a_bad_one_are_kept(install):
    code = "from synchub.api import *\n@hookimpl\ndef synchub_rules():\n    return [Rule('a', len), 3]\n"
    plugins = load(None, entry_points=install("acme_rules", code))

    assert set(plugins.rules) == {"a"}
    assert len(plugins.problems) == 1


@pytest.mark.parametrize(
    ("marked", "name", "told"),
    [
        (
            True,
            "synchub_connector",
            "a hook synchub_connector that does not exist: did you mean synchub_connectors?",
        ),
        (True, "something_else", "a hook something_else that does not exist"),
        (
            False,
            "synchub_conectors",
            "its function synchub_conectors is no hook: did you mean synchub_connectors?",
        ),
        (False, "synchub_connectors", "is not marked with @hookimpl, so it is never called"),
        (False, "sychub_connectors", "is no hook: did you mean synchub_connectors?"),
    ],
)
def test_a_misspelt_hook_is_reported_marked_or_not(install, marked: bool, name: str, told: str):
    mark = "@hookimpl" if marked else ""
    found = problems(install("acme_slip", f"{EMPTY}\n{mark}\ndef {name}():\n    return []\n"))

    assert len(found["acme_slip"]) == 1
    assert told in found["acme_slip"][0]


def test_a_hook_under_another_name_is_no_slip(install):
    code = f"{EMPTY}\n@hookimpl(specname='synchub_rules')\ndef ours():\n    return []\n"

    assert problems(install("acme_named", code)) == {"acme_named": ()}


def test_a_function_that_was_only_imported_is_no_hook(install):
    install("acme_lib", "def synchub_helper():\n    return 1\n")
    found = problems(install("acme_user", f"{EMPTY}\nfrom acme_lib import synchub_helper\n"))

    assert found["acme_user"] == ()


def test_a_hook_with_arguments_that_it_does_not_get_is_reported(install):
    found = problems(install("acme_args", f"{EMPTY}\n@hookimpl\ndef synchub_rules(config):\n    return []\n"))

    assert "config" in found["acme_args"][0]


def test_a_wrapper_is_refused(install):
    code = f"{EMPTY}\n@hookimpl(wrapper=True)\ndef synchub_rules():\n    return (yield)\n"

    assert "wraps a hook" in problems(install("acme_wrap", code))["acme_wrap"][0]


def test_of_two_with_one_name_the_first_is_used_and_both_are_told(install):
    install("acme_crm", GOOD)
    plugins = load(None, entry_points=install("acme_twin", GOOD.replace("acme_crm:", "acme_twin:")))

    assert plugins.connectors["acme"].info.target == "acme_crm:Acme"
    told = "\n".join(plugins.problems)
    assert "plugin acme_crm (acme-crm 1.2): its connector acme is used, but acme-twin 1.2 has one too" in told
    assert "plugin acme_twin (acme-twin 1.2): its connector acme is left out: acme-crm 1.2 has one" in told
    assert not plugins.loaded[1].offers


def test_the_built_in_one_keeps_its_name_and_only_the_stranger_is_told(install):
    install("aaa", GOOD, dist="aaa")
    points = install("acme_builtin", GOOD.replace("acme_crm:", "acme_builtin:"), dist="synchub")
    plugins = load(None, entry_points=points)

    assert plugins.connectors["acme"].info.target == "acme_builtin:Acme"
    assert {plugin.name for plugin in plugins.loaded if plugin.problems} == {"aaa"}


def test_names_that_the_hub_itself_uses_are_left_out(install):
    plugins = load(None, entry_points=install("acme_crm", GOOD), taken={"transform": {"shout"}})

    assert "shout" not in plugins.transforms
    assert "loudest" in plugins.rules
    assert "its transform shout is left out: synchub has one of that name" in plugins.problems[0]


def test_one_for_a_later_interface_is_named(install):
    found = problems(install("acme_new", "raise RuntimeError", group="synchub.v2"))

    assert found == {"acme_new": ("it speaks version 2 of the interface, this synchub speaks 1",)}


def test_one_that_serves_this_interface_too_has_no_problem(install):
    install("acme_both", EMPTY, group="synchub.v2")

    points = install("acme_both", EMPTY)

    assert [plugin.problems for plugin in load(None, entry_points=points).loaded] == [()]


OFFERS = "from synchub.api import Rule, hookimpl\n@hookimpl\ndef synchub_rules():\n    return [Rule('{}', len)]\n"


def test_the_interface_before_this_one_is_served_too(install):
    install("acme_old", OFFERS.format("old"), group="synchub.v6")
    install("acme_new", OFFERS.format("new"), group="synchub.v7")
    points = install("acme_ancient", "raise RuntimeError", group="synchub.v5")
    plugins = load(None, entry_points=points, speaks=7)

    assert set(plugins.rules) == {"old", "new"}
    (told,) = plugins.problems
    assert told.endswith("it speaks version 5 of the interface, this synchub speaks 7 and 6")


def test_one_that_serves_both_is_loaded_for_the_newer_one(install):
    install("acme_both", OFFERS.format("once"), group="synchub.v6")
    plugins = load(None, entry_points=install("acme_both", OFFERS.format("once"), group="synchub.v7"), speaks=7)

    assert [(plugin.name, plugin.problems) for plugin in plugins.loaded] == [("acme_both", ())]
    assert set(plugins.rules) == {"once"}


def test_whatever_is_raised_at_import_stops_no_other(install):
    install("acme_cancelled", "import asyncio\nraise asyncio.CancelledError('no')")
    plugins = load(None, entry_points=install("acme_crm", GOOD))

    assert set(plugins.connectors) == {"acme"}
    assert "CancelledError: no" in plugins.problems[0]


def test_whoever_breaks_off_is_told_which_plugin_was_being_loaded(install):
    with pytest.raises(KeyboardInterrupt) as stopped:
        problems(install("acme_stuck", "raise KeyboardInterrupt", version="0.4"))

    assert stopped.value.__notes__ == ["The plugin acme_stuck (acme-stuck 0.4) was being loaded."]


def test_one_that_takes_long_is_named_meanwhile(install):
    install("acme_gate", "from threading import Event\ngate = Event()", group="acme.parts")
    points = install("acme_slow", f"{EMPTY}\nfrom acme_gate import gate\nassert gate.wait(30)", version="0.5")
    said = []

    class Opening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            import acme_gate  # type: ignore[import-not-found]

            said.append(record.getMessage())
            acme_gate.gate.set()

    log, opening = logging.getLogger("synchub.plugins"), Opening()
    log.addHandler(opening)
    try:
        assert load(None, entry_points=points, slow=0.05).problems == ()
    finally:
        log.removeHandler(opening)
    assert said == ["plugin acme_slow (acme-slow 0.5) is still being loaded; Ctrl-C stops synchub"]
