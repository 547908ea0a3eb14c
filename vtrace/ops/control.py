"""Control flow: primitives that hold graphs and run them as often as their operands say.

`cond`, `while` and `scan` are those of one example; `mapped` is what they become under `vmap`.
"""

from vtrace.ir.primitive import Primitive
from vtrace.ops.cond import Cond as Cond
from vtrace.ops.mapped import Mapped as Mapped
from vtrace.ops.scan_loop import Scan as Scan
from vtrace.ops.while_loop import While as While


def is_control(primitive: Primitive) -> bool:
    """Whether this is a branch or a loop, for one example or for each of a batch."""
    return isinstance(primitive, Cond | While | Scan | Mapped)
