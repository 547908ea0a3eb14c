"""Families of primitives: the rules that all members share are written once, here.

Kinds are abstract, primitives are final, and no primitive overrides a rule that its kind has given.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, final

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value, Values
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example
from vtrace.ir.types import DTYPES, ArrayType, DType, shape_text

BOOLS, SIGNED, UNSIGNED, FLOATS = "b", "i", "u", "f"
INTEGERS = SIGNED + UNSIGNED
NUMBERS = INTEGERS + FLOATS
ANY = BOOLS + NUMBERS
"""Sets of NumPy dtype kinds."""

KIND_NAMES = {"b": "bool", "i": "signed integer", "u": "unsigned integer", "f": "float"}


def require_kind(name: str, dtype: DType, kinds: str) -> None:
    """DTypeError unless `dtype` is of one of `kinds`."""
    if dtype.kind not in kinds:
        wanted = ", ".join(KIND_NAMES[k] for k in kinds)
        raise DTypeError(f"{name} does not work on {dtype}; it takes {wanted}")


def require_same(name: str, types: tuple[ArrayType, ...]) -> None:
    """ShapeError or DTypeError unless all operands have one type; the frontend has broadcast and promoted them."""
    if len({t.shape for t in types}) > 1:
        raise ShapeError(f"{name} needs operands of one shape, got {' and '.join(shape_text(t.shape) for t in types)}")
    if len({t.dtype for t in types}) > 1:
        raise DTypeError(f"{name} needs operands of one dtype, got {' and '.join(str(t.dtype) for t in types)}")


class Elementwise(ElementPrimitive):
    """The result at an index depends on the operands at that index alone. All operands have one shape."""

    work: ClassVar[float] = 1.0
    """How many simple operations an element takes, for estimates; functions of floats are known to take several."""

    @abstractmethod
    def scalar(self, e: Emitter, *args: Any, **kwargs: Any) -> Value:
        """The result for one element."""

    @final
    def batch(self, b: Batcher, *args: Batched) -> Batched:
        axis = next(a.axis for a in args if a.axis is not None)
        return Batched(b.emit(self, *(b.move(a, axis) for a in args)), axis)

    @final
    def element(self, e: Emitter, index: Index, *reads: Read) -> Value:
        return self.scalar(e, *(read(index) for read in reads))


class Uniform(Elementwise):
    """Operands of one dtype, of the class's `kinds`; the result has it too, or is bool where `predicate` is set."""

    arity: ClassVar[int]
    kinds: ClassVar[str]
    predicate: ClassVar[bool] = False
    domain: ClassVar[tuple[float, float]] = (-4.0, 4.0)
    """Where the generated tests draw operands from."""

    @final
    def infer(self, *types: ArrayType) -> ArrayType:
        if len(types) != self.arity:
            raise ShapeError(f"{self.name} takes {self.arity} operands, got {len(types)}")
        require_same(self.name, types)
        require_kind(self.name, types[0].dtype, self.kinds)
        return types[0].with_dtype(DTYPES["bool"]) if self.predicate else types[0]

    @classmethod
    def instances(cls) -> Iterator["Uniform"]:
        """What `examples` and `errors` build on; a class with parameters lists the interesting ones."""
        yield cls()

    @classmethod
    @final
    def examples(cls) -> Iterator[Example]:
        names = [n for n, d in DTYPES.items() if d.kind in cls.kinds]
        for op in cls.instances():
            for name in names:
                yield Example(op, (ArrayType(DTYPES[name], (3,)),) * cls.arity, *cls.domain)
            yield Example(op, (ArrayType(DTYPES[names[-1]], ()),) * cls.arity, *cls.domain)
            yield Example(op, (ArrayType(DTYPES[names[-1]], (2, 3)),) * cls.arity, *cls.domain)

    @classmethod
    @final
    def errors(cls) -> Iterator[ErrorExample]:
        good = next(d for d in DTYPES.values() if d.kind in cls.kinds)
        op = next(cls.instances())
        for dtype in DTYPES.values():
            if dtype.kind not in cls.kinds:
                bad = (ArrayType(dtype, (3,)),) * cls.arity
                yield ErrorExample(op, bad, DTypeError, f"{op.name} does not work on {dtype}")
        if cls.arity > 1:
            shapes = (ArrayType(good, (3,)),) * (cls.arity - 1) + (ArrayType(good, (4,)),)
            yield ErrorExample(op, shapes, ShapeError, "operands of one shape")


class Unary(Uniform):
    """One operand."""

    arity = 1


class Binary(Uniform):
    """Two operands of one type."""

    arity = 2


class Reduction(ElementPrimitive):
    """Combines all elements along `axes` (sorted, not negative), which the result no longer has."""

    axes: tuple[int, ...]
    kinds: ClassVar[str]
    without_identity: ClassVar[str] = ""
    """NumPy's name of an operation that has no result for no elements."""

    @abstractmethod
    def rebuilt(self, axes: tuple[int, ...]) -> "Reduction":
        """The same reduction over other axes."""

    @abstractmethod
    def initial(self, e: Emitter, dtype: DType) -> Value:
        """The neutral element."""

    @abstractmethod
    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        """Two partial results joined; associative and commutative up to rounding."""

    @final
    def infer(self, x: ArrayType) -> ArrayType:
        require_kind(self.name, x.dtype, self.kinds)
        require_axes(self.name, self.axes, x)
        if self.without_identity and any(x.shape[a] == 0 for a in self.axes):
            raise ShapeError(f"zero-size array to reduction operation {self.without_identity} which has no identity")
        return x.drop(self.axes)

    @final
    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        axes = tuple(a + (a >= x.axis) for a in self.axes)
        return Batched(b.emit(self.rebuilt(axes), x.value), x.axis - sum(a < x.axis for a in axes))

    @final
    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        def join(acc: Values, more: Values) -> Values:
            return (self.combine(e, acc[0], more[0]),)

        def body(inner: Index) -> Values:
            return (x(merge_index(index, self.axes, inner)),)

        extents = tuple(x.type.shape[a] for a in self.axes)
        return e.fold(extents, (self.initial(e, x.type.dtype),), join, join, body)[0]


def require_axes(name: str, axes: tuple[int, ...], x: ArrayType) -> None:
    """ShapeError unless `axes` are distinct axes of `x`, in order."""
    if list(axes) != sorted(set(axes)) or any(not 0 <= a < x.rank for a in axes):
        raise ShapeError(f"{name}: axes {axes} are not sorted axes of {x}")


def merge_index(outer: Index, axes: tuple[int, ...], inner: Index) -> Index:
    """The index of an operand: `inner` at the (sorted) `axes`, `outer` at the remaining ones, both in order."""
    rest, within = iter(outer), iter(inner)
    return tuple(next(within) if a in axes else next(rest) for a in range(len(outer) + len(inner)))
