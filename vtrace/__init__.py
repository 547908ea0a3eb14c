"""vmap for plain NumPy functions: traced, batched, fused and compiled to parallel SIMD kernels.

>>> import numpy as np, vtrace
>>> @vtrace.vmap
... def custom_dot(x, y):
...     return np.dot(x, y) ** 2
>>> custom_dot([[2, 2, 2], [3, 3, 3]], [[4, 4, 4], [5, 5, 5]])
array([ 576, 2025])
"""

from vtrace import ir as ir
from vtrace import lax as lax
from vtrace import linalg as linalg
from vtrace import numpy as numpy
from vtrace import random as random
from vtrace import special as special
from vtrace.api import Function as Function
from vtrace.api import Inspection as Inspection
from vtrace.api import check_nans as check_nans
from vtrace.api import disable_jit as disable_jit
from vtrace.api import jit as jit
from vtrace.api import make_ir as make_ir
from vtrace.api import vmap as vmap
from vtrace.errors import ArgumentError as ArgumentError
from vtrace.errors import AxesError as AxesError
from vtrace.errors import AxisOutOfRangeError as AxisOutOfRangeError
from vtrace.errors import ConcretizationError as ConcretizationError
from vtrace.errors import ConstantRandomWarning as ConstantRandomWarning
from vtrace.errors import DeviceError as DeviceError
from vtrace.errors import DTypeError as DTypeError
from vtrace.errors import EscapedTracerError as EscapedTracerError
from vtrace.errors import IndexOutOfRangeError as IndexOutOfRangeError
from vtrace.errors import IntegerOverflowError as IntegerOverflowError
from vtrace.errors import LinAlgError as LinAlgError
from vtrace.errors import MissingAttributeError as MissingAttributeError
from vtrace.errors import ParseError as ParseError
from vtrace.errors import ShapeError as ShapeError
from vtrace.errors import UnsupportedError as UnsupportedError
from vtrace.errors import UsageError as UsageError
from vtrace.errors import VerificationError as VerificationError
from vtrace.errors import VTraceError as VTraceError

__version__ = "0.1.0"
