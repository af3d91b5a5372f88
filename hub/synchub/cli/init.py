"""`synchub init`"""

from __future__ import annotations

import re
from pathlib import Path

import click

from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub init crm && cd crm && synchub plan
"""


@click.command("init", epilog=EPILOG)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--name", help="The hub's name; default: the folder's. It also names the hub's secrets.")
@click.pass_obj
def command(session: Session, folder: Path | None, name: str | None) -> None:
    """Begin a hub: write a commented hub.toml, mappings/, plugins/ and .gitignore.

    The hub works as it is, with one small spreadsheet. Files that exist are left as they are.
    """
    from synchub.config.template import write_project

    target = (session.start / folder if folder else session.start).resolve()
    for file in write_project(target, name or _name_of(target)):
        click.echo(f"wrote {file.relative_to(target)}")
    go = "" if target == Path.cwd() else f"cd {folder or session.start} && "
    click.echo(f"\nNext: {go}synchub check && synchub plan")


def _name_of(folder: Path) -> str:
    """A folder's name as a hub may be called: "My CRM" becomes "my-crm"."""
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.name.lower()).strip("-_")
    return name if re.match("[a-z]", name) else f"hub-{name}".rstrip("-")
