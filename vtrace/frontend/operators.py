"""The operators of ndarray, each by the ufunc it equals."""

from typing import TYPE_CHECKING, Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.dispatch import UFUNC_HANDLERS, call_function, qualified_name
from vtrace.frontend.source import at_user_line
from vtrace.frontend.translation import as_ours
from vtrace.ir.types import DType


class ArrayOperators:
    """What Python's operators and rounding functions do with a tracer."""

    __slots__ = ()

    if TYPE_CHECKING:
        weak: bool

        @property
        def shape(self) -> tuple[int, ...]: ...
        @property
        def dtype(self) -> DType: ...
        @property
        def ndim(self) -> int: ...

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return call_function(function, (self, *args), kwargs)

    def _binary(self, ufunc: np.ufunc, x: Any, y: Any) -> Any:
        from vtrace.frontend.numpy_elementwise import operator  # built on the tracer

        with as_ours(qualified_name(ufunc)):
            return operator(ufunc, x, y)

    def _inplace(self, ufunc: np.ufunc, other: Any) -> Any:
        from vtrace.frontend.assignment import inplace  # built on the tracer

        with as_ours(qualified_name(ufunc)):
            return inplace(self, ufunc, other)

    def __add__(self, other: Any) -> Any:
        return self._binary(np.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return self._binary(np.add, other, self)

    def __iadd__(self, other: Any) -> Any:
        return self._inplace(np.add, other)

    def __sub__(self, other: Any) -> Any:
        return self._binary(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._binary(np.subtract, other, self)

    def __isub__(self, other: Any) -> Any:
        return self._inplace(np.subtract, other)

    def __mul__(self, other: Any) -> Any:
        return self._binary(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._binary(np.multiply, other, self)

    def __imul__(self, other: Any) -> Any:
        return self._inplace(np.multiply, other)

    def __truediv__(self, other: Any) -> Any:
        return self._binary(np.true_divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary(np.true_divide, other, self)

    def __itruediv__(self, other: Any) -> Any:
        return self._inplace(np.true_divide, other)

    def __floordiv__(self, other: Any) -> Any:
        return self._binary(np.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._binary(np.floor_divide, other, self)

    def __ifloordiv__(self, other: Any) -> Any:
        return self._inplace(np.floor_divide, other)

    def __mod__(self, other: Any) -> Any:
        return self._binary(np.remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        return self._binary(np.remainder, other, self)

    def __imod__(self, other: Any) -> Any:
        return self._inplace(np.remainder, other)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __pow__(self, other: Any) -> Any:
        return self._binary(np.power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._binary(np.power, other, self)

    def __ipow__(self, other: Any) -> Any:
        return self._inplace(np.power, other)

    def __matmul__(self, other: Any) -> Any:
        return self._binary(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self._binary(np.matmul, other, self)

    def __imatmul__(self, other: Any) -> Any:
        return self._inplace(np.matmul, other)

    def __and__(self, other: Any) -> Any:
        return self._binary(np.bitwise_and, self, other)

    def __rand__(self, other: Any) -> Any:
        return self._binary(np.bitwise_and, other, self)

    def __iand__(self, other: Any) -> Any:
        return self._inplace(np.bitwise_and, other)

    def __or__(self, other: Any) -> Any:
        return self._binary(np.bitwise_or, self, other)

    def __ror__(self, other: Any) -> Any:
        return self._binary(np.bitwise_or, other, self)

    def __ior__(self, other: Any) -> Any:
        return self._inplace(np.bitwise_or, other)

    def __xor__(self, other: Any) -> Any:
        return self._binary(np.bitwise_xor, self, other)

    def __rxor__(self, other: Any) -> Any:
        return self._binary(np.bitwise_xor, other, self)

    def __ixor__(self, other: Any) -> Any:
        return self._inplace(np.bitwise_xor, other)

    def __lshift__(self, other: Any) -> Any:
        return self._binary(np.left_shift, self, other)

    def __rlshift__(self, other: Any) -> Any:
        return self._binary(np.left_shift, other, self)

    def __ilshift__(self, other: Any) -> Any:
        return self._inplace(np.left_shift, other)

    def __rshift__(self, other: Any) -> Any:
        return self._binary(np.right_shift, self, other)

    def __rrshift__(self, other: Any) -> Any:
        return self._binary(np.right_shift, other, self)

    def __irshift__(self, other: Any) -> Any:
        return self._inplace(np.right_shift, other)

    def __eq__(self, other: Any) -> Any:
        return self._binary(np.equal, self, other)

    def __ne__(self, other: Any) -> Any:
        return self._binary(np.not_equal, self, other)

    def __lt__(self, other: Any) -> Any:
        return self._binary(np.less, self, other)

    def __le__(self, other: Any) -> Any:
        return self._binary(np.less_equal, self, other)

    def __gt__(self, other: Any) -> Any:
        return self._binary(np.greater, self, other)

    def __ge__(self, other: Any) -> Any:
        return self._binary(np.greater_equal, self, other)

    def _unary(self, ufunc: np.ufunc) -> Any:
        result = UFUNC_HANDLERS[ufunc](self)
        result.weak = self.weak
        return result

    def __neg__(self) -> Any:
        return self._unary(np.negative)

    def __pos__(self) -> Any:
        return self._unary(np.positive)

    def __abs__(self) -> Any:
        return self._unary(np.absolute)

    def __invert__(self) -> Any:
        return self._unary(np.invert)

    def __round__(self, digits: int | None = None) -> Any:
        return self._call(np.round, digits) if digits is not None else self._to_int(np.rint)

    def __floor__(self) -> Any:
        return self._to_int(np.floor)

    def __ceil__(self) -> Any:
        return self._to_int(np.ceil)

    def __trunc__(self) -> Any:
        return self._to_int(np.trunc)

    def _to_int(self, ufunc: np.ufunc) -> Any:
        """`round(x)`, `math.floor(x)`...: a Python integer, of a scalar alone."""
        if self.ndim:
            raise DTypeError(
                f"{at_user_line()}: only a 0-d array can be rounded to a Python integer; use np.round, np.floor or "
                "np.ceil"
            )
        result = UFUNC_HANDLERS[ufunc](self).astype(np.int64)
        result.weak = True
        return result
