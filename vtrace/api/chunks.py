"""A batch that is run in parts, so that what is kept between kernels never grows beyond one part.

The program is the same for every size, and so are the bits of each example.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from vtrace.api.examples import part, size_of
from vtrace.api.program import Program
from vtrace.api.signature import Signature
from vtrace.ir.types import Array


def is_divided(signature: Signature, arrays: Sequence[Array], chunk_size: int | None) -> bool:
    """Whether a call is to be run in several parts; where nothing is mapped, there is nothing to divide."""
    if chunk_size is None or all(axis is None for axis in signature.axes):
        return False
    return (size_of(signature, arrays) or 0) > chunk_size


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
    size = size_of(signature, arrays) or 0
    for start in _steps(range(0, size, chunk_size), title):
        some = slice(start, min(start + chunk_size, size))
        arguments = [part(a, axis, some) for a, axis in zip(arrays, signature.axes, strict=True)]
        results = [part(t, axis, some) for t, axis in zip(targets, program.out_axes, strict=True)]
        program.write([np.ascontiguousarray(a) if a.ndim else a for a in arguments], results, start)


def _steps(steps: range, title: str | None) -> Iterable[int]:
    if title is None:
        return steps
    from tqdm import tqdm  # nobody else needs it

    return tqdm(steps, desc=title, unit="chunk")  # type: ignore[no-any-return]  # tqdm has no types
