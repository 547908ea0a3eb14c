"""`vmap`, `jit` and `make_ir`."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from vtrace.api.device import check_device
from vtrace.api.function import Function
from vtrace.api.signature import Mapping
from vtrace.errors import ArgumentError
from vtrace.frontend.axes import Axes, check_axis_size, check_in_axes, check_out_axes
from vtrace.ir.graph import Graph

P = ParamSpec("P")
R = TypeVar("R")


@overload
def vmap(
    f: Callable[P, R],
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    *,
    axis_name: str | None = None,
    axis_size: int | None = None,
    chunk_size: int | None = None,
    progress: bool = False,
    device: str | None = None,
) -> Function[P, R]: ...
@overload
def vmap(
    f: None = None,
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    *,
    axis_name: str | None = None,
    axis_size: int | None = None,
    chunk_size: int | None = None,
    progress: bool = False,
    device: str | None = None,
) -> Callable[[Callable[P, R]], Function[P, R]]: ...
def vmap(
    f: Callable[..., Any] | None = None,
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    *,
    axis_name: str | None = None,
    axis_size: int | None = None,
    chunk_size: int | None = None,
    progress: bool = False,
    device: str | None = None,
) -> Any:
    """Make a function of one example a function of a batch of them.

    `vmap(f)(xs)` is `np.stack([f(x) for x in xs])`, computed by one compiled kernel. Also a decorator, with and without
    arguments: `@vmap`, `@vmap(in_axes=(0, None))`.

    Args:
        f: A function of arrays that returns arrays, or tuples, lists and dicts of them.
        in_axes: The axis of each positional argument to map over, None for one that all examples share. An int or None
            holds for all; a tuple or list has one entry per argument, and an entry for a nested argument may be nested
            alike. Negative axes count from the end. Keyword arguments are mapped along axis 0.
        out_axes: Where the batch axis of the results goes, in the same form. None is for results that do not depend on
            the mapped arguments.
        axis_name: A name for the batch axis.
        axis_size: The size of the batch, needed only where no argument is mapped.
        chunk_size: Run at most so many examples at a time, which bounds the memory for what is kept between kernels.
            The results are the same, and still one array each. Within a traced function it has no effect.
        progress: Show a progress bar on standard error, one step for each chunk.
        device: "cuda" or "cuda:1" runs it on that NVIDIA GPU; NumPy arrays are copied there, and the results back.
            "cpu" is the CPU. None is where the arguments lie: arrays on a GPU, of CuPy, PyTorch, JAX or Numba, stay
            there, and so do the results. Within a traced function it has no effect.

    Raises:
        ArgumentError, AxesError: For axes that are none, at once; for arguments that do not fit them, when called.
        DeviceError: When called, where there is no GPU, or arguments lie on different devices.

    Arguments are arrays, Python numbers, lists of numbers (one array, however nested), and tuples, lists and dicts of
    such. Results are fresh NumPy arrays in the structure that `f` returned; numbers in it become arrays as well. With
    `out=`, an array or a structure of arrays as the results have it, they are written there instead, and `out` is
    returned. It may overlap with the arguments. (If `f` has a parameter `out`, that is meant.)

    >>> import numpy as np
    >>> vmap(np.dot)([[2, 2, 2], [3, 3, 3]], [[4, 4, 4], [5, 5, 5]])
    array([24, 45])
    """
    if axis_name is not None and not isinstance(axis_name, str):
        raise ArgumentError(f"vmap: axis_name must be a string or None, got {axis_name!r}")
    mapping = Mapping(
        check_in_axes(in_axes),
        check_out_axes(out_axes),
        check_axis_size(axis_size),
        axis_name,
        _check_chunk_size(chunk_size),
        progress,
    )
    if progress and chunk_size is None:
        raise ArgumentError("vmap: progress=True shows the progress from chunk to chunk; give chunk_size as well")

    where = check_device("vmap", device)

    def decorate(function: Callable[P, R]) -> Function[P, R]:
        return Function(_callable("vmap", function), mapping, where)

    return decorate if f is None else decorate(f)


def _check_chunk_size(chunk_size: Any) -> int | None:
    """`chunk_size` if it is one."""
    if chunk_size is None or (type(chunk_size) is int and chunk_size > 0):
        return chunk_size
    raise ArgumentError(f"vmap: chunk_size must be a positive integer or None, got {chunk_size!r}")


@overload
def jit(f: Callable[P, R], *, device: str | None = None) -> Function[P, R]: ...
@overload
def jit(f: None = None, *, device: str | None = None) -> Callable[[Callable[P, R]], Function[P, R]]: ...
def jit(f: Callable[..., Any] | None = None, *, device: str | None = None) -> Any:
    """Compile a function without batching it. Python numbers are arguments, not constants: no recompilation for each.

    `device` is as with `vmap`. Also a decorator, with and without arguments.

    >>> jit(lambda x: x * 2)(3)
    array(6)
    """
    where = check_device("jit", device)

    def decorate(function: Callable[P, R]) -> Function[P, R]:
        return Function(_callable("jit", function), None, where)

    return decorate if f is None else decorate(f)


def make_ir(f: Callable[..., Any]) -> Callable[..., Graph]:
    """A function that returns the graph of `f` for the arguments it is called with: arrays, or types as in `inspect`.

    A function made by `vmap` gives its batched graph, any other its graph as it was traced.
    """
    function: Function[..., Any] = f if isinstance(f, Function) else jit(f)

    def graph_of(*args: Any, **kwargs: Any) -> Graph:
        return function.inspect(*args, **kwargs).batched

    return graph_of


def _callable(name: str, f: Callable[P, R]) -> Callable[P, R]:
    if not callable(f):
        raise ArgumentError(f"{name}: expected a function, got {f!r}")
    return f
