"""`synchub check`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synchub.cli.output import json_option, show
from synchub.cli.plugin import load_plugins
from synchub.cli.session import Session
from synchub.errors import ConfigurationError, PluginError

if TYPE_CHECKING:
    from synchub.spec.answers import CheckReport

EPILOG = """\b
Examples:
  synchub check --offline          lint only, for a commit hook
  synchub check --schema hub > hub.schema.json
"""


@click.command("check", epilog=EPILOG)
@click.option("--offline", is_flag=True, help="Only lint; talk to no system.")
@click.option(
    "--schema",
    metavar="FILE",
    help="Print the JSON Schema of a file, for editors: hub, mapping, or a file that a connector's setting names, such as "
    "rest.description.",
)
@json_option
@click.pass_obj
def command(session: Session, offline: bool, schema: str | None) -> int:
    """Lint hub.toml and the mappings, then test every connection.

    All problems are listed at once, each as file:line:column with its fix.
    """
    if schema:
        import json

        with session.plugins_apart():
            declared = _schema(session, schema)
        click.echo(json.dumps(declared, indent=2))
        return 0
    from synchub.render import checks

    report = _report(session, offline)

    show(session, lambda: checks.check(report), check=report, exit_code=report.exit_code)
    return report.exit_code


def _report(session: Session, offline: bool) -> CheckReport:
    """What is wrong. A configuration that can't even be opened is no error here but the answer."""
    try:
        with session.open_hub() as hub:
            return hub.check(offline=offline)
    except ConfigurationError as error:
        if not error.problems:
            raise
        from synchub.run.told.checking import check_file

        with session.plugins_apart():
            return check_file(
                session.config,
                environ=session.environ,
                redactor=session.redactor,
                offline=offline,
                deprecations=session.deprecations,
            )


def _schema(session: Session, which: str) -> dict[str, Any]:
    """With the settings of every connector that can be imported, and the files that these name."""
    from synchub.config.schema import schema
    from synchub.plugins import connector_class

    models = {}
    for name, offered in load_plugins(session).connectors.items():
        try:
            models[name] = connector_class(offered).Config
        except PluginError as error:
            click.echo(error.happened, err=True)
    known = schema(models)
    if which not in known:
        raise click.BadParameter(
            f"{which!r} is no file of this kind. Known: {', '.join(known)}.", param_hint="--schema"
        )
    return known[which]
