"""`Tracer`: what the user's function sees in place of an array while it is traced.

It answers like an ndarray: shape, dtype, operators, methods, and NumPy's two protocols, through which every NumPy
function and ufunc that meets one comes here. What needs the array's values is a ConcretizationError.
"""

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from vtrace.errors import ConcretizationError, DTypeError, MissingAttributeError, ShapeError
from vtrace.frontend.dispatch import call_function, call_ufunc
from vtrace.frontend.methods import ArrayMethods
from vtrace.frontend.source import at_user_line, called_by_user
from vtrace.frontend.translation import as_ours
from vtrace.ir.graph import Atom, Literal, Source, Var
from vtrace.ir.types import Array, ArrayType, DType, static_shape

if TYPE_CHECKING:
    from vtrace.frontend.at import At
    from vtrace.frontend.trace import Frame


@dataclass
class View:
    """How a tracer follows from the one it shares memory with, if NumPy says that it does."""

    base: "Tracer"
    compute: Callable[["Tracer"], "Tracer"]
    mirror: Callable[[Array], Array] | None
    """The same on a NumPy array: it tells which elements of the base the view shows, and whether it is one at all."""
    write: Callable[["Tracer", "Tracer"], "Tracer"] | None = None
    """Without a mirror: the base with the view's elements replaced."""
    index: Any = None
    """The index, where the view is `base[index]`."""


