"""What of the interface goes away, and when: declared here, told to whoever still uses it.

What is deprecated works as before until the version that removes it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deprecation:
    """One thing that goes away.

    what   an entry-point group ("synchub.v1"), a hook ("synchub_frames"), a name of `synchub.api` ("Frame"), or a field,
           parameter or method of one ("Stream.lag", "Host.renewing")
    since  the version of synchub that says so first
    gone   the version that has it no more
    use    what to do about it: "use synchub.v2"
    """

    what: str
    since: str
    gone: str
    use: str

    def __str__(self) -> str:
        return f"it uses {self.what}, deprecated since synchub {self.since} and removed in {self.gone}: {self.use}"


DEPRECATIONS: tuple[Deprecation, ...] = ()
"""All there are. docs/plugins.md lists the same."""
