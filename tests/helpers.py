"""What tests of several folders need: inputs for a graph, its constants, and comparison of results."""

import ctypes
import mmap
from collections.abc import Mapping, Sequence

import numpy as np

from vtrace.ir.graph import Graph
from vtrace.ir.types import Array, ArrayType, Symbol, static_shape
from vtrace.ir.verifier import subgraphs

SPECIAL = (0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan"), 1e-310, 0.5)


def random_array(rng: np.random.Generator, type: ArrayType, low: float = -4, high: float = 4) -> Array:
    """An array of a static type: floats in [low, high), integers too, as far as the dtype has them."""
    shape = static_shape(type.shape)
    if type.dtype.kind == "b":
        return np.asarray(rng.integers(0, 2, shape)).astype(bool)
    if type.dtype.kind == "f":
        return np.asarray(rng.uniform(low, high, shape)).astype(type.dtype)
    first = max(int(low), 0) if type.dtype.kind == "u" else int(low)
    return np.asarray(rng.integers(first, max(int(high), first + 1), shape)).astype(type.dtype)


def random_inputs(
    graph: Graph, seed: int, sizes: Mapping[Symbol, int] | None = None, special: bool = False
) -> tuple[Array, ...]:
    """Inputs for `graph`, the same for the same seed; with `special`, NaN, infinities and -0.0 are among the floats."""
    rng = np.random.default_rng(seed)
    arrays = [random_array(rng, t.bind(sizes or {})) for t in graph.input_types]
    for n, array in enumerate(arrays):
        if special and array.dtype.kind == "f":
            values = rng.choice(SPECIAL, array.shape).astype(array.dtype)
            arrays[n] = np.where(rng.uniform(size=array.shape) < 0.3, values, array)
    return tuple(arrays)


def constants_of(graph: Graph) -> dict[str, Array]:
    """The array constants of `graph` and of the graphs inside it, by digest: what `parse` needs beside the text."""
    found = {c.digest: c.data for c in graph.constants() if c.data is not None}
    for equation in graph.equations:
        for inner in subgraphs(equation.primitive):
            found.update(constants_of(inner))
    return found


def assert_close(actual: Sequence[Array], expected: Sequence[Array], ulps: int = 0) -> None:
    """Same dtypes, shapes and values; floats may differ by `ulps` units in the last place, NaN equals NaN."""
    assert len(actual) == len(expected)
    for n, (a, e) in enumerate(zip(actual, expected, strict=True)):
        assert (a.dtype, a.shape) == (e.dtype, e.shape), f"result {n}"
        if e.dtype.kind == "f" and ulps:
            tolerance = ulps * float(np.finfo(e.dtype).eps)
            np.testing.assert_allclose(a, e, rtol=tolerance, atol=float(np.finfo(e.dtype).tiny), err_msg=f"result {n}")
        else:
            np.testing.assert_array_equal(a, e, err_msg=f"result {n}")


def at_the_end_of_a_page(array: Array) -> Array:
    """A copy whose last element is the last one of the memory that may be read."""
    size = -(-array.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    memory = mmap.mmap(-1, size + mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address + size), mmap.PAGESIZE, 0) == 0
    copy = np.frombuffer(memory, array.dtype, array.size, size - array.nbytes).reshape(array.shape)
    copy[...] = array
    return copy
