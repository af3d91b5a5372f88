"""The first files of a new connector plugin: a working connector, a stand-in for its system, and the test that tries it.

`files` says what they hold; `write` writes them. What an author changes is the connector; the rest goes along.
"""

from __future__ import annotations

import keyword
import os
import re
import sys
from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path
from string import Template

from synchub.errors import ConfigurationError

NAME = re.compile(r"[a-z][a-z0-9_]*")
WRITABLE = 'WRITABLE = ("email", "name", "phone")'
IMPORTS: Mapping[str, str] = {
    "rest": "from urllib.parse import quote\n\nfrom pydantic import BaseModel, ConfigDict, Field, SecretStr",
    "sql": "import sqlite3\nfrom contextlib import closing\nfrom pathlib import Path\n\n"
    "from pydantic import BaseModel, ConfigDict, Field",
    "file": "import json\nfrom pathlib import Path\n\nfrom pydantic import BaseModel, ConfigDict, Field",
}
OFFERED: Mapping[str, tuple[str, ...]] = {
    "rest": ("Budget", "Connector", "Page", "Result", "RetryLater", "Stream"),
    "sql": ("ConfigurationError", "Connector", "Page", "Result", "Stream"),
    "file": ("ConfigurationError", "Connector", "Page", "Result", "Stream"),
}
SCENE_IMPORTS: Mapping[str, str] = {
    "rest": "import json\nfrom http.server import BaseHTTPRequestHandler, ThreadingHTTPServer\nfrom pathlib import Path\n"
    "from threading import Thread\nfrom urllib.parse import parse_qsl, unquote, urlsplit",
    "sql": "import sqlite3\nfrom contextlib import closing\nfrom pathlib import Path",
    "file": "import json\nfrom pathlib import Path",
}
SYSTEM = '[systems.$name]\nconnector = "$name"\n'
MEMBER = """\
[syncs.contacts.members.$name]   # contacts: the name of your sync
stream  = "people"
mapping = "$name-people"
"""
SETTINGS: Mapping[str, str] = {
    "rest": 'token     = "keyring:$name"\nurl       = "https://api.example.com"',
    "sql": 'path      = "people.db"',
    "file": 'path      = "people.jsonl"',
}


def refuse_name(name: str, taken: Collection[str]) -> None:
    """Raise ConfigurationError for a name that a plugin can't have. `taken`: connectors that there are."""
    why = ""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        why = "a plugin's name is small letters, digits and _, a letter first"
    elif name in taken:
        why = "there is a connector of that name"
    elif name in sys.stdlib_module_names or name == "synchub":
        why = "Python has a module of that name"
    if why:
        raise ConfigurationError(
            f"{name!r} can't be the name of a plugin: {why}.",
            not_done="Nothing was written.",
            next_step="Choose another one, such as mycrm.",
        )


def files(name: str, like: str, *, package: bool) -> dict[str, str]:
    """What to write, by path: for a package from the folder around it, for a drop-in from the hub's folder."""
    words = {"name": name, "Class": "".join(part.capitalize() for part in name.split("_"))}
    hook = _filled(
        '@hookimpl\ndef synchub_connectors():\n    return [ConnectorInfo($info, summary="People in $Class")]', words
    )
    body = "\n\n".join([WRITABLE, "", _filled(_text(f"{like}.connector.txt"), words).strip()]) + "\n"
    mapping = _filled(_text("mapping.toml.txt"), words)
    if package:
        info = f'"{name}", "{name}.connector:{words["Class"]}", mappings="{name}.mappings"'
        hooked = "from synchub.api import ConnectorInfo, hookimpl\n\n\n" + hook.replace("$info", info)
        return {
            f"{name}/pyproject.toml": _filled(_text("pyproject.toml.txt"), words),
            f"{name}/README.md": _filled(_text("README.md.txt"), words),
            f"{name}/{name}/__init__.py": f'"""{words["Class"]}, for synchub."""\n\n{hooked}\n',
            f"{name}/{name}/connector.py": f"{_imports(like)}\n\n{body}",
            f"{name}/{name}/quality.toml": _filled(
                'tier  = "silver"\nscene = "../tests/test_$name.py:People"\n', words
            ),
            f"{name}/{name}/mappings/{name}-people.toml": mapping,
            f"{name}/tests/test_{name}.py": _test(like, words, package=True),
        }
    hooked = hook.replace("$info", f'"{name}", "{name}:{words["Class"]}"')
    return {
        f"plugins/{name}.py": f"{_imports(like, 'ConnectorInfo', 'hookimpl')}\n\n\n{hooked}\n\n\n{body}",
        f"plugins/{name}.quality.toml": _filled('tier  = "silver"\nscene = "../tests/test_$name.py:People"\n', words),
        f"mappings/{name}-people.toml": mapping,
        f"tests/test_{name}.py": _test(like, words, package=False),
    }


def system(name: str, like: str) -> str:
    """The plugin's part of hub.toml."""
    return _filled(f"{SYSTEM}{SETTINGS[like]}\n\n{MEMBER}", {"name": name})


def next_steps(name: str, *, package: bool) -> str:
    """What an author does first, as commands."""
    if package:
        return f"cd {name} && pip install -e '.[test]' && pytest && synchub plugin check {name}"
    return f"PYTHONPATH=plugins pytest tests/test_{name}.py && synchub plugin check plugins/{name}.py"


def write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write the files, which nobody else can change. ConfigurationError, and nothing written, if one of them is there."""
    there = [path for path in texts if (folder / path).exists()]
    if there:
        raise ConfigurationError(
            f"There is {there[0]} already.", not_done="Nothing was written.", next_step="Choose another name."
        )
    for path, text in texts.items():
        file = folder / path
        try:
            file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise ConfigurationError(
                f"{file} can't be written: {error.strerror}.", next_step="Choose a folder that you may write to."
            ) from None
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    return [folder / path for path in texts]


def _imports(like: str, *more: str) -> str:
    names = ", ".join(sorted({*OFFERED[like], *more}, key=lambda name: (name.islower(), name)))
    return f"{IMPORTS[like]}\n\nfrom synchub.api import {names}\nfrom synchub.api import Field as Native"


def _test(like: str, words: Mapping[str, str], *, package: bool) -> str:
    place = f'Path(__file__).parent.parent / "{words["name"]}" / "quality.toml"'
    own, plugin = f"from {words['name']}.connector import {words['Class']}\n\n", f'\n    plugin = "{words["name"]}"'
    if not package:
        place = f'Path(__file__).parent.parent / "plugins" / "{words["name"]}.quality.toml"'
        own, plugin = f"from {words['name']} import {words['Class']}\n\n", ""
    scene = _filled(_text(f"{like}.scene.txt"), {**words, "plugin": plugin}).strip()
    head = f"{SCENE_IMPORTS[like]}\n\n{own}from synchub.testing.conformance import Conformance, Scene"
    suite = f"class Test{words['Class']}(Conformance):\n    quality = {place}\n\n    def scene(self, folder):\n        return People(folder)"
    return f"{head}\n\n\n{scene}\n\n\n{suite}\n"


def _text(name: str) -> str:
    return resources.files(__package__).joinpath("skeletons", name).read_text(encoding="utf-8")


def _filled(text: str, words: Mapping[str, str]) -> str:
    return Template(text).safe_substitute(words)
