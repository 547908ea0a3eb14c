"""Programs on the fake device, from graphs."""

from collections.abc import Sequence

import numpy as np

from vtrace.backends.cuda import DeviceArray, DeviceExecutable, gpu
from vtrace.ir.types import Array


def run(executable: DeviceExecutable, arrays: Sequence[Array]) -> list[Array]:
    """The results of a program for NumPy arrays, copied there and back."""
    where = gpu()
    with where:
        given = [DeviceArray.copy_of(np.array(a, order="C"), where, where.stream) for a in arrays]
        return [r.get() for r in executable.launch(where, where.stream, given)]
