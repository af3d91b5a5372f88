"""What goes away of the interface: whoever still uses it is named, in whatever way it is written."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest
from packaging.version import Version
from unit.plugins.conftest import Install

from synchub import __version__, api
from synchub.api import Stream
from synchub.plugins import load
from synchub.plugins.deprecations import DEPRECATIONS, Deprecation
from synchub.plugins.hooks import HOOKS
from synchub.plugins.loader import GROUP
from synchub.plugins.uses import used_in
from synchub.redact import Redactor
from synchub.run.opening import open_at

WHAT = ("synchub.v1", "synchub_frames", "Frame", "Stream.lag", "Host.renewing", "Operation.before", "Connector.close")
TABLE = tuple(Deprecation(what, "3.1", "3.4", "read the page") for what in WHAT)

PLUGIN = """
    from synchub.api import ConnectorInfo, hookimpl

    @hookimpl
    def synchub_connectors():
        return [ConnectorInfo("acme", "acme_far:Acme")]
"""
FAR = """
    from synchub.api import Connector, Stream

    class Acme(Connector):
        def close(self):
            with self.host.renewing("token"):
                return Stream("people", (), ("id",), lag=3)
"""


def unknown(table: tuple[Deprecation, ...], now: str) -> list[str]:
    """What of a table can't be so: nothing of that name, or a version that is here already."""
    return [
        one.what
        for one in table
        if not _is_of_the_interface(one.what) or not Version(one.gone) > max(map(Version, (now, one.since)))
    ]


def _is_of_the_interface(what: str) -> bool:
    name, _, part = what.partition(".")
    known = {*dir(getattr(api, name, None)), *getattr(getattr(api, name, None), "__annotations__", {})}
    return (
        what in HOOKS or what in api.__all__ or bool(GROUP.fullmatch(what)) or (name in api.__all__ and part in known)
    )


def test_the_table_is_of_the_interface_and_nothing_in_it_is_overdue() -> None:
    assert unknown(DEPRECATIONS, __version__) == []
    assert unknown(TABLE, "3.3") == []
    assert unknown(TABLE, "3.4") == list(WHAT)
    wrong = tuple(Deprecation(what, "3.1", "3.4", "") for what in ("Steam", "Stream.leg", "synchub_frame", "synchub.x"))
    assert unknown(wrong, "3.3") == ["Steam", "Stream.leg", "synchub_frame", "synchub.x"]


def test_one_that_uses_what_goes_away_works_and_is_named_once(install: Install) -> None:
    install("acme_far", FAR, group="acme.parts")
    plugins = load(None, entry_points=install("acme_crm", PLUGIN, version="2.1"), deprecations=TABLE)

    assert set(plugins.connectors) == {"acme"}
    assert plugins.problems == ()
    (told,) = plugins.outdated
    assert told.startswith(
        "plugin acme_crm (acme-crm 2.1): it uses synchub.v1, deprecated since synchub 3.1 and removed in 3.4: read the page; "
    )
    assert [one.what for one in plugins.loaded[0].deprecated] == [
        "synchub.v1",
        "Stream.lag",
        "Host.renewing",
        "Connector.close",
    ]


def test_while_nothing_is_deprecated_nothing_is_told(install: Install) -> None:
    points = install("acme_crm", PLUGIN)
    assert load(None, entry_points=points, deprecations=()).outdated == ()
    assert load(None, entry_points=points, deprecations=TABLE[1:]).outdated == ()


def test_one_whose_source_can_not_be_found_stops_no_other(install: Install) -> None:
    install("acme_far", FAR, group="acme.parts")
    install("acme_odd", "__spec__ = None\nfrom synchub.api import Frame")
    plugins = load(None, entry_points=install("acme_crm", PLUGIN), deprecations=TABLE)
    assert [each.name for each in plugins.loaded if each.deprecated] == ["acme_crm", "acme_odd"]
    assert [one.what for one in plugins.loaded[1].deprecated] == ["synchub.v1"]  # the group is known


def test_drop_ins_are_read_too(hub: Path) -> None:
    (hub / "plugins" / "acme_guests.py").write_text("from synchub.api import Frame, hookimpl\n")
    (hub / "plugins" / "acme_guests.py").chmod(0o644)
    (told,) = load(hub, entry_points=(), deprecations=TABLE).outdated
    assert told.startswith("plugin acme_guests (plugins/acme_guests.py): it uses Frame, ")


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("from synchub.api import Frame", "Frame"),
        ("from synchub.api import Frame as F\nF('x', len, 'id', summary='')", "Frame.summary"),
        ("import synchub.api\nsynchub.api.Stream('x', (), (), lag=1)", "Stream.lag"),
        ("import synchub.api as s\ns.Frame", "Frame"),
        ("from synchub import api\napi.Stream('x', (), ('id',))", "Stream.key"),
        ("from synchub.api import *\nStream('x', (), (), weak=True)", "Stream.weak"),
        (f"from synchub.api import Stream\nStream({', '.join('1' * len(fields(Stream)))})", "Stream.write_only"),
        ("import synchub.api as s\nclass A(s.Connector):\n    def close(self): pass", "Connector.close"),
        ("def read(host):\n    host.renewing('x')", "Host.renewing"),
        ("for operation in operations:\n    self._host.sleep(operation.before)", "Operation.before"),
        ("self._host.sleep(1)", "Host.sleep"),
        ("@hookimpl\ndef synchub_frames(): return []", "synchub_frames"),
        ("@hookimpl(specname='synchub_frames')\ndef mine(): return []", "synchub_frames"),
    ],
)
def test_whatever_way_it_is_written(code: str, used: str) -> None:
    assert used in used_in(ast.parse(dedent(code)))


@pytest.mark.parametrize(
    "code",
    [
        "from synchub.api import *",
        "from acme.api import Frame\nFrame('x')",
        "from synchub.api import Stream\nStream('x', (), ('id',))\n",
        "class Stream:\n    lag = 1\n\nStream(lag=1)",
        "'synchub_frames'",
    ],
)
def test_what_only_looks_like_it_is_not_told(code: str) -> None:
    used = used_in(ast.parse(code))
    assert not used & {"Frame", "Stream.lag", "synchub_frames", "Frame.name"}


def test_synchubs_own_connectors_use_nothing_that_goes_away() -> None:
    import synchub_connectors

    (folder,) = map(Path, synchub_connectors.__path__)
    for file in folder.rglob("*.py"):
        assert not used_in(ast.parse(file.read_text("utf-8"))) & {one.what for one in DEPRECATIONS}


def test_runs_tell_it_once(hub: Path) -> None:
    """However many there are: `serve` opens a hub once."""
    (hub / "plugins" / "acme_guests.py").write_text("from synchub.api import Frame, hookimpl\n")
    (hub / "plugins" / "acme_guests.py").chmod(0o644)
    (hub / "hub.toml").write_text('[hub]\nname = "acme"\n')
    opened = open_at(hub / "hub.toml", environ={}, redactor=Redactor(), deprecations=TABLE)
    try:
        assert [told.partition(",")[0] for told in opened.news()] == [
            "plugin acme_guests (plugins/acme_guests.py): it uses Frame"
        ]
        assert opened.news() == ()
    finally:
        opened.close()
