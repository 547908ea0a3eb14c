"""What a program is: types, graphs, primitives, their text form, the verifier and the NumPy interpreter.

Nothing here knows any primitive by name; `parse` finds those that were registered, by importing `vtrace.ops`.
"""

from vtrace.ir.builder import Builder as Builder
from vtrace.ir.builder import inline as inline
from vtrace.ir.builder import replay as replay
from vtrace.ir.graph import Atom as Atom
from vtrace.ir.graph import Equation as Equation
from vtrace.ir.graph import Graph as Graph
from vtrace.ir.graph import Literal as Literal
from vtrace.ir.graph import Source as Source
from vtrace.ir.graph import Var as Var
from vtrace.ir.interpreter import evaluate as evaluate
from vtrace.ir.parser import parse as parse
from vtrace.ir.parser import parse_type as parse_type
from vtrace.ir.primitive import REGISTRY as REGISTRY
from vtrace.ir.primitive import Primitive as Primitive
from vtrace.ir.printer import print_graph as print_graph
from vtrace.ir.types import ArrayType as ArrayType
from vtrace.ir.types import Symbol as Symbol
from vtrace.ir.verifier import verify as verify
