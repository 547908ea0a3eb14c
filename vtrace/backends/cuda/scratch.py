"""Where a kernel on a GPU keeps what it computes on the way.

    of a thread       registers, up to 2 KiB of local memory, beyond that scratch memory, where the elements of
                      neighbouring threads lie side by side
    of a team         one array for all of its threads, where they divide its elements: in the shared memory of their
                      block while there is room, else in scratch memory

Code that a team runs together computes the same in all of its threads. It writes an element of a shared array only
after all threads have come there: so nobody needs what was there before, and what is written is the same whoever does.
Where the elements are divided, all threads wait for each other before and after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.flat import Flat
from vtrace.backends.cuda.shuffles import WARP
from vtrace.backends.cuda.teams import Teams
from vtrace.backends.procedures import StoragePlace
from vtrace.backends.storage import Storage
from vtrace.backends.values import I1, I8, I32, I64, Register, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index, Value
from vtrace.ir.types import ArrayType, DType, Shape, Symbol, static_shape

LOCAL_BYTES = 2048
"""The most scratch of a thread that is local memory, which a driver reserves for every thread that can be resident."""
SHARED_BYTES = 1 << 15
"""The most shared memory of a block of threads: seven of them have room on a processor of an H200, with 1792 of the
2048 threads that it can have, or 896 in blocks of four warps."""
ALIGNED = 16
"""Bytes: what lies at the addresses of arrays may be read by the widest instructions."""
THREADS = Symbol("%threads")
"""The number of threads of the grid, as the last extent of scratch memory: neighbours' elements lie side by side."""
SHARED_SPACE = 3
"""LLVM's number for the address space of shared memory."""


class DeviceScratch(Teams, Flat):
    """`reserve`, `keep` and `loops` for threads and teams."""

    scratch_bytes: int = 0
    """Of scratch memory beside local memory, for each team, or thread."""
    shared_bytes: int = 0
    """Of shared memory, for each team."""
    thread: Register
    """The number of this thread among those of the grid."""
    number: Register
    """That of its team."""
    within: Register
    """That of its team within the block."""
    teams: Register
    """How many teams there are."""
    block_teams: int
    """How many of them make up a block."""
    memory: Any
    """The beginning of scratch memory."""
    _filling: list[Storage]
    """What is being filled, between two waits."""
    _written = False
    """Whether the divided loop that is being generated writes to what a team shares."""
    _shared: Any = None
    """All of shared memory."""

    # -- reserving ----------------------------------------------------------------------------------------------

    def reserve(self, dtype: DType, shape: Shape, varying: bool) -> Storage:
        if self.divides(shape):
            return self._for_team(dtype, shape)
        size = bytes_of(dtype, shape)
        if self.on_stack + size <= LOCAL_BYTES:
            return super().reserve(dtype, shape, False)
        pointer = self._room(size * self.team)
        return Storage(Buffer(pointer, ArrayType(dtype, (*shape, THREADS))), shape, False)

    def scratch(self, dtype: DType, shape: tuple[int, ...]) -> StoragePlace:
        """Procedures may fill arrays of any size by divided loops over others."""
        if not self.together:
            return super().scratch(dtype, shape)
        return StoragePlace(self, self._for_team(dtype, shape), ArrayType(dtype, shape))

    def _for_team(self, dtype: DType, shape: Shape) -> Storage:
        """One array for all threads of a team."""
        size = whole(bytes_of(dtype, shape))
        pointer = self.shared_room(size, SHARED_BYTES)
        if pointer is None:
            pointer = self._room(size)
            with self.builder.goto_entry_block():
                offset = self.builder.mul(self.number.llvm, ir.Constant(I64, size))
                pointer = self.builder.gep(pointer, [offset], source_etype=I8)
        return Storage(Buffer(pointer, ArrayType(dtype, shape)), shape, False, shared=True)

    def _room(self, size: int) -> Any:
        """The beginning of scratch memory of `size` bytes for each team."""
        first = ir.Constant(I64, self.scratch_bytes)
        self.scratch_bytes += whole(size)
        with self.builder.goto_entry_block():
            offset = self.builder.mul(first, self.teams.llvm)
            return self.builder.gep(self.memory, [offset], source_etype=I8)

    def shared_room(self, size: int, most: int) -> Any:
        """The address of `size` bytes of shared memory for this team; None if a block had more than `most` then."""
        if (self.shared_bytes + size) * self.block_teams > most:
            return None
        if self._shared is None:
            self._shared = ir.GlobalVariable(self.module, ir.ArrayType(I8, 0), "shared", SHARED_SPACE)
            self._shared.linkage, self._shared.align = "internal", ALIGNED
        first = self.shared_bytes * self.block_teams
        self.shared_bytes += size
        content = ir.ArrayType(I8, self.shared_bytes * self.block_teams)
        self._shared.content, self._shared.initializer = content, ir.Constant(content, ir.Undefined)
        with self.builder.goto_entry_block():
            offset = self.builder.mul(self.within.llvm, ir.Constant(I64, size))
            offset = self.builder.add(offset, ir.Constant(I64, first))
            pointer = self.builder.gep(self._shared, [offset], source_etype=I8)
            self.builder.assume_aligned(pointer, ALIGNED, self.declare("llvm.assume", ir.VoidType(), [I1]))
            return pointer

    def _place(self, storage: Storage, index: Index) -> Index:
        return (*index, self.thread) if storage.buffer.type.shape[-1:] == (THREADS,) else index

    # -- writing ------------------------------------------------------------------------------------------------

    def keep(self, storage: Storage, index: Index, value: Value) -> None:
        if storage.shared and not any(storage is s for s in self._filling):
            if self.together:
                self.wait()
            else:
                self._written = True
        super().keep(storage, index, value)

    @contextmanager
    def filling(self, storage: Storage) -> Iterator[None]:
        """Around code that fills an array, and reads nothing of it meanwhile."""
        if not storage.shared:
            yield
            return
        self.wait()
        self._filling.append(storage)
        yield
        self._filling.pop()
        self.wait()

    def loops(self, shape: Shape, innermost: Callable[[Index], None]) -> None:
        if not self.divides(shape):
            super().loops(shape, innermost)
            return
        with self._writing():
            self.share_all(static_shape(shape), 1, lambda _, index: innermost(index))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Around a divided loop: if it writes to what threads share, they wait for each other before and after it."""
        outer, self._written = self._written, False
        wait = ir.Later()
        self.builder.block.lines.append(wait)
        yield
        if self._written:
            wait.text = self._wait_text()
            self.wait()
        self._written = outer

    def wait(self) -> None:
        """Nobody goes on before all threads of the team are here, and all see what each has written."""
        assert self.together, "threads would wait for others that never come"
        text, lines = self._wait_text(), self.builder.block.lines
        if not lines or lines[-1] != text:
            lines.append(text)

    def _wait_text(self) -> str:
        """The instruction, for a warp or for a block of threads."""
        name, number = ("bar.warp.sync", -1) if self.team == WARP else ("barrier.cta.sync.aligned.all", 0)
        function = self.declare(f"llvm.nvvm.{name}", ir.VoidType(), [I32])
        return f"  call void {function.ref}(i32 {number})"


def whole(size: int) -> int:
    """Bytes for `size` of them, so that what follows is aligned."""
    return -(-size // ALIGNED) * ALIGNED


def bytes_of(dtype: DType, shape: Shape) -> int:
    """The size of an array in memory."""
    size = memory_type(dtype).width // 8 if dtype.kind in "biu" else dtype.itemsize
    for extent in static_shape(shape):
        size *= extent
    return int(size)
