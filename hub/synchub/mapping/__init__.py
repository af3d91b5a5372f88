"""Native rows become canonical values, and golden values become native ones: whole columns at a time.

native_frame, native_value(s)   what connectors deliver as columns of native text, and back
compile_mapping                 a mapping file made ready: CompiledMapping with inward, comparable, outward
mapping_problems                all that is wrong with a mapping file
compile_where, where_problems   filters on golden fields
run_tests                       the [[tests]] of a mapping file
built_in_transforms             the named steps that need no plugin
"""

from synchub.mapping.compiled import CompiledMapping, compile_mapping
from synchub.mapping.exchange import Rate
from synchub.mapping.inward import ROW, WEAK, Mapped
from synchub.mapping.native import native_frame, native_text
from synchub.mapping.outward import AS, DAY, TO, WHY_NOT
from synchub.mapping.plain import native_value, native_values
from synchub.mapping.problem import Problem
from synchub.mapping.problems import mapping_problems
from synchub.mapping.tests import run_tests
from synchub.mapping.transforms import built_in_transforms
from synchub.mapping.where import compile_where, where_problems

__all__ = [
    "AS",
    "DAY",
    "ROW",
    "TO",
    "WEAK",
    "WHY_NOT",
    "CompiledMapping",
    "Mapped",
    "Problem",
    "Rate",
    "built_in_transforms",
    "compile_mapping",
    "compile_where",
    "mapping_problems",
    "native_frame",
    "native_text",
    "native_value",
    "native_values",
    "run_tests",
    "where_problems",
]
