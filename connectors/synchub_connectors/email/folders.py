"""Which folders the settings mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from synchub.api import ConfigurationError

_MOST_NAMED = 30


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that can be opened. `purposes` are its special uses as the server says, as `\\Sent`."""

    name: str
    purposes: frozenset[str] = frozenset()


def choose(wanted: Sequence[str], offered: Sequence[Folder], *, system: str) -> list[str]:
    """The names of the folders that are meant, each once, in the order of the settings.

    Raises ConfigurationError if one of `wanted` means none, with the folders that there are.
    """
    chosen: dict[str, None] = {}
    missing: list[str] = []
    for want in wanted:
        found = [folder.name for folder in offered if _means(want, folder)]
        chosen.update(dict.fromkeys(found))
        if not found:
            missing.append(want)
    if missing:
        raise _no_such(missing, [folder.name for folder in offered], system)
    return list(chosen)


def _means(want: str, folder: Folder) -> bool:
    if want.startswith("\\"):
        return want.lower() in {purpose.lower() for purpose in folder.purposes}
    if folder.name.upper() == "INBOX":
        return fnmatchcase("INBOX", want.upper())
    return fnmatchcase(folder.name, want) or folder.name == want


def _no_such(missing: Sequence[str], names: Sequence[str], system: str) -> ConfigurationError:
    close = {want: get_close_matches(want, names, n=1, cutoff=0.5) for want in missing}
    meant = [f'instead of "{want}" perhaps "{near[0]}"' for want, near in close.items() if near]
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    there = ", ".join(f'"{name}"' for name in sorted(names)[:_MOST_NAMED]) + more
    absent = ", ".join(f'"{want}"' for want in missing)
    return ConfigurationError(
        f"System {system}: the mailbox has no folder {absent}.",
        not_done="No mail was read.",
        next_step=f"Correct folders under [systems.{system}]"
        + (f": {'; '.join(meant)}" if meant else "")
        + f". There are: {there or 'none'}.",
    )
