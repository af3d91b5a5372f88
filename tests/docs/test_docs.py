"""The manual says what the program does: all of it is there, and every example is right."""

from __future__ import annotations

import html
import inspect
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from docs.pages import PAGES, ROOT, Fence, anchors, code, fences, links, name_of, prose, read, section, table

from synchub import model
from synchub.cli.app import synchub
from synchub.cli.table import COMMANDS
from synchub.errors import SynchubError
from synchub.plan import operations, withheld
from synchub.run.people.asking import CHOICES
from synchub.run.work import Seams
from synchub.spec.quality import TIERS
from synchub.testing.conformance.quality import Quality

EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=name_of)
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("hub", "connectors")
    for path in sorted((ROOT / folder).rglob("*.py"))
)


# Commands


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in () if path == ("x",) else group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(synchub))


def options(command: click.Command) -> list[str]:
    return [
        option
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden
        for option in (*param.opts, *param.secondary_opts)
    ]


@pytest.mark.parametrize("path", list(ALL), ids=" ".join)
def test_every_command_and_option_is_in_the_manual(path: tuple[str, ...]) -> None:
    told = section(read("docs/commands.md"), f"## {path[0]}")
    if len(path) > 1:
        assert f"`{path[0]} {path[1]}`" in told
    named = {word for span in code(told) for word in re.split(r"[ ,=]", span)}
    assert set(options(ALL[path])) <= named
    examples = [line for fence in told.split("```")[1::2] for line in fence.splitlines()]
    assert any(f"synchub {' '.join(path)}" in re.sub(r" (-\S+|/\S+)(?= )", "", line) for line in examples)


def test_every_global_option_is_in_the_manual() -> None:
    told = code(section(read("docs/commands.md"), "## Options before the command"))
    named = {word for span in told for word in span.split()}
    assert set(options(synchub)) <= named


def test_every_exit_code_is_in_the_manual() -> None:
    def below(kind: type[SynchubError]) -> Iterator[type[SynchubError]]:
        yield kind
        for each in kind.__subclasses__():
            yield from below(each)

    listed = {int(row["code"]) for row in table(read("docs/commands.md"), "code", "means")}
    assert {kind.exit_code for kind in below(SynchubError)} <= listed
    assert (
        set(
            map(
                int,
                re.findall(r"(?:Exit codes:|[;,]) (\d+) ", inspect.cleandoc(synchub.epilog or "").replace("\n", " ")),
            )
        )
        <= listed
    )


def test_what_is_not_there_yet_is_still_not_there() -> None:
    told = section(read("docs/commands.md"), "## Not there yet")
    for name in ("forget",):
        assert f"`{name}`" in told
        assert name not in COMMANDS


def test_every_reason_why_a_field_is_not_sent_is_in_the_manual() -> None:
    told = section(read("docs/how-a-sync-decides.md"), "## What is sent")
    said = [row["it says"] for row in table(told, "when", "what happens", "it says") if row["it says"]]
    source = inspect.getsource(operations) + inspect.getsource(withheld)
    reasons = set(re.findall(r'pl\.lit\("([a-z][^"_]*? [^"]*)"\)', source))
    constants = {
        value for name, value in vars(withheld).items() if name.isupper() and isinstance(value, str) and " " in value
    }
    assert len(reasons) > 3
    assert reasons | constants <= {*said, "the system can't be reached"}
    assert {*said} - {"the reason"} <= reasons | constants
    for reason in re.findall(r'\("([^"]+)"\)', told.replace("\n", " ")):
        assert reason in SOURCES


def test_every_question_is_in_the_manual() -> None:
    rows = table(section(read("docs/commands.md"), "## review"), "kind", "the question", "answers")
    told = {row["kind"].strip("`"): set(code(row["answers"])) for row in rows}
    fixed = {kind: {word for word, _ in choices if not word.isupper()} for kind, choices in CHOICES.items()}
    assert told == fixed


def said(page: Path) -> Iterator[str]:
    """Every call of synchub that a page shows, in blocks and in the text."""
    for fence in fences(page, "sh", "console", "text", "ini"):
        for line in fence.text.splitlines():
            for call in re.findall(r"(?:^|[\s/])synchub (?!\.)([^#|<>&]+)", line.split(" #")[0]):
                yield call.strip()
    for span in code(prose(page)):
        if span.startswith("synchub ") and span != "synchub x …":
            yield span.removeprefix("synchub ").partition("<")[0].partition(">")[0].strip()


def calls() -> Iterator[Any]:
    for page in PAGES:
        for call in said(page):
            yield pytest.param(call, id=f"{name_of(page)}: synchub {call}")


