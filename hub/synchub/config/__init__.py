"""hub.toml and mapping files: found, read, checked, and told of.

find                 which hub.toml
load, lint           what it means, or everything that is wrong with it
system_config        one system's settings with secrets resolved
store_url            where the store is
schema               JSON Schema for editors
settings_reference   every setting, as Markdown
write_project        a new hub's first files
"""

from synchub.config.environment import find, store_url
from synchub.config.load import lint, load
from synchub.config.offer import Checks
from synchub.config.problems import Problem
from synchub.config.reference import settings_reference
from synchub.config.schema import schema
from synchub.config.systems import system_config
from synchub.config.template import write_project

__all__ = [
    "Checks",
    "Problem",
    "find",
    "lint",
    "load",
    "schema",
    "settings_reference",
    "store_url",
    "system_config",
    "write_project",
]
