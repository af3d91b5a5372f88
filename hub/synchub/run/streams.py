"""The stream that a member works with, and whether it is what the mapping takes it for."""

from __future__ import annotations

from synchub.api import Connector, Stream
from synchub.errors import ConfigurationError
from synchub.plugins.guarded import guarded
from synchub.spec.job import Member


def stream_of(connector: Connector, member: Member) -> Stream:
    with guarded(member.system):
        streams = {stream.name: stream for stream in connector.streams()}
    if member.stream not in streams:
        listed = ", ".join(sorted(streams)) or "none"
        raise ConfigurationError(
            f"The system {member.system} has no stream {member.stream}. It has: {listed}.",
            not_done="Nothing was read from it or written to it.",
            next_step=f"Correct `stream` of the member {member.name}; `synchub streams {member.system}` lists them.",
        )
    found = streams[member.stream]
    missing = [] if not found.fields else unknown_fields(found, member)
    if missing:
        raise ConfigurationError(
            f"The mapping {member.mapping_name} names {', '.join(missing)}, and {member.system}/{member.stream} has no such field.",
            not_done="Nothing was read from it or written to it.",
            next_step=f"It has: {', '.join(field.name for field in found.fields)}. Correct mappings/{member.mapping_name}.toml.",
        )
    if wrong_key(found, member):
        raise ConfigurationError(
            wrong_key(found, member),
            not_done="Nothing was read from it or written to it.",
            next_step=f"Correct `key` in mappings/{member.mapping_name}.toml, or the system's own settings.",
        )
    return found


def wrong_key(stream: Stream, member: Member) -> str:
    """What is wrong if a member that is written is named by another key than its system goes by; "" if nothing is."""
    if member.direction == "in" or not stream.key or not stream.writes or member.mapping.keys == stream.key:
        return ""
    if not set(member.mapping.keys) <= {field.name for field in stream.fields}:
        return ""  # told already: there is no such field
    theirs, ours = ", ".join(stream.key), ", ".join(member.mapping.keys)
    return f"{member.system}/{member.stream} names its records by {theirs}, and the mapping {member.mapping_name} by {ours}."


def unknown_fields(stream: Stream, member: Member) -> list[str]:
    """Native fields that a mapping names and the stream does not have."""
    have = {field.name for field in stream.fields}
    named = [*member.mapping.keys, *([member.mapping.updated_at] if member.mapping.updated_at else [])]
    named += [native for name in member.mapping.fields for native in member.mapping.field(name).natives]
    return sorted({name for name in named if name not in have and name.split(".")[0] not in have})
