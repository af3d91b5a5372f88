"""The inside of a workbook's archive: what the libraries that read and write it don't tell, or would lose."""

from __future__ import annotations

import posixpath
import re
import zipfile
from pathlib import Path

from defusedxml import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

_LOST = re.compile(
    r"xl/(drawings/drawing|charts|media|embeddings|activeX|ctrlProps|slicers|slicerCaches|timelines"
    r"|threadedComments|queryTables|connections|model|richData)"
)
_ERROR = re.compile(rb'<c r="[A-Z]+(\d+)"[^>]* t="e"[^>]*>.*?<v>([^<]*)</v>', re.DOTALL)
_COMPUTED = re.compile(rb'<c r="([A-Z]+\d+)"([^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)<v(?: [^>]*)?>([^<]*)</v></c>')
_UNCOMPUTED = re.compile(rb'(<c r="([A-Z]+\d+)"[^>]*?)( t="\w+")?(>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>))(?:<v ?/>|<v></v>)')
_TYPE = re.compile(rb' t="\w+"')

Computed = dict[str, dict[bytes, tuple[bytes, bytes]]]
"""Sheet to cell to the type and the text of what its formula last came to."""


def would_be_lost(file: Path) -> tuple[str, ...]:
    """The kinds of things in a workbook that would be gone if it were written: charts, media, …"""
    with zipfile.ZipFile(file) as archive:
        found = {match[1].split("/")[0] for name in archive.namelist() if (match := _LOST.match(name))}
    return tuple(sorted(found))


def error_rows(file: Path, sheet: str) -> dict[int, str]:
    """Row number (from 1) to error (#REF!, #N/A, …), for rows in which a cell holds one."""
    with zipfile.ZipFile(file) as archive:
        part = _sheet_parts(archive).get(sheet)
        data = archive.read(part) if part else b""
    if b't="e"' not in data:
        return {}
    return {int(row): text.decode() for row, text in _ERROR.findall(data)}


def computed(file: Path) -> Computed:
    """What the formulas of a workbook came to when a spreadsheet program last computed them."""
    found: Computed = {}
    with zipfile.ZipFile(file) as archive:
        for sheet, part in _sheet_parts(archive).items():
            data = archive.read(part)
            if b"<f" in data:
                found[sheet] = {
                    cell: ((_TYPE.search(rest) or [b""])[0], text) for cell, rest, text in _COMPUTED.findall(data)
                }
    return found


def put_back(file: Path, results: Computed) -> None:
    """Give formulas their last results again. Without them every other reader would see blank cells
    until somebody opens the workbook and saves it."""
    if not any(results.values()):
        return
    whole = file.with_name(file.name + ".whole")
    try:
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
            sheets = {part: sheet for sheet, part in _sheet_parts(old).items()}
            for entry in old.infolist():
                data = old.read(entry)
                known = results.get(sheets.get(entry.filename, ""), {})
                new.writestr(entry, _with_results(data, known) if known else data)
        whole.replace(file)
    finally:
        whole.unlink(missing_ok=True)


def _with_results(data: bytes, known: dict[bytes, tuple[bytes, bytes]]) -> bytes:
    def fill(match: re.Match[bytes]) -> bytes:
        start, cell, _, formula = match.groups()
        if cell not in known:
            return match[0]
        kind, text = known[cell]
        return start + kind + formula + b"<v>" + text + b"</v>"

    return _UNCOMPUTED.sub(fill, data)


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name to the name of its part in the archive."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    names = set(archive.namelist())
    parts = {}
    for sheet in book.iter(f"{_MAIN}sheet"):
        part = posixpath.normpath(posixpath.join("/xl", targets.get(sheet.get(_ID), ""))).lstrip("/")
        if part in names:
            parts[sheet.get("name", "")] = part
    return parts
