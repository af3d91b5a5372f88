"""`serve`, put together: signals, the hub, the port, the loop."""

from __future__ import annotations

import logging
import os
import shutil

from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics

from synchub.config.settings import place_of
from synchub.errors import ConfigurationError
from synchub.run import Session, open_hub
from synchub.run.scratch import scratch
from synchub.run.work import Seams
from synchub.serve.board import Board, health
from synchub.serve.kept import Kept
from synchub.serve.loop import Loop
from synchub.serve.metrics import Metrics
from synchub.serve.stopping import SECONDS, Stop, on_signals
from synchub.serve.web import answering, as_json


def serve(session: Session, *, listen: str | None) -> None:
    """Run every sync on its schedule until SIGTERM or SIGINT. `listen` takes the place of that setting of hub.toml.

    Raises ConfigurationError if the hub can't be opened, has nothing to run, or nobody can listen there.
    """
    log, clock = logging.getLogger("synchub.serve"), Seams().clock
    stop = Stop(lambda: log.info("Asked to stop."))
    disable_created_metrics()  # type: ignore[no-untyped-call]  # when each counter began: as many lines again, and nobody asks
    board, metrics = Board("", clock()), Metrics()
    with scratch() as staging:

        def at_last() -> None:
            log.warning("The run came to no safe point within %d seconds; the next one settles what it did.", SECONDS)
            shutil.rmtree(staging, ignore_errors=True)
            os._exit(0)

        def opened() -> Kept:
            return Kept(lambda: open_hub(session, staging=staging, sleep=stop.sleep), board, log)

        with on_signals(stop, at_last), opened() as kept:
            own = kept.hub.unattended
            board.hub = own.name
            loop = Loop(kept.current, stop, clock, board, metrics, log)
            if not own.turns():
                raise _nothing()
            loop.survey(kept.hub)
            pages = {
                "/healthz": lambda: as_json(*health(board, clock())),
                "/metrics": lambda: (200, CONTENT_TYPE_LATEST, metrics.text()),
            }
            place = _place(own.settings.listen if listen is None else listen)
            if place is None:
                log.info("Serving %s.", own.name)
                loop.run()
            else:
                with answering(place, pages) as port:
                    log.info("Serving %s; /healthz and /metrics on %s:%d.", own.name, place[0], port)
                    loop.run()
        log.info("Stopped.")


def _place(listen: str) -> tuple[str, int] | None:
    if listen == "off":
        return None
    place = place_of(listen)
    if place is None:
        raise ConfigurationError(
            f"'{listen}' is no HOST:PORT.",
            not_done="Nothing was run.",
            next_step="Write for example --listen 127.0.0.1:9464, or --listen off.",
        )
    return place


def _nothing() -> ConfigurationError:
    return ConfigurationError(
        "No sync has a schedule.",
        not_done="Nothing was run.",
        next_step='Write for example schedule = "*/15 * * * *" under [syncs.NAME] in hub.toml.',
    )
