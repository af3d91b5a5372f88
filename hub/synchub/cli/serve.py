"""`synchub serve`"""

from __future__ import annotations

import click

from synchub.cli.session import USUAL, Session

EPILOG = """\b
Examples:
  synchub serve
  synchub --log-format json serve --listen 0.0.0.0:9464
"""


@click.command("serve", epilog=EPILOG)
@click.option("--listen", metavar="HOST:PORT", help="Where to answer /healthz and /metrics, or off.")
@click.pass_obj
def command(session: Session, listen: str | None) -> None:
    """Run every sync on its schedule until stopped.

    Stops within ten seconds on SIGTERM or Ctrl-C; what was under way is gone on with by the next run.
    """
    import gc
    import logging

    from synchub.serve.serving import serve

    gc.set_threshold(*USUAL)  # it runs for weeks
    if session.verbosity == 0:  # nobody watches: the log is all there is to see of a run
        logging.getLogger("synchub.serve").setLevel(logging.INFO)
    serve(session, listen=listen)
