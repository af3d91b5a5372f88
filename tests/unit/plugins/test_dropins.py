"""Drop-ins: loaded from plugins/ under private names, and only if nobody else could have written them."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import sys
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest

from synchub.plugins import connector_class, load

CODE = """
    from synchub.api import Transform, hookimpl

    @hookimpl
    def synchub_transforms():
        return [Transform("shout", lambda text: text.str.to_uppercase())]
"""
CONNECTOR = """
    from collections.abc import Iterator
    from pydantic import BaseModel
    from synchub.api import Connector, ConnectorInfo, hookimpl

    class Nothing(BaseModel):
        pass

    class Tiny(Connector):
        Config = Nothing
        def __init__(self, config, host): ...
        def check(self): ...
        def streams(self): return []
        def read(self, stream, cursor, fields): yield from ()

    @hookimpl
    def synchub_connectors():
        return [ConnectorInfo("tiny", "tiny:Tiny", mappings="tiny")]
"""


def write(path: Path, code: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(exist_ok=True, mode=0o755)
    path.write_text(dedent(code))
    path.chmod(mode)
    return path


def loaded(hub: Path) -> dict[str, tuple[str, ...]]:
    return {plugin.name: plugin.problems for plugin in load(hub, entry_points=[]).loaded}


def test_a_file_is_loaded_under_a_private_name(hub: Path):
    write(hub / "plugins/shouting.py", CODE)
    plugins = load(hub, entry_points=[])

    assert set(plugins.transforms) == {"shout"}
    assert str(plugins.loaded[0].origin) == "plugins/shouting.py"
    assert "synchub_dropin_shouting" in sys.modules
    assert "shouting" not in sys.modules
    assert str(hub / "plugins") not in sys.path
    assert not (hub / "plugins/__pycache__").exists()


def test_bytecode_beside_a_file_is_not_run(hub: Path, tmp_path: Path):
    file = write(hub / "plugins/shouting.py", CODE)
    planted = write(tmp_path / "planted.py", "raise SystemExit")
    cached = importlib.util.cache_from_source(str(file))
    py_compile.compile(str(planted), cached, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)

    assert loaded(hub) == {"shouting": ()}


def test_a_package_may_import_its_own_modules(hub: Path):
    write(hub / "plugins/loud/voice.py", "def shout(text): return text.str.to_uppercase()")
    write(
        hub / "plugins/loud/__init__.py",
        CODE.replace("import Transform, hookimpl", "import Transform, hookimpl\n    from .voice import shout").replace(
            "lambda text: text.str.to_uppercase()", "shout"
        ),
    )
    plugins = load(hub, entry_points=[])

    assert plugins.problems == ()
    shouted = pl.select(plugins.transforms["shout"].expression(pl.lit("hey"))).item()
    assert shouted == "HEY"


def test_a_connector_may_stand_in_the_drop_in_itself(hub: Path):
    write(hub / "plugins/tiny.py", CONNECTOR)
    offered = load(hub, entry_points=[]).connectors["tiny"]

    assert connector_class(offered).__name__ == "Tiny"
    assert offered.info.mappings == "synchub_dropin_tiny"


def test_a_connector_may_stand_in_a_module_of_the_drop_in(hub: Path):
    write(hub / "plugins/tiny/reader.py", CONNECTOR)
    write(hub / "plugins/tiny/__init__.py", CONNECTOR.replace("tiny:Tiny", "tiny.reader:Tiny"))
    offered = load(hub, entry_points=[]).connectors["tiny"]

    assert connector_class(offered).__module__ == "synchub_dropin_tiny.reader"


def test_a_package_of_a_like_name_is_not_taken_for_the_drop_in(hub: Path):
    write(hub / "plugins/tiny.py", CONNECTOR.replace("tiny:Tiny", "tinyest.module:Tiny"))

    assert load(hub, entry_points=[]).connectors["tiny"].info.target == "tinyest.module:Tiny"


def test_one_that_fails_is_named_leaves_nothing_behind_and_the_rest_goes_on(hub: Path):
    write(hub / "plugins/bad.py", "1/0")
    write(hub / "plugins/worse.py", "def (")
    write(hub / "plugins/shouting.py", CODE)
    plugins = load(hub, entry_points=[])

    assert set(plugins.transforms) == {"shout"}
    assert [problem.split(":")[0] for problem in plugins.problems] == [
        "plugin bad (plugins/bad.py)",
        "plugin worse (plugins/worse.py)",
    ]
    assert "ZeroDivisionError" in plugins.problems[0]
    assert "SyntaxError" in plugins.problems[1]
    assert "synchub_dropin_bad" not in sys.modules


def test_hidden_names_and_other_files_are_left_alone(hub: Path):
    for name in ("_draft.py", ".hidden.py", "README.md", "data.txt"):
        write(hub / "plugins" / name, "1/0")
    (hub / "plugins/folder").mkdir()

    assert loaded(hub) == {}


def test_a_name_that_python_cannot_import_is_reported(hub: Path):
    write(hub / "plugins/my-plugin.py", CODE)

    assert "'my-plugin' is no Python name" in loaded(hub)["my-plugin"][0]


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_not_loaded(hub: Path, mode: int):
    file = write(hub / "plugins/shouting.py", CODE, mode)
    plugins = load(hub, entry_points=[])

    assert not plugins.transforms
    assert "synchub_dropin_shouting" not in sys.modules
    told = plugins.loaded[0].problems[0]
    assert told == f"plugins/shouting.py can be written by others, so it was not loaded: chmod go-w {file}"


@pytest.mark.parametrize("open_one", ["hub.toml", "plugins", "plugins/loud/voice.py", "plugins/loud"])
def test_whatever_decides_over_it_must_be_safe_too(hub: Path, open_one: str):
    write(hub / "plugins/loud/__init__.py", CODE)
    write(hub / "plugins/loud/voice.py", "")
    assert loaded(hub) == {"loud": ()}

    (hub / open_one).chmod(0o777)

    assert f"{open_one} can be written by others" in loaded(hub)["loud"][0]


def test_the_file_that_config_names_must_be_safe(hub: Path, tmp_path: Path):
    write(hub / "plugins/shouting.py", CODE)
    other = write(tmp_path / "other.toml", "", 0o666)

    assert "can be written by others" in load(hub, config=other, entry_points=[]).problems[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("given", ["hub.toml", "plugins", "plugins/shouting.py"])
def test_a_file_of_another_user_is_not_loaded(hub: Path, given: str):
    write(hub / "plugins/shouting.py", CODE)
    os.chown(hub / given, 12345, 12345)

    assert f"{given} belongs to another user (uid 12345)" in loaded(hub)["shouting"][0]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(hub: Path, tmp_path: Path):
    outside = write(tmp_path / "elsewhere.py", CODE)
    (hub / "plugins/shouting.py").symlink_to(outside)

    assert "plugins/shouting.py leads out of plugins/" in loaded(hub)["shouting"][0]


def test_a_link_within_the_folder_is_followed(hub: Path):
    write(hub / "plugins/_real.py", CODE)
    (hub / "plugins/shouting.py").symlink_to("_real.py")

    assert loaded(hub) == {"shouting": ()}


def test_a_hub_without_the_folder_has_no_drop_ins(tmp_path: Path):
    assert load(tmp_path, entry_points=[]).loaded == ()


def test_the_worked_example_of_this_repository_strips_legal_forms():
    plugins = load(Path(__file__).parents[3], entry_points=[])
    strip = plugins.transforms["strip_legal_form"].expression
    names = {
        "ACME GmbH": "ACME",
        "ACME, Inc.": "ACME",
        "Müller & Söhne GmbH & Co. KG": "Müller & Söhne",
        "Siemens AG ": "Siemens",
        "AG": "AG",
        "Lisa Sa": "Lisa Sa",
        "Grab": "Grab",
        "": "",
    }

    frame = pl.DataFrame({"name": list(names)}).select(strip(pl.col("name")))

    assert frame["name"].to_list() == list(names.values())
