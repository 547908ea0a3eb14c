"""Array types: a dtype and a shape whose extents are integers or, for a batch, symbols.

f64[3]      a vector of three float64
i32[]       a scalar
f32[b,3]    a batch of float32 vectors; the extent of `b` is known only when the kernel is called

The values of graphs are real. A complex array, which users have types for too (c64[3]), is a pair of real ones in them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from vtrace.errors import DTypeError, ShapeError

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
DType: TypeAlias = np.dtype[Any]

DTYPES: dict[str, DType] = {
    "bool": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "u8": np.dtype(np.uint8),
    "u16": np.dtype(np.uint16),
    "u32": np.dtype(np.uint32),
    "u64": np.dtype(np.uint64),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}
"""The dtypes of the IR by their short names."""

COMPLEX: dict[str, DType] = {"c64": np.dtype(np.complex64), "c128": np.dtype(np.complex128)}
"""The dtypes that arguments and results may have besides, and tracers, but no value of a graph."""

USER_DTYPES = DTYPES | COMPLEX

_SHORT: dict[DType, str] = {dtype: name for name, dtype in USER_DTYPES.items()}

BOOL, INT64, FLOAT32, FLOAT64 = DTYPES["bool"], DTYPES["i64"], DTYPES["f32"], DTYPES["f64"]


def short_name(dtype: DType) -> str:
    """The short name of `dtype`, for example `f64`.

    Raises DTypeError for a dtype that is not supported.
    """
    try:
        return _SHORT[dtype]
    except KeyError:
        supported = ", ".join(str(d) for d in USER_DTYPES.values())
        raise DTypeError(f"dtype {dtype} is not supported; use one of {supported}") from None


@dataclass(frozen=True)
class Symbol:
    """The extent of a batch: one name per `vmap`, its value known when the kernel is called."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Symbol({self.name!r})"


Dim: TypeAlias = int | Symbol
Shape: TypeAlias = tuple[Dim, ...]
Sizes: TypeAlias = Mapping[Symbol, int]


@dataclass(frozen=True)
class ArrayType:
    """What is known of an array before it exists: its dtype and its shape."""

    dtype: DType
    shape: Shape = ()

    def __post_init__(self) -> None:
        short_name(self.dtype)
        if any(isinstance(d, int) and d < 0 for d in self.shape):
            raise ShapeError(f"a shape has no negative extents, got {shape_text(self.shape)}")

    def __str__(self) -> str:
        return short_name(self.dtype) + shape_text(self.shape)

    @property
    def rank(self) -> int:
        return len(self.shape)

    def with_shape(self, shape: Iterable[Dim]) -> "ArrayType":
        return ArrayType(self.dtype, tuple(shape))

    def with_dtype(self, dtype: DType) -> "ArrayType":
        return ArrayType(dtype, self.shape)

    def drop(self, axes: Iterable[int]) -> "ArrayType":
        """This type without the given (non-negative) axes."""
        gone = set(axes)
        return self.with_shape(d for a, d in enumerate(self.shape) if a not in gone)

    def insert(self, axis: int, extent: Dim) -> "ArrayType":
        """This type with a new axis of `extent` at position `axis`."""
        return self.with_shape((*self.shape[:axis], extent, *self.shape[axis:]))

    def bind(self, sizes: Sizes) -> "ArrayType":
        """This type with every symbol that `sizes` knows replaced by its value."""
        return self.with_shape(sizes.get(d, d) if isinstance(d, Symbol) else d for d in self.shape)


def shape_text(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]"


def symbols_of(shape: Shape) -> tuple[Symbol, ...]:
    return tuple(d for d in shape if isinstance(d, Symbol))


def count(shape: Shape) -> tuple[int, tuple[Symbol, ...]]:
    """The number of elements as (product of the integers, sorted symbols): comparable while still symbolic."""
    static = math.prod(d for d in shape if isinstance(d, int))
    return static, tuple(sorted(symbols_of(shape), key=lambda s: s.name))


def static_shape(shape: Shape) -> tuple[int, ...]:
    """`shape` as plain integers; ShapeError where a batch extent is still symbolic."""
    if symbols := symbols_of(shape):
        raise ShapeError(f"shape {shape_text(shape)} needs the value of {symbols[0]}")
    return tuple(d for d in shape if isinstance(d, int))


_PARTS: dict[DType, DType] = {COMPLEX["c64"]: FLOAT32, COMPLEX["c128"]: FLOAT64}
_WHOLES: dict[DType, DType] = {part: whole for whole, part in _PARTS.items()}


def part_dtype(dtype: DType) -> DType:
    """That of the real and the imaginary part: float32 for complex64."""
    return _PARTS[dtype]


def whole_dtype(part: DType) -> DType:
    """The complex dtype with such parts: complex64 for float32."""
    return _WHOLES[part]


def interleaved(type: ArrayType) -> ArrayType:
    """A complex type as it lies in memory, f32[3,2] for c64[3]; any other as it is."""
    if type.dtype.kind != "c":
        return type
    return ArrayType(part_dtype(type.dtype), (*type.shape, 2))


def type_of(array: Array) -> ArrayType:
    """The type of a concrete array."""
    return ArrayType(array.dtype, array.shape)