class Tracer(ArrayMethods):
    """Stands for an array whose type is known and whose values are not.

    `weak` marks a Python number: under NEP 50 it takes the dtype of the arrays it meets. The atom changes when the
    array is assigned to in place, so a tracer is a variable that holds an array, as an ndarray is.
    """

    __slots__ = ("__weakref__", "atom", "followers", "frame", "origin", "source", "weak")

    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]  # arrays compare element by element, so they cannot be keys

    def __init__(self, atom: Atom, frame: "Frame | None", weak: bool, source: Source | None) -> None:
        self.atom = atom
        self.frame = frame
        self.weak = weak
        self.source = source
        self.origin: View | None = None
        self.followers: list[weakref.ref[Tracer]] = []

    @property
    def type(self) -> ArrayType:
        """The array type of the IR."""
        return self.atom.type

    @property
    def shape(self) -> tuple[int, ...]:
        return static_shape(self.atom.type.shape)

    @property
    def dtype(self) -> DType:
        return self.atom.type.dtype

    @property
    def is_constant(self) -> bool:
        """Whether the values are known after all."""
        return isinstance(self.atom, Literal)

    def constant(self) -> Array:
        """The values of a tracer that is a constant."""
        assert isinstance(self.atom, Literal)
        assert self.atom.data is not None
        return self.atom.data

    @property
    def name(self) -> str:
        """What the user calls it, if it is an argument."""
        return self.atom.name if isinstance(self.atom, Var) else ""

    def __repr__(self) -> str:
        return f"Tracer<{f'{self.name}:' if self.name else ''}{self.type}>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __len__(self) -> int:
        if not self.shape:
            raise DTypeError(f"{at_user_line()}: len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator["Tracer"]:
        if not self.shape:
            raise self._needs_value("iteration over a 0-d array", "Iterate over an array with at least one axis")
        return iter([self[i] for i in range(self.shape[0])])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, args, kwargs)

    def __array_function__(
        self, function: Any, types: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.is_constant:
            return np.array(self.constant(), dtype=dtype)
        raise self._needs_value(
            "conversion to a NumPy array or scalar" + called_by_user(),
            "Use np.stack([...]) or vtrace.numpy.array([...]) for an array of traced values, vtrace.numpy.zeros(...) "
            "in place of np.zeros(...) for one that is filled with them, vtrace.numpy.array(table)[i] in place of "
            "table[i] for a NumPy table and a traced index, x.astype(np.float64) for np.float64(x), and vtrace.special "
            "for functions of scipy.special that are no ufuncs",
        )

    def __bool__(self) -> bool:
        if self.type.rank and np.prod(self.shape) != 1:
            raise ShapeError(
                f"{at_user_line()}: The truth value of an array with more than one element is ambiguous. "
                "Use a.any() or a.all()"
            )
        if self.is_constant:
            return bool(self.constant())
        raise self._needs_value("`if`, `while`, `and`, `or`, `not` or bool()", f"{_CHOOSE}; {_STATIC}")

    def __float__(self) -> float:
        return float(self._number("float()", f"Use x.astype(float), and np.sin(x) in place of math.sin(x). {_FILL}"))

    def __int__(self) -> int:
        return int(self._number("int()", f"Use x.astype(int). {_FILL}"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()", "Use x.astype(complex)"))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.shape:
            raise DTypeError(
                f"{at_user_line()}: only integer scalar arrays can be converted to a scalar index, got {self.type}"
            )
        remedy = "To index a plain NumPy array with a traced integer, make it traced: vtrace.numpy.array(a)[i]"
        return int(self._number("use as a Python integer", remedy))

    def item(self) -> Any:
        """The value as a Python number: an error, as no value is known."""
        return self._number("item()", "Use the array itself").item()

    def tolist(self) -> NoReturn:
        """The values as Python numbers: an error, as no value is known."""
        raise self._needs_value("tolist()", "Use list(x) for a list of traced rows")

    def _number(self, what: str, remedy: str) -> Any:
        if self.type.rank and np.prod(self.shape) != 1:
            raise DTypeError(
                f"{at_user_line()}: only length-1 arrays can be converted to Python scalars, got {self.type}"
            )
        if self.is_constant:
            return self.constant().reshape(())[()]
        raise self._needs_value(what, f"{remedy}; {_STATIC}")

    def _needs_value(self, what: str, remedy: str) -> ConcretizationError:
        name = f"argument '{self.name}'" if self.name else "computed"
        made = f"{name} at {self.source.file}:{self.source.line}" if self.source else name
        return ConcretizationError(
            f"{at_user_line()}: {what} needs the value of a traced array {self.type} ({made}), "
            f"which is known only when the compiled function runs. {remedy}"
        )

    def __getattr__(self, name: str) -> NoReturn:
        if hasattr(np.ndarray, name) and not name.startswith("__"):
            remedy = _INSTEAD.get(name, "")
            raise MissingAttributeError(
                f"{at_user_line()}: ndarray.{name} is not supported on traced arrays{remedy and f': {remedy}'}"
            )
        raise MissingAttributeError(f"{at_user_line()}: a traced array has no attribute {name!r}")

    @property
    def at(self) -> "At":
        """Updates at an index that give a new array: `x.at[i].add(v)`."""
        from vtrace.frontend.at import At  # built on this module

        return At(self)

    def __getitem__(self, index: Any) -> "Tracer":
        from vtrace.frontend.indexing import getitem  # built on this module

        with as_ours("x[index]"):
            return getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        from vtrace.frontend.assignment import setitem  # built on this module

        with as_ours("x[index] = value"):
            setitem(self, index, value)


_CHOOSE = (
    "Use np.where(condition, a, b), `&`, `|` and `~` for `and`, `or` and `not`, "
    "np.maximum and np.minimum for max() and min()"
)
_FILL = "For `a[i] = x`, make `a` with vtrace.numpy (zeros, empty, ...), whose arrays can hold traced values"
_STATIC = "or keep the value out of the arguments, as a plain Python value of the enclosing scope"

_MEMORY = "a traced array has no memory of its own; use the array itself"
_FILE = "its values are known only when the compiled function runs; return the array and write the result"
_INSTEAD = {
    "base": _MEMORY,
    "byteswap": "traced arrays are in native byte order",
    "ctypes": _MEMORY,
    "data": _MEMORY,
    "dump": _FILE,
    "dumps": _FILE,
    "flags": _MEMORY,
    "getfield": "use x.view(dtype) or a slice",
    "resize": "use np.resize(x, shape), which gives a new array",
    "setfield": "use x.view(dtype) or a slice",
    "setflags": _MEMORY,
    "strides": _MEMORY,
    "to_device": "give the device to vtrace.vmap(f, device=...)",
    "tobytes": _FILE,
    "tofile": _FILE,
}
"""What to do instead of what ndarray has and a tracer does not."""
