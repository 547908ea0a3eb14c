"""The exceptions vtrace raises.

Every one of them is a `VTraceError` and also the built-in exception a NumPy or JAX user would expect, so that both
`except vtrace.VTraceError` and `except ValueError` work. A message says what was asked, what was found, and what to do.
"""

import numpy as np


class VTraceError(Exception):
    """Mixed into every exception of this package, so that one `except` clause catches them all."""


class ShapeError(VTraceError, ValueError):
    """Shapes, axes or sizes do not fit together. Raised while tracing, never inside a kernel."""


class DTypeError(VTraceError, TypeError):
    """A dtype is unsupported, or is not what an operation works on."""


class ArgumentError(VTraceError, TypeError):
    """An argument of the wrong kind or structure: a ragged list, a string, a missing leaf, a wrong `in_axes` tree."""


class AxesError(VTraceError, ValueError):
    """`in_axes`, `out_axes` or `axis_size` do not fit the arguments or the results."""


class ConcretizationError(VTraceError, TypeError):
    """Python asked for the value of a traced array: `if x:`, `float(x)`, `int(x)`, iteration over a 0-d array."""


class EscapedTracerError(VTraceError, RuntimeError):
    """A traced array was used after the function it belongs to had been traced."""


class UnsupportedError(VTraceError, NotImplementedError):
    """A NumPy function or a use of one that vtrace cannot trace. The message names the remedy."""


class ParseError(VTraceError, ValueError):
    """IR text that does not follow the grammar, with its line and column."""


class VerificationError(VTraceError, AssertionError):
    """A graph that breaks the rules of the IR: a fault in a pass, or hand-written IR that is wrong."""


class IndexOutOfRangeError(VTraceError, IndexError):
    """An index outside its axis, found while a kernel ran. Names index, axis, size and batch element."""


class AxisOutOfRangeError(VTraceError, np.exceptions.AxisError):
    """An axis that an array does not have. Raised while tracing."""


class IntegerOverflowError(VTraceError, OverflowError):
    """A Python integer that the dtype it meets cannot hold."""


class MissingAttributeError(VTraceError, AttributeError):
    """An attribute of ndarray that traced arrays do not have, or of none. The message names the remedy."""


class LinAlgError(VTraceError, np.linalg.LinAlgError):
    """A matrix that an operation has no result for: singular, not positive definite, of the wrong shape.

    Names the batch element where it is found while a kernel runs.
    """


class UsageError(VTraceError, ValueError):
    """A wrong name or option given to the command line or to a public function."""


class ConstantRandomWarning(UserWarning):
    """A traced function used `np.random`, whose numbers became constants of the program."""


class DeviceError(VTraceError, RuntimeError):
    """A GPU that was asked for is missing, cannot do what is asked, or failed. Says what is missing, and the remedy."""
