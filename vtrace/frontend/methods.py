"""The attributes and methods of ndarray, each by the NumPy function it equals."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.dispatch import call_function
from vtrace.frontend.operators import ArrayOperators
from vtrace.frontend.source import at_user_line
from vtrace.frontend.translation import as_ours

if TYPE_CHECKING:
    from vtrace.frontend.tracer import Tracer


class ArrayMethods(ArrayOperators):
    """What `Tracer` shares with ndarray and expresses through NumPy functions."""

    __slots__ = ()

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
    def flat(self) -> "Tracer":
        """The elements in a row; assigning to them assigns to the array."""
        from vtrace.frontend.numpy_positions import flat_of  # built on the tracer

        return flat_of(cast("Tracer", self))

    @flat.setter
    def flat(self, value: Any) -> None:
        self._call(np.copyto, np.resize(value, self.shape))

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

    def choose(self, choices: Any, out: None = None, mode: str = "raise") -> Any:
        return self._call(np.choose, choices, out, mode)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        return call_function(np.compress, (condition, self, axis), {})

    def nonzero(self) -> Any:
        return self._call(np.nonzero)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Assign `values` to the elements at flat `indices`, in place."""
        self._call(np.put, indices, values, mode)

    def view(self, dtype: Any = None) -> Any:
        """The same bits as another dtype of the same width; assigning to them assigns to the array."""
        from vtrace.frontend.numpy_floating import bits_as  # built on the tracer

        with as_ours("ndarray.view"):
            return bits_as(cast("Tracer", self), dtype)

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def fill(self, value: Any) -> None:
        """Assign one value to every element, in place."""
        self._call(np.copyto, value)