@pytest.mark.parametrize("call", list(calls()))
def test_every_call_that_is_shown_exists(call: str) -> None:
    words = shlex.split(call.replace("…", "").replace('"', "'") if call.count('"') % 2 else call.replace("…", ""))
    group: click.Command = synchub
    path: list[str] = []
    taking = 0
    for word in words:
        if taking:
            taking -= 1
        elif word == "--help":
            continue
        elif word.startswith("-") and len(word) > 1:
            found = next((param for param in (*group.params, *synchub.params) if word in param.opts), None)
            assert found is not None, f"{' '.join(path) or 'synchub'} has no option {word}"
            taking = 0 if getattr(found, "is_flag", False) or getattr(found, "count", False) else found.nargs
        elif isinstance(group, click.Group) and path != ["x"]:
            path.append(word)
            inner = group.get_command(click.Context(group), word)
            assert inner is not None, f"there is no command {' '.join(path)}"
            group = inner


# Settings


def test_settings_are_what_the_program_declares() -> None:
    wanted = _make("settings")
    assert read("docs/settings.md") == wanted, "run .venv/bin/python docs/make.py"


def test_the_page_about_quality_is_what_the_rules_say() -> None:
    assert read("docs/quality.md") == _make("quality"), "run .venv/bin/python docs/make.py"


def test_every_connector_claims_a_tier() -> None:
    from synchub_connectors import synchub_connectors

    rows = table(read("docs/quality.md"), "connector", "tier", "exempt from")
    named = {re.findall(r"\[(.+)\]", row["connector"])[0]: row["tier"] for row in rows}
    assert named.keys() == {info.name for info in synchub_connectors()}
    assert set(named.values()) <= set(TIERS)


def test_the_picture_is_what_the_demo_shows() -> None:
    assert words(read("docs/pictures/plan.svg")) == words(_make("picture")), "run .venv/bin/python docs/make.py"


def test_the_picture_asks_nothing_of_other_servers() -> None:
    assert set(re.findall(r"""https?://[^\s"'<)]+""", read("docs/pictures/plan.svg"))) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    }


def words(svg: str) -> list[str]:
    """What a picture says, without the times."""
    found = [html.unescape(text) for text in re.findall(r"<text class=[^>]*>(.*?)</text>", svg)]
    assert found
    return [re.sub(r"\d{4}-\d\d-\d\d.\d\d:\d\d.\w+", "TIME", text) for text in found]


def _make(what: str) -> str:
    """What docs/make.py writes, in a process of its own: it loads plugins."""
    done = subprocess.run(
        [sys.executable, "-c", f"import make, sys; sys.stdout.write(make.{what}())"],
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


# Examples


def toml() -> Iterator[Any]:
    for page in PAGES:
        for fence in fences(page, "toml"):
            yield pytest.param(fence, id=str(fence))


@pytest.mark.parametrize("fence", list(toml()))
def test_every_toml_example_is_right(fence: Fence, tmp_path: Path) -> None:
    from docs.linting import problems_of

    data = tomllib.loads(fence.text)
    assert data
    if "tier" in data:
        assert Quality.model_validate(data)
    elif "project" not in data:  # part of a pyproject.toml
        assert problems_of(fence.text, data, tmp_path) == []


@EVERY_PAGE
def test_every_block_says_what_it_is(page: Path) -> None:
    assert {fence.language for fence in fences(page)} <= {"toml", "sh", "python", "text", "ini", "console"}


@EVERY_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), link
        assert found.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(found), link


