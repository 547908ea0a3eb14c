"""Sorting networks: what sorts every row of zeros and ones sorts every row."""

import itertools

import numpy as np
import pytest

from vtrace.ops.network import apply, network


def rows_of_bits(size: int) -> list[list[float]]:
    """All of them, or for longer rows every number of ones in random order."""
    if size <= 10:
        return [list(map(float, row)) for row in itertools.product((0, 1), repeat=size)]
    rng = np.random.default_rng(size)
    return [rng.permutation(np.arange(size) < ones).astype(float).tolist() for ones in range(size + 1)]


@pytest.mark.parametrize("size", [*range(1, 36), 63, 64, 65, 100])
@pytest.mark.parametrize(("block", "stages"), [(4, 1), (8, 2), (8, 3), (16, 3)])
def test_networks_sort(size: int, block: int, stages: int) -> None:
    net = network(size, block, stages)
    middle = ((size - 1) // 2, size // 2)
    pruned = network(size, block, stages, middle)
    assert pruned.count <= net.count
    for row in rows_of_bits(size)[:: 1 if size > 10 else 7]:
        ordered, parted = row.copy(), row.copy()
        apply(net, ordered)
        assert ordered == sorted(row)
        apply(pruned, parted)
        assert [parted[m] for m in middle] == [ordered[m] for m in middle]
    for step in (*net.start, *net.merges):
        touched = [element for places in step.sets() for element in places]
        assert len(set(touched)) == len(touched)
        assert 0 <= min(touched) <= max(touched) < size
