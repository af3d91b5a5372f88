"""A drop-in plugin, whole: the transform `strip_legal_form`, so that "ACME GmbH" and "ACME" are one company.

A mapping uses it by its name:

    company = { native = "firma", transform = ["trim", "strip_legal_form"] }

Any file in this folder is a plugin. Its hooks are the functions marked with `hookimpl`; `synchub plugin list`
shows what it offers. Nothing heavy is imported here: the expression is built only when a mapping asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synchub.api import Transform, hookimpl

if TYPE_CHECKING:
    import polars as pl

SPELLED = (
    r"gmbh\s*&\s*co\.?\s*kg",
    r"ug\s*\(haftungsbeschränkt\)",
    r"g?gmbh",
    r"ohg",
    r"e\.\s?k\.",
    r"s\.?a\.?r\.?l\.?",
    r"s\.a\.s?\.?",
    r"s\.r\.l\.",
    r"s\.p\.a\.",
    r"b\.v\.",
    r"n\.v\.",
    r"incorporated",
    r"inc\.?",
    r"corporation",
    r"corp\.?",
    r"l\.?l\.?c\.?",
    r"l\.?l\.?p\.?",
    r"pty\.?\s+ltd\.?",
    r"limited",
    r"ltd\.?",
    r"plc",
    r"a/s",
)
CAPITALS = ("AG", "KG", "KGaA", "SE", "SA", "SAS", "SRL", "SpA", "BV", "NV", "AB", "OY", "Oy", "ApS")
"""So short that they are names too ("Sa"): taken only as they are officially written."""
ENDING = rf"(\S)[\s,]+(?:(?i:{'|'.join(SPELLED)})|{'|'.join(CAPITALS)})\s*$"
"""A legal form at the end, behind a space or comma. Something must stand before it: "AG" alone is a name."""


@hookimpl
def synchub_transforms() -> list[Transform]:
    return [Transform("strip_legal_form", strip_legal_form, summary='"ACME GmbH" becomes "ACME"')]


def strip_legal_form(text: pl.Expr) -> pl.Expr:
    """The company's name without its legal form."""
    return text.str.replace(ENDING, "$1")
