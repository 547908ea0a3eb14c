"""Short spellings for the examples that primitives give."""

from vtrace.ir.types import DTYPES, ArrayType, Dim

EVERY_KIND = ("f64", "f32", "i64", "i8", "u8", "bool")
"""One dtype of every kind and of the narrow and wide widths: what a primitive that only moves elements is tried on."""


def array(dtype: str, *shape: Dim) -> ArrayType:
    """The array type with the dtype of that short name: `array("f64", 2, 3)` is `f64[2,3]`."""
    return ArrayType(DTYPES[dtype], shape)
