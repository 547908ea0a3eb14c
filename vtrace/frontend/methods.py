"""The operators and methods of ndarray, each by the NumPy function it equals."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.dispatch import UFUNC_HANDLERS, call_function, qualified_name
from vtrace.frontend.source import at_user_line
from vtrace.frontend.translation import as_ours
from vtrace.ir.types import DType

if TYPE_CHECKING:
    from vtrace.frontend.tracer import Tracer


class ArrayMethods:
    """What `Tracer` shares with ndarray and expresses through NumPy functions."""

    __slots__ = ()

    if TYPE_CHECKING:
        weak: bool

        @property
        def shape(self) -> tuple[int, ...]: ...
        @property
        def dtype(self) -> DType: ...

    # Attributes

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def T(self) -> "Tracer":
        return cast("Tracer", self._call(np.transpose))

    @property
    def mT(self) -> "Tracer":
        return cast("Tracer", self._call(np.matrix_transpose))

    @property
    def real(self) -> "Tracer":
        return cast("Tracer", self._call(np.real))

    @real.setter
    def real(self, value: Any) -> None:
        self._call(np.real)[...] = value

    @property
    def imag(self) -> "Tracer":
        return cast("Tracer", self._call(np.imag))

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise DTypeError(f"{at_user_line()}: array does not have imaginary part to set")
        self._call(np.imag)[...] = value

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return call_function(function, (self, *args), kwargs)

    # Operators

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

    # Methods

    def sum(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.sum, *args, **kwargs)

    def prod(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.prod, *args, **kwargs)

    def mean(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.mean, *args, **kwargs)

    def var(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.var, *args, **kwargs)

    def std(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.std, *args, **kwargs)

    def min(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.min, *args, **kwargs)

    def max(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.max, *args, **kwargs)

    def argmin(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.argmin, *args, **kwargs)

    def argmax(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.argmax, *args, **kwargs)

    def argsort(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.argsort, *args, **kwargs)

    def sort(self, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> None:
        """Sort along `axis`, in place."""
        from vtrace.frontend.numpy_sorting import sort_in_place  # built on the tracer

        with as_ours("ndarray.sort"):
            sort_in_place(cast("Tracer", self), axis, kind, stable)

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect") -> None:
        """`np.partition` in place."""
        from vtrace.frontend.numpy_sorting import partition_in_place  # built on the tracer

        with as_ours("ndarray.partition"):
            partition_in_place(cast("Tracer", self), kth, axis, kind)

    def argpartition(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.argpartition, *args, **kwargs)

    def searchsorted(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.searchsorted, *args, **kwargs)

    def any(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.any, *args, **kwargs)

    def all(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.all, *args, **kwargs)

    def cumsum(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.cumsum, *args, **kwargs)

    def cumprod(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.cumprod, *args, **kwargs)

    def dot(self, other: Any) -> Any:
        return self._call(np.dot, other)

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.trace, *args, **kwargs)

    def diagonal(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.diagonal, *args, **kwargs)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        return self._call(np.reshape, shape[0] if len(shape) == 1 else shape, order=order)

    def ravel(self, order: str = "C") -> Any:
        return self._call(np.ravel, order=order)

    def flatten(self, order: str = "C") -> Any:
        return self._call(np.ravel, order=order).copy()

    def transpose(self, *axes: Any) -> Any:
        return self._call(np.transpose, (axes[0] if len(axes) == 1 else axes) or None)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        return self._call(np.swapaxes, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        return self._call(np.squeeze, axis)

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """A copy with another dtype; the memory order is for NumPy alone and has no meaning here."""
        return self._call(np.astype, dtype, casting=casting, copy=copy)

    def copy(self, order: str = "C") -> Any:
        """A copy: assigning to it leaves the original as it is."""
        return self._call(np.copy)

    def clip(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(np.clip, *args, **kwargs)

    def round(self, decimals: int = 0) -> Any:
        return self._call(np.round, decimals)

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        return self._call(np.repeat, repeats, axis)

    def take(self, indices: Any, axis: int | None = None, **kwargs: Any) -> Any:
        return self._call(np.take, indices, axis, **kwargs)

    def conj(self) -> Any:
        return self._unary(np.conjugate)

    def conjugate(self) -> Any:
        return self._unary(np.conjugate)

    def fill(self, value: Any) -> None:
        """Assign one value to every element, in place."""
        self._call(np.copyto, value)
