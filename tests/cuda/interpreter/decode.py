"""Instructions to Python functions `run(frame, threads)`, decoded once."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.cuda.interpreter import operations
from tests.cuda.interpreter.memory import LOCAL, SHARED, check_alignment
from tests.cuda.interpreter.operations import ARITHMETIC, DTYPES
from tests.cuda.interpreter.state import WARP, Frame, literal, resized, widened
from tests.cuda.interpreter.text import WIDTHS, Function, Instruction, Module
from vtrace.ir.types import Array

Run = Callable[[Frame, Any], None]
Reader = Callable[[Frame, Any], Array]


class Decoder:
    """Makes the functions for the instructions of one function of a module."""

    def __init__(self, module: Module, function: Function, constants: dict[str, int], local: int) -> None:
        self.module, self.function, self.constants, self.local = module, function, constants, local

    def decode(self, i: Instruction) -> Run:
        name = i.operation[0]
        special = getattr(self, f"_{name}", None)
        if special is not None:
            return special(i)
        type_ = i.operation[-1]
        compute = ARITHMETIC[name]
        counts = {"shl": (1,), "shr": (1,), "bfe": (1, 2)}.get(name, ())
        types = ["u32" if k in counts else self._shift_type(name, type_) for k in range(len(i.operands) - 1)]
        return self._computes(i, types, compute, "u32" if name in ("clz", "popc") else None)

    @staticmethod
    def _shift_type(name: str, type_: str) -> str:
        return type_.replace("b", "u") if name in ("shl", "prmt") and type_[0] == "b" else type_

    def _computes(
        self, i: Instruction, types: list[str], compute: Callable[..., Any], result: str | None = None
    ) -> Run:
        readers = [self.reader(o, t) for o, t in zip(i.operands[1:], types, strict=True)]
        write = self.writer(i.operands[0])

        def run(frame: Frame, threads: Any) -> None:
            write(frame, threads, np.asarray(compute(*(r(frame, threads) for r in readers))))

        return run

    # -- operands -----------------------------------------------------------------------------------------------

    def reader(self, operand: str, type_: str) -> Reader:
        """The value of an operand, as `type_`."""
        if (address := self._symbol(operand)) is not None:
            fixed = np.array(address, np.uint64).astype(DTYPES[type_])
            return lambda frame, threads: fixed
        if not operand.startswith("%"):
            value = literal(operand, type_)
            return lambda frame, threads: value
        if "." in operand:
            return lambda frame, threads: resized(frame.threads.special[operand][threads], np.dtype(DTYPES[type_]))
        dtype = np.dtype(DTYPES[type_])
        return lambda frame, threads: resized(frame.read(operand, threads), dtype)

    def _symbol(self, operand: str) -> int | None:
        """The address of a variable."""
        if operand in self.constants:
            return self.constants[operand]
        if operand in self.module.shared:
            return SHARED + self.module.shared[operand]
        return LOCAL + self.local if operand.startswith("__local_depot") else None

    def writer(self, register: str) -> Callable[[Frame, Any, Array], None]:
        kind = self.function.register_type(register)

        def write(frame: Frame, threads: Any, value: Array) -> None:
            raw = value.astype(bool) if kind == "pred" else widened(value, WIDTHS[kind])
            frame.write(frame.registers, register, threads, raw)

        return write

    def _address(self, operand: str) -> Reader:
        match = re.match(r"\[([%\w$]+)(?:\+(-?\d+))?\]", operand)
        assert match is not None, operand
        base, offset = self.reader(match[1], "u64"), np.uint64(int(match[2] or 0) & (2**64 - 1))

        def read(frame: Frame, threads: Any) -> Array:
            addresses = base(frame, threads) + offset
            return np.broadcast_to(addresses, frame.threads.number[threads].shape)

        return read

    # -- memory -------------------------------------------------------------------------------------------------

    def _ld(self, i: Instruction) -> Run:
        type_ = i.operation[-1]
        if i.operation[1] == "param":
            write, name = self.writer(i.operands[0]), i.operands[1][1:-1]
            dtype = np.dtype(DTYPES[type_])
            return lambda frame, threads: write(frame, threads, resized(frame.parameters[name][threads], dtype))
        writers = [self.writer(r) for r in _registers(i.operands[0])]
        address, width, space = self._address(i.operands[1]), WIDTHS[type_], _space(i)

        def run(frame: Frame, threads: Any) -> None:
            first = address(frame, threads)
            check_alignment(first, width * len(writers))
            values = []
            for k in range(len(writers)):
                if not i.used >> (k * width) & 1:
                    values.append(np.zeros(first.shape, DTYPES[type_]))
                    continue
                memory, at = frame.threads.places(first + np.uint64(k * width), width, threads, space)
                frame.threads.note_read(memory, at, threads)
                values.append(memory[at].view(DTYPES[type_]))
            for write, value in zip(writers, values, strict=True):
                write(frame, threads, value)

        return run

    def _st(self, i: Instruction) -> Run:
        type_ = i.operation[-1]
        if i.operation[1] == "param":
            name, value = i.operands[0][1:-1], self.reader(i.operands[1], type_)
            width = WIDTHS[type_]
            return lambda frame, threads: frame.write(
                frame.parameters, name, threads, widened(value(frame, threads), width)
            )
        readers = [self.reader(r, type_) for r in _registers(i.operands[1])]
        address, width, space = self._address(i.operands[0]), WIDTHS[type_], _space(i)

        def run(frame: Frame, threads: Any) -> None:
            first = address(frame, threads)
            check_alignment(first, width * len(readers))
            for k, read in enumerate(readers):
                memory, at = frame.threads.places(first + np.uint64(k * width), width, threads, space)
                new = widened(read(frame, threads), width)
                frame.threads.note_write(memory, at, new, threads)
                memory[at] = new

        return run

    def _atom(self, i: Instruction) -> Run:
        type_ = i.operation[-1]
        name = next(p for p in i.operation if p in ("add", "min", "max", "and", "or", "xor", "exch"))
        write, address, value = self.writer(i.operands[0]), self._address(i.operands[1]), i.operands[2]
        read, compute, width = self.reader(value, type_), ARITHMETIC[name], WIDTHS[type_]

        def run(frame: Frame, threads: Any) -> None:
            addresses = address(frame, threads)
            check_alignment(addresses, width)
            memory, places = frame.threads.places(addresses, width, threads, _space(i))
            values = np.broadcast_to(read(frame, threads), addresses.shape)
            before = np.empty(addresses.shape, DTYPES[type_])
            for k, at in enumerate(places):  # one after the other
                before[k] = memory[at].view(DTYPES[type_])
                memory[at] = np.asarray(compute(before[k], values[k])).astype(DTYPES[type_]).view(memory.dtype)
            write(frame, threads, before)

        return run

    # -- between threads ----------------------------------------------------------------------------------------

    def _shfl(self, i: Instruction) -> Run:
        assert i.operation[1] == "sync", i
        assert i.operands[3:] == ("31", "-1"), "whole warps take part"
        write, value, other = self.writer(i.operands[0]), self.reader(i.operands[1], "u32"), i.operands[2]
        kind, number = i.operation[2], self.reader(other, "u32")

        def run(frame: Frame, threads: Any) -> None:
            state = frame.threads
            everywhere = np.zeros(state.count, np.uint32)
            everywhere[threads] = value(frame, threads)
            lane = state.lane[threads]
            wanted = number(frame, threads).astype(np.int64)
            source = {"bfly": lane ^ wanted, "idx": wanted}[kind]
            assert ((source >= 0) & (source < WARP)).all()
            write(frame, threads, everywhere[state.number[threads] - lane + source])

        return run

    def _bar(self, i: Instruction) -> Run:
        return lambda frame, threads: None

    _barrier = _bar

    # -- the rest -----------------------------------------------------------------------------------------------

    def _mov(self, i: Instruction) -> Run:
        if "{" in "".join(i.operands):
            return self._parts(i, WIDTHS[i.operation[-1]])
        return self._computes(i, [i.operation[-1]], lambda x: x)

    def _parts(self, i: Instruction, width: int) -> Run:
        """One register from parts in braces, the lowest bits first, or the reverse; `_` is nowhere."""
        whole, half = f"u{8 * width}", 4 * width
        targets, sources = map(_registers, i.operands)
        if len(sources) == 2:
            write, readers = self.writer(targets[0]), [self.reader(s, whole) for s in sources]

            def join(frame: Frame, threads: Any) -> None:
                low, high = (read(frame, threads).astype(np.uint64) for read in readers)
                write(frame, threads, (low | high << np.uint64(half)).astype(DTYPES[whole]))

            return join
        read = self.reader(sources[0], whole)
        writers = [(n, self.writer(t)) for n, t in enumerate(targets) if t != "_"]

        def split(frame: Frame, threads: Any) -> None:
            value = read(frame, threads).astype(np.uint64)
            for n, write in writers:
                write(frame, threads, (value >> np.uint64(n * half)).astype(f"u{width // 2}"))

        return split

    def _cvta(self, i: Instruction) -> Run:
        return self._computes(i, ["u64"], lambda x: x)

    def _cvt(self, i: Instruction) -> Run:
        return self._computes(i, [i.operation[-1]], lambda x: operations.convert(i.operation, x))

    def _setp(self, i: Instruction) -> Run:
        type_ = i.operation[-1]
        return self._computes(i, [type_, type_], lambda x, y: operations.compare(i.operation[1], x, y))

    def _selp(self, i: Instruction) -> Run:
        type_ = i.operation[-1]
        return self._computes(i, [type_, type_, "pred"], lambda x, y, p: np.where(p, x, y))

    def _mul(self, i: Instruction) -> Run:
        return self._computes(i, [i.operation[-1]] * 2, lambda x, y: operations.product(i.operation, x, y))

    def _mad(self, i: Instruction) -> Run:
        type_ = i.operation[-1]
        third = {"s32": "s64", "u32": "u64", "s16": "s32", "u16": "u32"}[type_] if "wide" in i.operation else type_
        return self._computes(i, [type_, type_, third], lambda x, y, z: operations.product(i.operation, x, y) + z)

    def _shf(self, i: Instruction) -> Run:
        return self._computes(
            i, ["u32"] * 3, lambda low, high, count: operations.funnel_shift(i.operation, low, high, count)
        )


def _registers(operand: str) -> list[str]:
    """Those in braces, or the one."""
    return [r.strip() for r in operand.strip("{}").split(",")]


def _space(i: Instruction) -> str:
    """The kind of memory that the instruction says it touches."""
    return next((p for p in i.operation if p in ("global", "shared", "local")), "")
