"""hub.toml with the files it includes, as one: the merged data, and where each part of it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from synchub.config.declared import Finding
from synchub.config.problems import KeyPath, Problem
from synchub.config.source import Source, read_source

NAMED = ("systems", "entities", "syncs")
"""The sections that several files may fill, each name in one of them."""


@dataclass(frozen=True)
class Document:
    """The merged data. `parts` tells the file of a section, or of one name in it, where it isn't hub.toml."""

    main: Source
    data: dict[str, Any] = field(repr=False)
    parts: dict[KeyPath, Source] = field(default_factory=dict, repr=False)

    def problem(self, path: KeyPath, message: str, fix: str = "", *, part: Literal["key", "value"] = "key") -> Problem:
        """A problem at a place of the merged data, told with its file, line and column."""
        source = self.parts.get(path[:2]) or self.parts.get(path[:1]) or self.main
        return source.problem(path, message, fix, part=part)

    def names(self, section: str) -> list[str]:
        """The names in a section, also those whose content is wrong."""
        named = self.data.get(section)
        return list(named) if isinstance(named, dict) else []


def tell(at: Source | Document, findings: list[Finding], above: KeyPath = ()) -> list[Problem]:
    """What was found in data as problems in its file: wrong values at the value, the rest at the key."""
    return [
        at.problem(
            (*above, *finding.path),
            finding.message,
            finding.fix,
            part="value" if finding.kind == "value" else "key",
        )
        for finding in findings
    ]


def read_document(file: Path) -> tuple[Document | None, list[Problem]]:
    """hub.toml and its includes. None if hub.toml itself can't be parsed."""
    main = read_source(file, file.name)
    if isinstance(main, Problem):
        return None, [main]
    document = Document(main, dict(main.data))
    problems: list[Problem] = []
    for found in _included(file, main):
        source = found if isinstance(found, Problem) else read_source(found, _shown(found, file.parent))
        problems += [source] if isinstance(source, Problem) else _merge(document, source)
    return document, problems


def _included(file: Path, main: Source) -> Iterator[Path | Problem]:
    """The files that the patterns of `include` name, in the order of patterns and names; each once."""
    patterns = main.data.get("include", [])
    seen = {file.resolve()}
    for number, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(pattern, str):
            continue
        refused = refused_path(pattern)
        found = [] if refused else sorted(file.parent.glob(pattern))
        if not refused and not found and not any(sign in pattern for sign in "*?["):
            refused = "there is no such file"
        if refused:
            yield main.problem(("include", number), f"include '{pattern}': {refused}", part="value")
        for path in found:
            if not below(path, file.parent):
                message = f"include '{pattern}': {path.name} lies outside the folder of {file.name}"
                yield main.problem(("include", number), message, "copy it here", part="value")
            elif path.is_file() and path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def files_of(file: Path) -> list[Path]:
    """Every file that decides what a hub.toml means: itself, its includes, the mappings beside it, and what systems
    name."""
    document, _ = read_document(file)
    mappings = sorted((file.parent / "mappings").glob("*.toml"))
    if document is None:
        return [file, *mappings]
    included = [one for one in _included(file, document.main) if isinstance(one, Path)]
    return [file, *included, *mappings, *_named_by_systems(document, file.parent)]


def _named_by_systems(document: Document, folder: Path) -> list[Path]:
    """The TOML files that systems are described in."""
    systems = document.data.get("systems")
    tables = [table for table in systems.values() if isinstance(table, dict)] if isinstance(systems, dict) else []
    named = {text for table in tables for text in table.values() if isinstance(text, str) and not refused_path(text)}
    return [folder / text for text in sorted(named)]


def refused_path(pattern: str) -> str:
    """Why a path or pattern may not be used; empty if it may."""
    if not pattern.endswith(".toml"):
        return "only *.toml files can be included"
    parts = pattern.replace("\\", "/").split("/")
    if ".." in parts or "\\" in pattern or pattern.startswith(("/", "~")) or ":" in parts[0]:
        return "only files below the folder of hub.toml can be included"
    return ""


def below(path: Path, folder: Path) -> bool:
    """Whether a path, all links followed, lies in a folder."""
    return path.resolve().is_relative_to(folder.resolve())


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _merge(document: Document, source: Source) -> list[Problem]:
    """Add an included file to the document. What it may not say, or another file says too, are problems."""
    problems = []
    for section, content in source.data.items():
        if section == "include":
            fix = f"move it to {document.main.shown}"
            problems.append(source.problem((section,), "an included file can't include others", fix))
        elif section in NAMED and isinstance(content, dict):
            problems += _merge_section(document, source, section, content)
        elif section in document.data:
            first = document.problem((section,), "")
            message = f"[{section}] stands already in {first.file}:{first.line}"
            problems.append(source.problem((section,), message, "keep one of the two"))
        else:
            document.data[section] = content
            document.parts[(section,)] = source
    return problems


def _merge_section(document: Document, source: Source, section: str, content: dict[str, Any]) -> list[Problem]:
    problems = []
    merged = document.data.get(section, {})
    if not isinstance(merged, dict):
        return []
    merged = dict(merged)
    for name, inner in content.items():
        if name in merged:
            first = document.problem((section, name), "")
            message = f"{section}.{name} is declared already in {first.file}:{first.line}"
            problems.append(source.problem((section, name), message, "give one of them another name"))
        else:
            merged[name] = inner
            document.parts[(section, name)] = source
    document.data[section] = merged
    return problems
