"""Which threads touch the same bytes with no barrier between, whatever the order in which they run.

Between two barriers of its team a thread may read what only it has written, or what nobody writes. Two threads may
write the same byte if they write the same; whoever reads it then must have written it too. Shuffles bring threads
together, but say nothing of memory. Atomics are left out.
"""

from typing import Any

import numpy as np

from vtrace.ir.types import Array

_NOBODY = -1


class Race(Exception):
    """Two threads touch the same byte, one of them changes it, and no barrier is between."""


class _Bytes:
    """Of one memory: for each byte, who wrote and who read it last, and between which barriers."""

    def __init__(self, size: int) -> None:
        self.writer, self.reader = (np.full(size, _NOBODY, np.int32) for _ in range(2))
        self.written, self.read = (np.zeros(size, np.int32) for _ in range(2))
        """The number of barriers before."""
        self.changed, self.by_all, self.by_many = (np.zeros(size, bool) for _ in range(3))
        """Whether that changed it; whether all threads of the team wrote it; whether several have read it."""


class Races:
    """The threads of a launch; `team` has the number of its team for each, all of the same size."""

    def __init__(self, team: Array) -> None:
        self._team = team
        self._size = int((team == team[0]).sum())
        self._barriers = np.zeros(team.size, np.int32)
        self._memories: dict[str, _Bytes] = {}

    def pass_barrier(self, threads: Array) -> None:
        self._barriers[threads] += 1

    def _of(self, memory: Array, space: str) -> _Bytes:
        known = self._memories.get(space)
        if known is None:
            known = self._memories[space] = _Bytes(memory.nbytes)
        return known

    def _unordered(self, other: Array, when: Array, threads: Array) -> Array:
        """Whether what `other` threads did `when` may happen before or after what these threads do now."""
        mine = (self._team[other] == self._team[threads]) & (when != self._barriers[threads])
        return (other != _NOBODY) & ~mine

    def note_read(self, memory: Array, at: Array, threads: Array, space: str) -> None:
        """Threads read elements `at` of a memory."""
        known, (byte, thread) = self._of(memory, space), _each_byte(memory, at, threads)
        own = known.by_all[byte] & (self._team[known.writer[byte]] == self._team[thread])
        bad = self._unordered(known.writer[byte], known.written[byte], thread) & known.changed[byte] & ~own
        self._tell(bad & (known.writer[byte] != thread), known.writer[byte], thread, "reads what it has written")
        fresh = ~self._unordered(known.reader[byte], known.read[byte], thread)
        known.by_many[byte[fresh]] = False
        first = known.reader[byte]
        known.reader[byte[fresh]], known.read[byte[fresh]] = thread[fresh], self._barriers[thread[fresh]]
        known.by_many[byte[(known.reader[byte] != thread) | (~fresh & (first != thread))]] = True

    def note_write(self, memory: Array, at: Array, values: Array, threads: Array, space: str) -> None:
        """Threads are about to write elements `at`."""
        known, (byte, thread) = self._of(memory, space), _each_byte(memory, at, threads)
        new = np.ascontiguousarray(np.broadcast_to(values, at.shape)).view(np.uint8).reshape(-1)
        changes = new != memory.view(np.uint8).reshape(-1)[byte]
        before = self._unordered(known.writer[byte], known.written[byte], thread)
        self._tell(before & changes & (known.writer[byte] != thread), known.writer[byte], thread, "writes over it")
        readers = self._unordered(known.reader[byte], known.read[byte], thread)
        others = (known.reader[byte] != thread) | known.by_many[byte]
        self._tell(readers & changes & others, known.reader[byte], thread, "changes what it has read")
        where, first, place, times = np.unique(byte, return_index=True, return_inverse=True, return_counts=True)
        self._tell(new != new[first][place], thread[first][place], thread, "writes something else at the same time")
        known.changed[where] = changes[first] | (before[first] & known.changed[where])
        known.by_all[where] = times == self._size
        known.writer[byte], known.written[byte] = thread, self._barriers[thread]

    @staticmethod
    def _tell(bad: Array, other: Array, threads: Array, what: str) -> None:
        if bad.any():
            raise Race(f"thread {threads[bad][0]} {what}: thread {other[bad][0]}")


def _each_byte(memory: Array, at: Array, threads: Array) -> tuple[Array, Array]:
    """The bytes of elements, and the thread of each."""
    width = memory.dtype.itemsize
    byte = (at.astype(np.int64)[:, None] * width + np.arange(width)).reshape(-1)
    return byte, np.repeat(threads, width)


def teams_of(state: Any, text: str) -> Array:
    """The number of the team of each thread: a block where there are barriers for one, else a warp."""
    return state.block if "bar.sync" in text or "barrier" in text else state.warp
