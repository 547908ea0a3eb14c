"""Control flow: primitives that run code of their own for an example, rather than being read element by element.

`cond`, `while` and `scan` hold graphs and run them as often as their operands say; procedures bring their own loops.
`mapped` is what all of them become under `vmap`.
"""

from vtrace.ir.primitive import Primitive
from vtrace.ops.cond import Cond as Cond
from vtrace.ops.mapped import Mapped as Mapped
from vtrace.ops.procedure import Procedure as Procedure
from vtrace.ops.scan_loop import Scan as Scan
from vtrace.ops.while_loop import While as While


def is_control(primitive: Primitive) -> bool:
    """Whether this is a branch, a loop or a procedure, for one example or for each of a batch."""
    return isinstance(primitive, Cond | While | Scan | Procedure | Mapped)
