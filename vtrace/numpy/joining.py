"""`np.r_` and `np.c_`, which join traced arrays, too."""

from typing import Any

import numpy as np

from vtrace.errors import UnsupportedError
from vtrace.frontend.core import convert, reshape
from vtrace.frontend.numpy_creation import holds_tracer
from vtrace.frontend.numpy_movement import concatenate
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift


class Joiner:
    """NumPy's `plain`, which joins along `axis` what stands in brackets, for traced arrays, too.

    The result is what NumPy's is, shape and dtype. UnsupportedError where it would be a matrix.

    >>> r_[1, 2:4, np.array([5, 6])]
    array([1, 2, 3, 5, 6])
    """

    def __init__(self, plain: Any, axis: int) -> None:
        self.plain = plain
        self.axis = axis

    def __getitem__(self, key: Any) -> Any:
        if not holds_tracer(key):
            return self.plain[key]
        items = key if isinstance(key, tuple) else (key,)
        directive = items[:1] if isinstance(items[0], str) else ()
        if directive in (("r",), ("c",)):
            raise UnsupportedError(f"{at_user_line()}: {directive[0]!r} asks for a matrix; np.r_ and np.c_ give arrays")
        items = items[len(directive) :]
        values = [lift(np.r_[item] if isinstance(item, slice) else item) for item in items]
        like = [item if isinstance(item, slice) else np.zeros(v.shape) for item, v in zip(items, values, strict=True)]
        shapes = [self.plain[(*directive, item)].shape for item in like]  # NumPy knows where the new axes go
        dtype = result_type(*values)
        axis = int(directive[0].partition(",")[0]) if directive else self.axis
        return concatenate([reshape(convert(v, dtype), s) for v, s in zip(values, shapes, strict=True)], axis)


r_ = Joiner(np.r_, 0)
c_ = Joiner(np.c_, -1)
