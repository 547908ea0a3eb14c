"""Primitives: what an equation can do, each with all of its meanings in one class.

A primitive is a final frozen dataclass. Its fields are its static parameters (printed, parsed, hashed); its methods
are its meanings. `Primitive` is what passes see: any number of results, always tuples. `ArrayPrimitive` is what most
authors write: one result, given by five methods without tuples.

    infer(types)                   shape and dtype of the result; raises for operands it does not take
    evaluate(arrays)               the meaning, in NumPy: the oracle of every test
    batch(batcher, args)           the batching rule, called only where at least one operand is mapped
    element(emitter, index, reads) the value of the result at `index`: the lowering, for CPU and CUDA alike
    examples(), errors()           good and bad uses; they drive the generated tests and docs/ops.md

A class that lacks one of them is a type error where it is used and an ImportError where it is defined.
"""

import inspect
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar, final

from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.graph import Atom, Graph, Var
from vtrace.ir.types import Array, ArrayType, Dim, Sizes, Symbol


@dataclass(frozen=True)
class Batched:
    """A value during batching: `axis` is where the batch lies, None where the value is the same for every example."""

    value: Atom
    axis: int | None

    @property
    def type(self) -> ArrayType:
        """The type of the whole value, batch axis included."""
        return self.value.type

    @property
    def example_type(self) -> ArrayType:
        """The type of one example."""
        return self.value.type if self.axis is None else self.value.type.drop((self.axis,))


class Batcher(Protocol):
    """What a batching rule may do: emit equations, and move or make batch axes."""

    @property
    def size(self) -> Dim:
        """The extent of the batch."""

    def emit(self, primitive: "Primitive", *inputs: Atom) -> Var:
        """Append an equation with one result."""

    def emit_all(self, primitive: "Primitive", *inputs: Atom) -> tuple[Var, ...]:
        """Append an equation with any number of results."""

    def move(self, x: Batched, axis: int) -> Atom:
        """`x` with its batch axis at `axis`; an unmapped value is broadcast to have one."""


@dataclass(frozen=True)
class Example:
    """One good use of a primitive: the instance and the types of its operands."""

    primitive: "Primitive"
    types: tuple[ArrayType, ...]
    low: float = -4.0
    high: float = 4.0
    """Operands are drawn from [low, high): a primitive that needs positive numbers says so here. One that takes indices
    gives a range other than this one, and gets only indices from it."""
    prepared: Callable[[Array], Array] | None = None
    """Makes a random operand one that the primitive takes: a positive definite matrix, say."""


@dataclass(frozen=True)
class ErrorExample:
    """One bad use: `infer` must raise `error` with a message that matches the regular expression."""

    primitive: "Primitive"
    types: tuple[ArrayType, ...]
    error: type[Exception]
    match: str


class _Rules(ABCMeta):
    """Abstract methods, but no virtual subclasses: looking for those would triple the time that `isinstance` takes."""

    __instancecheck__ = type.__instancecheck__


class Primitive(metaclass=_Rules):
    """What passes see: a typed operation on tuples of arrays."""

    name: ClassVar[str]

    @abstractmethod
    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        """The types of the results."""

    @abstractmethod
    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        """The results, computed by NumPy."""

    @abstractmethod
    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        """The batching rule; at least one of `args` is mapped."""

    @classmethod
    @abstractmethod
    def examples(cls) -> Iterator[Example]:
        """Good uses, at least one."""

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        """Bad uses. A family gives those all of its members share."""
        return iter(())

    def bind(self, sizes: Sizes) -> Self:
        """This primitive with every symbol in its parameters that `sizes` knows replaced by its value."""
        if not sizes:
            return self  # nothing to replace, however large the graphs among the parameters are
        fields: dict[str, Any] = getattr(self, "__dataclass_fields__", {})  # every registered primitive is a dataclass
        old = {name: getattr(self, name) for name in fields}
        new = {name: _bind(value, sizes) for name, value in old.items()}
        return self if new == old else type(self)(**new)


def _bind(value: Any, sizes: Sizes) -> Any:
    if isinstance(value, Symbol):
        return sizes.get(value, value)
    if isinstance(value, tuple):
        return tuple(_bind(v, sizes) for v in value)
    if isinstance(value, Graph | Primitive):
        return value.bind(sizes)
    return value


