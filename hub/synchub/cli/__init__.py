"""The command line. `main` is the console script; nothing heavy is imported until a command needs it."""

from synchub.cli.app import main, run

__all__ = ["main", "run"]
