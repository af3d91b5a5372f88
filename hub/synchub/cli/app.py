"""`synchub` itself: its global options, and the one place where errors become text and exit codes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synchub.cli import failure
from synchub.cli.engine import Engine, open_engine
from synchub.cli.session import Session
from synchub.cli.table import Table
from synchub.errors import SynchubError

if TYPE_CHECKING:
    from synchub.plugins.deprecations import Deprecation

_MEMORY = ("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:2000,muzzy_decay_ms:0")
"""How Polars asks for memory, read by it once when it is loaded: from one place, and what it gave back is kept for two seconds,
not asked for anew. A first sync takes five to ten percent less processor time by that, and less memory."""
_SELDOM = 50_000
"""How many more objects than before there are when Python looks for what is garbage, until the hub is open: by default it looks
every 700, and finds nothing, as what is being loaded is there to stay. A quarter of what `synchub status` takes."""
EPILOG = """--debug, --yes and --no-color may also stand behind the command.

\b
Exit codes: 0 done; 1 failed or incomplete, safe to run again; 2 usage or
configuration; 3 the guard stopped it, nothing was written; 4 only with
--exit-code: there are changes, or something waits; 75 another run holds
the lock; 130 interrupted.

\b
Example:
  synchub init crm && cd crm && synchub check && synchub plan
"""


@click.group("synchub", cls=Table, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-C", "start", metavar="DIR", type=click.Path(path_type=Path), help="Run as if started in DIR.")
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The hub's file, if not hub.toml.")
@click.option("-v", "--verbose", count=True, help="Log more; twice: everything.")
@click.option("-q", "--quiet", is_flag=True, help="Log errors only, and show no progress.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How logs are written.")
@click.option("--debug", is_flag=True, help="Show where an error comes from.")
@click.option("--no-color", is_flag=True, help="No colours; the variable NO_COLOR does the same.")
@click.option("--yes", is_flag=True, help="Answer every question with yes.")
@click.version_option(package_name="synchub", message="synchub %(version)s")
@click.pass_obj
def synchub(
    session: Session,
    /,
    start: Path | None,
    config: Path | None,
    verbose: int,
    quiet: bool,
    **flags: bool | str,
) -> None:
    """Keeps marketing and sales records unified: reads every system, decides who is who and which value is
    right, and writes every system back into agreement."""
    from synchub.cli.logs import log_to_stderr  # here, because --help logs nothing

    session.start = start or Path()
    session.named = session.start / config if config else None
    session.verbosity = -1 if quiet else verbose
    session.log_format = str(flags["log_format"])
    session.debug = bool(flags["debug"])
    session.color = False if flags["no_color"] or session.environ.get("NO_COLOR") else None
    session.yes = bool(flags["yes"])
    click.get_current_context().call_on_close(log_to_stderr(session))


def run(
    args: Sequence[str],
    *,
    engine: Callable[[Session], Engine] = open_engine,
    environ: Mapping[str, str] | None = None,
    deprecations: Sequence[Deprecation] | None = None,
) -> int:
    """One call of the command line; returns the exit code. `deprecations`: other ones than this version's own.

    Raises nothing, whatever goes wrong, but SystemExit: for shell completion, and when nobody reads on.
    """
    session = Session(engine, environ=os.environ if environ is None else environ, deprecations=deprecations)
    try:
        code = synchub.main(list(args), prog_name="synchub", obj=session, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        return failure.interrupted(stop, session)
    except SynchubError as error:
        return failure.expected(error, session)
    except Exception as error:
        return failure.bug(error, session)
    return code if isinstance(code, int) else 0


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no ⚠ gets a question mark, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    os.environ.setdefault(*_MEMORY)
    gc.set_threshold(_SELDOM)
    sys.exit(run(sys.argv[1:]))
