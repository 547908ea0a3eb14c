"""`ComplexTracer`: a traced complex array, which is a pair of traced real ones. Nothing below the frontend has any.

Functions of NumPy that move elements, choose or add them up work on both parts alike; they get their meaning from
`PRIMITIVE_RULES`, by the primitive that they emit for real arrays. Ufuncs have one of their own in `UFUNC_RULES`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import Array, ArrayType, DType, part_dtype, whole_dtype

Rule = Callable[..., Any]

PRIMITIVE_RULES: dict[type[Primitive], Rule] = {}
"""Primitive -> what it does where operands are complex: (the primitive, its operands) -> its result."""

UFUNC_RULES: dict[np.ufunc, Rule] = {}
"""Ufunc -> its results for operands of one shape, in the dtypes that NumPy asks for, of which one is complex."""

_R = TypeVar("_R", bound=Rule)


def complex_rule(*classes: type[Primitive]) -> Callable[[_R], _R]:
    """Make the decorated function the meaning of these primitives for complex operands."""

    def register(rule: _R) -> _R:
        PRIMITIVE_RULES.update(dict.fromkeys(classes, rule))
        return rule

    return register


def complex_ufunc(*ufuncs: np.ufunc) -> Callable[[_R], _R]:
    """Make the decorated function the meaning of these ufuncs for complex operands."""

    def register(rule: _R) -> _R:
        UFUNC_RULES.update(dict.fromkeys(ufuncs, rule))
        return rule

    return register


class ComplexTracer(Tracer):
    """Stands for a complex array: `re` and `im` are its parts, real tracers of one shape.

    They are variables, as every tracer is, and `x.real` is the very tracer `re`: what is assigned to the one shows in
    the other, as in NumPy. A view of a complex array is a pair of views.
    """

    __slots__ = ("argument", "im", "re")

    def __init__(self, re: Tracer, im: Tracer, weak: bool = False, argument: str = "") -> None:
        super().__init__(re.atom, re.frame, weak, None if argument else re.source)
        del self.atom  # there are two: whoever asks for one has forgotten about complex numbers
        self.re = re
        self.im = im
        self.argument = argument
        """What the user calls it, if it is one."""

    @property
    def type(self) -> ArrayType:
        return ArrayType(self.dtype, self.re.type.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.re.shape

    @property
    def dtype(self) -> DType:
        return whole_dtype(self.re.dtype)

    @property
    def is_constant(self) -> bool:
        return self.re.is_constant and self.im.is_constant

    def constant(self) -> Array:
        return joined(self.re.constant(), self.im.constant())

    @property
    def name(self) -> str:
        return self.argument


def joined(re: Array, im: Array) -> Array:
    """A complex array of its parts; arithmetic would make NaNs of infinities."""
    result = np.empty(re.shape, whole_dtype(re.dtype))
    result.real, result.imag = re, im
    return result


def split(tracers: Iterable[Tracer]) -> list[Tracer]:
    """Real tracers: of a complex one, both parts."""
    return [part for t in tracers for part in ((t.re, t.im) if isinstance(t, ComplexTracer) else (t,))]


def split_types(types: Iterable[ArrayType]) -> list[ArrayType]:
    """The types of the tracers that `split` gives."""
    return [
        part
        for t in types
        for part in ((t.with_dtype(part_dtype(t.dtype)),) * 2 if t.dtype.kind == "c" else (t,))
    ]  # fmt: skip


def split_names(names: Iterable[str], dtypes: Iterable[DType]) -> list[str]:
    """What `split` makes of values of these names: `z_re` and `z_im` of a complex one."""
    return [
        part
        for name, dtype in zip(names, dtypes, strict=True)
        for part in ((f"{name}_re", f"{name}_im") if dtype.kind == "c" else (name,))
    ]


def regroup(tracers: Sequence[Tracer], dtypes: Iterable[DType], weak: Iterable[bool]) -> list[Tracer]:
    """The reverse of `split`: values of these dtypes, marked as Python numbers where `weak`."""
    rest = iter(tracers)
    result: list[Tracer] = []
    for dtype, is_weak in zip(dtypes, weak, strict=True):
        part = next(rest)
        if dtype.kind == "c":
            result.append(ComplexTracer(part, next(rest), is_weak, part.name.removesuffix("_re")))
        else:
            result.append(marked(part, is_weak))
    return result


def marked(tracer: Tracer, weak: bool) -> Tracer:
    """The same value, a Python number or not."""
    if isinstance(tracer, ComplexTracer):
        return ComplexTracer(tracer.re, tracer.im, weak)
    return Tracer(tracer.atom, tracer.frame, weak, tracer.source)
