"""Sorting networks: which elements are compared and exchanged, in an order that no data changes.

One network serves any number of lanes at once. Blocks of elements are sorted by Batcher's odd-even merges; then runs
are merged two by two, bitonically: each element with its mirror image in the other run, then with those half a run, a
quarter of a run... away. Several such stages are done at a time, on as many elements as fit registers (a `Step`).
Where the last run is shorter, what would lie behind it counts as larger than anything: those exchanges are left out.
"""

import functools
import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Step:
    """The same exchanges for many sets of elements, none of which sees another.

    There are `blocks` x `inner` sets. Element k of set (b, i) is `first + b * stride + offset + sign * i`, where
    (offset, sign) is `places[k]`. An exchange (a, b) leaves the smaller element in place a of the set.
    """

    places: tuple[tuple[int, int], ...]
    exchanges: Pairs
    first: int = 0
    blocks: int = 1
    stride: int = 0
    inner: int = 1

    @property
    def count(self) -> int:
        """The number of exchanges in all sets."""
        return self.blocks * self.inner * len(self.exchanges)

    def sets(self) -> Iterator[tuple[int, ...]]:
        """The elements of each set."""
        for block in range(self.blocks):
            for i in range(self.inner):
                base = self.first + block * self.stride
                yield tuple(base + offset + sign * i for offset, sign in self.places)


@dataclass(frozen=True)
class Network:
    """Steps one after the other. Those of `start` touch every element once, and come first."""

    start: tuple[Step, ...]
    merges: tuple[Step, ...]

    @property
    def count(self) -> int:
        """The number of exchanges."""
        return sum(step.count for step in (*self.start, *self.merges))


@functools.lru_cache(maxsize=64)
def network(size: int, block: int, stages: int, wanted: Collection[int] | None = None) -> Network:
    """What sorts `size` elements, in blocks of `block` (a power of two) and up to `stages` stages at a time.

    With `wanted`, only the elements that end at these positions are sure to be right.
    """
    start = []
    whole, rest = divmod(size, block)
    if whole:
        start.append(Step(_in_a_row(block), odd_even(block), 0, whole, block))
    if rest:
        start.append(Step(_in_a_row(rest), odd_even(rest), whole * block))
    merges: list[Step] = []
    run = block
    while run < size:
        last = 2 * run >= size
        merges += _merge(size, run, stages, wanted if last else None)
        run *= 2
    return Network(tuple(start), tuple(merges))


def _in_a_row(size: int) -> tuple[tuple[int, int], ...]:
    return tuple((n, 1) for n in range(size))


def odd_even(size: int) -> Pairs:
    """Batcher's odd-even merge sort of any number of elements."""
    pairs: list[tuple[int, int]] = []
    run = 1
    while run < size:
        distance = run
        while distance:
            for start in range(distance % run, size - distance, 2 * distance):
                ends = range(start, min(start + distance, size - distance))
                pairs += [(a, a + distance) for a in ends if a // (2 * run) == (a + distance) // (2 * run)]
            distance //= 2
        run *= 2
    return tuple(pairs)


def _merge(size: int, run: int, stages: int, wanted: Collection[int] | None) -> Iterator[Step]:
    """Merge the sorted runs of `run` elements two by two; a last one without a partner stays as it is."""
    whole, rest = divmod(size, 2 * run)
    end = size if rest > run else size - rest
    first, *others = _shares(run.bit_length(), stages)
    yield from _mirrored(run, first, whole)
    if rest > run:
        tail = next(_mirrored(run, first, 1))
        yield from _up_to(tail, rest, size - rest)
    distance = run >> (first - 1)
    for count in others:
        distance >>= count
        yield from _halved(end, distance, count, wanted)


def _shares(total: int, most: int) -> list[int]:
    """`total` stages in the fewest parts of at most `most`, the later ones as large as they can be."""
    parts = -(-total // most)
    return [total - most * (parts - 1), *[most] * (parts - 1)]


def _mirrored(run: int, stages: int, groups: int) -> Iterator[Step]:
    """The first stages of merging two runs: exchanges with the mirror image, then within each run."""
    if not groups:
        return
    half = 1 << (stages - 1)
    step = run // half
    lower = [(a * step, 1) for a in range(half)]
    upper = [(2 * run - 1 - a * step, -1) for a in range(half)]
    pairs = [(a, half + a) for a in range(half)]
    for distance, a in _aligned(half):
        pairs += [(a, a + distance), (half + a + distance, half + a)]
    yield Step((*lower, *upper), tuple(pairs), 0, groups, 2 * run, step)


def _halved(end: int, distance: int, stages: int, wanted: Collection[int] | None) -> Iterator[Step]:
    """Exchanges within `2**stages` elements that lie `distance` apart, in all of [0, end)."""
    size = 1 << stages
    pairs = tuple((a, a + d) for d, a in _aligned(size))
    step = Step(tuple((a * distance, 1) for a in range(size)), pairs, 0, 1, size * distance, distance)
    whole, rest = divmod(end, step.stride)
    for first, blocks in _ranges(whole, step.stride, wanted):
        yield replace(step, first=first * step.stride, blocks=blocks)
    if rest and (wanted is None or any(w >= whole * step.stride for w in wanted)):
        yield from _up_to(step, rest, whole * step.stride)


def _aligned(size: int) -> Iterator[tuple[int, int]]:
    """(distance, a) for the exchanges (a, a + distance) of `size` elements, from half of them down to neighbours."""
    distance = size // 2
    while distance:
        yield from ((distance, a) for a in range(size) if not a & distance)
        distance //= 2


def _ranges(blocks: int, stride: int, wanted: Collection[int] | None) -> Iterator[tuple[int, int]]:
    """The first one and the number of neighbouring blocks that are needed."""
    if wanted is None:
        if blocks:
            yield 0, blocks
        return
    needed = sorted({w // stride for w in wanted if w < blocks * stride})
    while needed:
        length = next((n for n in range(1, len(needed)) if needed[n] != needed[0] + n), len(needed))
        yield needed[0], length
        needed = needed[length:]


def _up_to(step: Step, room: int, first: int) -> Iterator[Step]:
    """One block of `step`, moved to `first`, of which there are only the first `room` elements."""
    bounds = {0, step.inner}
    for offset, sign in step.places:  # where an element leaves or enters the room as i grows
        bounds.add(room - offset if sign > 0 else offset - room + 1)
    edges = sorted(b for b in bounds if 0 <= b <= step.inner)
    for low, high in itertools.pairwise(edges):
        present = [n for n, (offset, sign) in enumerate(step.places) if offset + sign * low < room]
        number = {n: k for k, n in enumerate(present)}
        pairs = tuple((number[a], number[b]) for a, b in step.exchanges if a in number and b in number)
        if pairs:
            places = tuple((step.places[n][0] + step.places[n][1] * low, step.places[n][1]) for n in present)
            yield Step(places, pairs, first, 1, 0, high - low)


def apply(net: Network, elements: list[float]) -> None:
    """Sort a list in place, as the steps say: for tests, and to see what they do."""
    for step in (*net.start, *net.merges):
        for places in step.sets():
            for a, b in step.exchanges:
                low, high = places[a], places[b]
                if elements[high] < elements[low]:
                    elements[low], elements[high] = elements[high], elements[low]
