"""Running a program one example after the other, by the interpreter."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from vtrace.api.capture import Captured
from vtrace.api.signature import Signature
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import Array, Sizes, Symbol, static_shape
from vtrace.ops.example import running_example


def size_of(signature: Signature, arrays: Sequence[Array]) -> int | None:
    """The number of examples in a call; None where it has no batch."""
    if isinstance(signature.size, int) or signature.size is None:
        return signature.size
    (size, *_) = (a.shape[axis] for a, axis in zip(arrays, signature.axes, strict=True) if axis is not None)
    return int(size)


def sizes_of(signature: Signature, arrays: Sequence[Array]) -> Sizes:
    """The value of the symbol for the size of the batch, if this signature has one."""
    size = size_of(signature, arrays)
    return {signature.size: size} if isinstance(signature.size, Symbol) and size is not None else {}


def part(array: Array, axis: int | None, which: int | slice) -> Array:
    """One example of a mapped array, or some of them; all of one that is not mapped."""
    return array if axis is None else array[(slice(None),) * axis + (which,)]


def example_of(signature: Signature, arrays: Sequence[Array], number: int) -> list[Array]:
    """The arguments of one example."""
    return [np.asarray(part(a, axis, number)) for a, axis in zip(arrays, signature.axes, strict=True)]


def run_examples(captured: Captured, signature: Signature, arrays: Sequence[Array], first: int) -> list[Array]:
    """The results of a program, of which each example is run by itself; the first one is called `first`."""
    size = size_of(signature, arrays)
    types = [t.bind(sizes_of(signature, arrays)) for t in captured.batched.output_types]
    results = [np.empty(static_shape(t.shape), t.dtype) for t in types]
    axes = captured.out_axes or (None,) * len(results)
    for number in range(1 if size is None else size):
        with nullcontext() if size is None else running_example(first + number):
            values = evaluate(captured.traced, *example_of(signature, arrays, number))
        for result, axis, value in zip(results, axes, values, strict=True):
            part(result, axis, slice(number, number + 1))[...] = value if axis is None else np.expand_dims(value, axis)
    return results
