"""A batch that is run in parts, so that what is kept between kernels never grows beyond one part.

The program is the same for every size, and so are the bits of each example.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from vtrace.api.program import Program
from vtrace.api.signature import Signature
from vtrace.ir.types import Array, Sizes, Symbol


def size_of(signature: Signature, arrays: Sequence[Array]) -> int:
    """The number of examples in this call; 0 where nothing is mapped, so that there is nothing to divide."""
    return next((a.shape[axis] for a, axis in zip(arrays, signature.axes, strict=True) if axis is not None), 0)


def sizes_of(signature: Signature, arrays: Sequence[Array]) -> Sizes:
    """The value of the symbol for the size of the batch, if this signature has one."""
    return {signature.size: size_of(signature, arrays)} if isinstance(signature.size, Symbol) else {}


def run_chunks(
    program: Program,
    signature: Signature,
    arrays: Sequence[Array],
    targets: Sequence[Array],
    chunk_size: int,
    title: str | None,
) -> None:
    """Write the results for `arrays` to `targets`, `chunk_size` examples at a time.

    `title` is that of a progress bar; None for no bar.
    """
    size = size_of(signature, arrays)
    places = [_batch_axis(t.shape) for t in program.batched.output_types]
    for start in _steps(range(0, size, chunk_size), title):
        stop = min(start + chunk_size, size)
        arguments = [_part(a, axis, start, stop) for a, axis in zip(arrays, signature.axes, strict=True)]
        results = [_part(t, axis, start, stop) for t, axis in zip(targets, places, strict=True)]
        program.write([np.ascontiguousarray(a) if a.ndim else a for a in arguments], results)


def _batch_axis(shape: Sequence[object]) -> int | None:
    return next((axis for axis, dim in enumerate(shape) if isinstance(dim, Symbol)), None)


def _part(array: Array, axis: int | None, start: int, stop: int) -> Array:
    return array if axis is None else array[(slice(None),) * axis + (slice(start, stop),)]


def _steps(steps: range, title: str | None) -> Iterable[int]:
    if title is None:
        return steps
    from tqdm import tqdm  # nobody else needs it

    return tqdm(steps, desc=title, unit="chunk")  # type: ignore[no-any-return]  # tqdm has no types