@EVERY_PAGE
def test_every_page_can_be_reached(page: Path) -> None:
    """From the first page, by links."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        seen.add(here)
        for link in links(here):
            if link.startswith("#"):
                continue
            found = (here.parent / link.partition("#")[0]).resolve()
            inside = sorted(found.glob("*.md")) if found.is_dir() else [found]
            waiting += [each for each in inside if each.suffix == ".md" and each.exists() and each not in seen]
    assert page in seen


def test_every_connector_has_a_page() -> None:
    from synchub_connectors import synchub_connectors

    assert {path.stem for path in (ROOT / "docs" / "connectors").glob("*.md")} == {
        info.name for info in synchub_connectors()
    }


# Messages


@pytest.mark.parametrize(
    "message",
    [
        span
        for row in table(read("docs/troubleshooting.md"), "it says", "why", "what to do")
        for span in code(row["it says"])
    ],
)
def test_every_message_is_one_that_the_program_says(message: str) -> None:
    parts = [part.strip() for part in re.split("…", message) if part.strip(" .:")]
    assert parts
    for part in parts:
        assert part in SOURCES


# Decisions and architecture


def test_every_library_is_explained() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    page = read("docs/decisions.md")
    for heading, listed in (
        ("## To run", project["dependencies"]),
        ("## To test", project["optional-dependencies"]["test"]),
    ):
        wanted = {re.split(r"[\[><=; ]", dependency)[0] for dependency in listed}
        rows = table(section(page, heading), "library", "for", "because")
        assert {name for row in rows for name in code(row["library"])} == wanted


def test_every_package_is_in_the_architecture() -> None:
    rows = table(read("ARCHITECTURE.md"), "package", "kind", "does")
    rooms = ROOT / "hub" / "synchub"
    packages = {path.name.removesuffix(".py") for path in rooms.iterdir() if not path.name.startswith("__")}
    packages |= {f"run/{path.parent.name}" for path in (rooms / "run").glob("*/__init__.py")}
    assert {row["package"].strip("`") for row in rows} == packages - {"py.typed"}


def test_the_layers_are_in_the_order_of_the_architecture() -> None:
    rows = [row["package"].strip("`") for row in table(read("ARCHITECTURE.md"), "package", "kind", "does")]
    layers = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    order = [name.strip().removeprefix("synchub.") for layer in layers for name in layer.split("|")]
    places = [
        next(place for place, layer in enumerate(layers) if f"synchub.{name}" in re.split(r"[ |]+", layer))
        for name in rows
        if name in order
    ]
    assert places == sorted(places)
    for contract in tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]:
        assert f"**{contract['name']}" in read("ARCHITECTURE.md")


def test_every_prefix_of_frames_is_in_the_architecture() -> None:
    rows = {
        name: code(row["prefix"])[0]
        for row in table(read("ARCHITECTURE.md"), "prefix", "constant", "holds")
        for name in code(row["constant"])
    }
    prefixes = {
        name: value
        for name, value in vars(model).items()
        if name.isupper() and isinstance(value, str) and value.endswith(".")
    }
    assert prefixes.items() <= rows.items()


def test_every_place_that_the_architecture_names_is_there() -> None:
    for span in code(read("ARCHITECTURE.md")):
        if re.fullmatch(r"[\w/.-]+/[\w.-]*|[\w/]+\.(py|sql|toml|md)", span):
            folders = (ROOT, ROOT / "hub" / "synchub", ROOT / "connectors", ROOT / "tests" / "unit")
            assert any((folder / span).exists() for folder in folders), span
    assert {f"Seams.{name}" for name in Seams.__dataclass_fields__} <= set(code(read("ARCHITECTURE.md")))


def test_every_table_that_the_architecture_names_is_in_the_store() -> None:
    schema = read("hub/synchub/record/migrations/0001_start.sql")
    for row in table(read("ARCHITECTURE.md"), "table", "a row is"):
        for name in code(row["table"]):
            assert f"CREATE TABLE {name} " in schema


# The repository as a hub


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The repository's own hub in a folder that nobody else can write, whatever way it was checked out."""
    import shutil

    for name in ("mappings", "plugins", "docs/examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "hub.toml", tmp_path)
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    return tmp_path


def test_the_repository_is_a_working_hub(here: Path) -> None:
    from acceptance.command import Hub, written

    hub = Hub(here)
    hub("check", "--offline")
    hub("test")
    hub("check")
    assert "transform: strip_legal_form" in hub("plugin", "list").stdout
    assert hub.json("plan", "--record", "ann.lee@example.com")["changes"] == 1
    assert hub.json("plan")["changes"] == 3
    assert written(hub.sync()) == 3
    assert "Ito & Co," in (here / "docs" / "examples" / "customers.csv").read_text()
    assert written(hub.sync()) == 0


def test_the_unit_of_the_manual_is_the_one_in_the_examples() -> None:
    (unit,) = [fence.text for fence in fences(ROOT / "docs" / "serve.md", "ini")]
    assert read("docs/examples/synchub.service") == unit
    assert set(re.findall(r"(?<=synchub/bin/)\w+", read("docs/examples/Dockerfile"))) == {"pip", "python", "synchub"}


def test_every_metric_is_in_the_manual() -> None:
    from synchub.serve.metrics import Metrics

    told = {name for row in table(read("docs/serve.md"), "metric", "labels", "is") for name in code(row["metric"])}
    families = re.findall(r"^# TYPE (\S+) (\S+)$", Metrics().text().decode(), re.MULTILINE)
    assert told == {name for name, _ in families}


# Promises


def test_every_test_that_a_promise_names_is_there():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    named = set(re.findall(r"`(test_\w+)`", read("docs/promises.md")))
    assert len(named) > 30
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []
