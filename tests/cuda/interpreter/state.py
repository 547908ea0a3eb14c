"""The threads of a launch: their registers, their numbers, and the memory they can reach."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.cuda.interpreter.memory import GARBAGE, GLOBAL, LOCAL, SHARED, GlobalMemory, MemoryFault, PrivateMemory
from tests.cuda.interpreter.operations import DTYPES
from tests.cuda.interpreter.races import Races, teams_of
from tests.cuda.interpreter.text import WIDTHS, Function
from vtrace.ir.types import Array

WARP = 32
EVERYONE: Any = slice(None)
"""In place of the numbers of threads: all of them."""


class Threads:
    """All threads of a grid."""

    def __init__(self, grid: int, block: int, memory: GlobalMemory, local_bytes: int, shared_bytes: int) -> None:
        self.count = grid * block
        number = np.arange(self.count)
        self.block = number // block
        self.warp = self.block * -(-block // WARP) + number % block // WARP
        self.lane = number % block % WARP
        one = np.ones(self.count, np.uint32)
        self.special = {
            "%tid.x": (number % block).astype(np.uint32),
            "%ctaid.x": self.block.astype(np.uint32),
            "%ntid.x": one * np.uint32(block),
            "%nctaid.x": one * np.uint32(grid),
        }
        self.number = number
        self.races: Races | None = None
        self.memory = memory
        self.local = PrivateMemory(LOCAL, self.count, local_bytes)
        self.shared = PrivateMemory(SHARED, grid, shared_bytes)

    def watch(self, text: str) -> None:
        """From here on, look for races."""
        self.races = Races(teams_of(self, text))

    def _kind(self, memory: Array) -> str:
        """Which memory an array of `places` is part of; empty for local memory, which nobody shares."""
        if np.shares_memory(memory, self.memory.bytes):
            return "global"
        return "shared" if self.shared.size and np.shares_memory(memory, self.shared.bytes) else ""

    def note_read(self, memory: Array, at: Array, threads: Any) -> None:
        if self.races is not None and (kind := self._kind(memory)):
            self.races.note_read(memory, at, self.number[threads], kind)

    def note_write(self, memory: Array, at: Array, values: Array, threads: Any) -> None:
        if self.races is not None and (kind := self._kind(memory)):
            self.races.note_write(memory, at, values, self.number[threads], kind)

    def places(self, addresses: Array, width: int, threads: Any, space: str) -> Any:
        """What memory lies at these addresses of these threads; `space` is empty for an address of any kind."""
        kinds = np.searchsorted([SHARED, GLOBAL], addresses, side="right")
        kind = int(kinds.flat[0]) if kinds.size else 2
        if (kinds != kind).any() or space not in ("", ("local", "shared", "global")[kind]):
            raise MemoryFault(f"an address of {space or 'several kinds of'} memory lies elsewhere")
        if kind == 2:
            return self.memory.places(addresses, width)
        owner, rows = (self.local, self.number) if kind == 0 else (self.shared, self.block)
        return owner.places(np.broadcast_to(rows[threads], addresses.shape), addresses, width)


@dataclass
class Frame:
    """One call of a function by some of the threads."""

    function: Function
    threads: Threads
    registers: dict[str, Array] = field(default_factory=dict)
    parameters: dict[str, Array] = field(default_factory=dict)
    """What lies in parameter space, results and arguments of calls included."""

    def read(self, name: str, threads: Any) -> Array:
        """The bits of a register; rubbish where nothing was written, as LLVM reads such and throws it away."""
        if name not in self.registers:
            kind = self.function.register_type(name)
            raw = (
                np.array(True) if kind == "pred" else np.frombuffer(bytes([GARBAGE] * WIDTHS[kind]), f"u{WIDTHS[kind]}")
            )
            self.write(self.registers, name, EVERYONE, raw)
        return self.registers[name][threads]

    def write(self, table: dict[str, Array], name: str, threads: Any, raw: Array) -> None:
        """Set the value of some threads. Arrays are never changed, as several names may share one."""
        if threads is EVERYONE:
            table[name] = np.broadcast_to(raw, (self.threads.count,))
            return
        old = table.get(name)
        new = np.zeros(self.threads.count, raw.dtype) if old is None else old.copy()
        new[threads] = raw
        table[name] = new


def literal(text: str, type_: str) -> Array:
    """A number in the text, as a value of `type_`."""
    if type_ == "pred":
        return np.array(int(text) != 0)
    dtype = np.dtype(DTYPES[type_])
    if text.startswith("0f"):
        bits, width = int(text[2:], 16), 4
    elif text.startswith("0d"):
        bits, width = int(text[2:], 16), 8
    else:
        bits, width = int(text.removesuffix("U"), 0), WIDTHS[type_]
    value = np.array(bits & ((1 << 8 * width) - 1), f"u{width}")
    return resized(value, dtype)


def resized(raw: Array, dtype: np.dtype[Any]) -> Array:
    """The low bytes of a register as a value of `dtype`."""
    if raw.dtype == np.bool_:
        return raw
    if raw.dtype.itemsize != dtype.itemsize:
        raw = raw.astype(f"u{dtype.itemsize}")
    return raw.view(dtype)


def widened(value: Array, width: int) -> Array:
    """A value as the bits of a register of `width` bytes: signed ones keep their sign."""
    if value.dtype.itemsize == width:
        return value.view(f"u{width}")
    if value.dtype.kind == "i":
        return value.astype(f"i{width}").view(f"u{width}")
    return value.view(f"u{value.dtype.itemsize}").astype(f"u{width}")