class ArrayPrimitive(Primitive):
    """A primitive with one result. Authors write rules without tuples; the tuple interface is derived once, here."""

    @abstractmethod
    def infer(self, *types: Any, **kwargs: Any) -> ArrayType:
        """The type of the result."""

    @abstractmethod
    def evaluate(self, *arrays: Any, **kwargs: Any) -> Array:
        """The result, computed by NumPy."""

    @abstractmethod
    def batch(self, b: Batcher, *args: Any, **kwargs: Any) -> Batched:
        """The batching rule; at least one operand is mapped."""

    @final
    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        return (self.infer(*types),)

    @final
    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        return (self.evaluate(*arrays),)

    @final
    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return (self.batch(b, *args),)


class ElementPrimitive(ArrayPrimitive):
    """An array primitive that lowers in pull form: it can say what its result is at any one index, so it fuses."""

    waits: ClassVar[bool] = False
    """Whether what it reads tells where to read next, so that it waits for memory again and again."""
    finding: ClassVar[float] = 0.0
    """Simple operations to find out where an element comes from, where its index is not known beforehand."""

    @abstractmethod
    def element(self, e: Emitter, index: Index, *reads: Any, **kwargs: Any) -> Value:
        """The result at `index`; operands are read by calling them: `x(index)`."""


class Library(Protocol):
    """What the `call` rule of a large operation may use: routines of a backend, or of an outside library."""

    def gemm(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out = op(x) @ op(y), all 2-D and C-contiguous; op transposes where `transpose` says so."""

    def gemm_each(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """The same for each index of axis 0, 3-D and C-contiguous; one of `x` and `y` may be 2-D, a matrix for all."""

    def share(self, part: Callable[[int, int], None], length: int, nanoseconds: float) -> None:
        """`part(start, stop)` for ranges that cover `length` items, on several threads if an item takes long enough.

        What `part` does must release the GIL for that to be of use, as most of NumPy does.
        """

    def fft(self, out: Array, x: Array, axes: tuple[int, ...], inverse: bool, norm: str) -> None:
        """The discrete Fourier transform along `axes`. Complex arrays are in pairs along a last axis, not counted."""

    def rfft(self, out: Array, x: Array, axes: tuple[int, ...], norm: str) -> None:
        """That of real numbers, of which half is computed along the last of `axes`."""

    def irfft(self, out: Array, x: Array, axes: tuple[int, ...], norm: str) -> None:
        """The inverse of `rfft`; `out` tells how many numbers there are."""

    def one_thread(self) -> AbstractContextManager[None]:
        """Meanwhile NumPy's and SciPy's linear algebra uses one thread: results do not depend on how many there are."""


class LibraryCall(Primitive):
    """Lowers to a library call on whole arrays. It never shares a loop with anything."""

    @abstractmethod
    def call_all(self, library: Library, outs: Sequence[Array], *arrays: Any) -> None:
        """Write the results into `outs`; every array is C-contiguous and of its inferred type."""


class LibraryPrimitive(LibraryCall, ArrayPrimitive):
    """A library call with one result."""

    @abstractmethod
    def call(self, library: Library, out: Array, *arrays: Any) -> None:
        """Write the result into `out`; every array is C-contiguous and of its inferred type."""

    @final
    def call_all(self, library: Library, outs: Sequence[Array], *arrays: Any) -> None:
        self.call(library, outs[0], *arrays)


REGISTRY: dict[str, type[Primitive]] = {}
"""Every primitive by its name in IR text."""

_P = TypeVar("_P", bound=type[Primitive])


def primitive(name: str) -> Callable[[_P], _P]:
    """Give a primitive class its name in IR text and register it; ImportError where it lacks a rule."""

    def register(cls: _P) -> _P:
        if name in REGISTRY:
            raise ImportError(f"primitive {name!r} is defined twice: {REGISTRY[name].__name__} and {cls.__name__}")
        if inspect.isabstract(cls):
            missing = ", ".join(sorted(cls.__abstractmethods__))
            raise ImportError(f"primitive {name!r}: class {cls.__name__} lacks {missing}")
        if not (hasattr(cls, "__dataclass_fields__") and cls.__doc__):
            raise ImportError(f"primitive {name!r}: class {cls.__name__} must be a dataclass with a docstring")
        cls.name = name
        REGISTRY[name] = cls
        return cls

    return register


__all__ = [
    "REGISTRY",
    "ArrayPrimitive",
    "Batched",
    "Batcher",
    "ElementPrimitive",
    "Emitter",
    "ErrorExample",
    "Example",
    "Index",
    "Library",
    "LibraryCall",
    "LibraryPrimitive",
    "Primitive",
    "Read",
    "Value",
    "primitive",
]
