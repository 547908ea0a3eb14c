"""Running a kernel: which threads go next, and where they wait for each other."""

from collections.abc import Sequence

import numpy as np

from tests.cuda.interpreter.decode import Decoder, Run
from tests.cuda.interpreter.memory import GlobalMemory
from tests.cuda.interpreter.state import EVERYONE, Frame, Threads
from tests.cuda.interpreter.text import SYNCHRONISING, WIDTHS, Function, Instruction, parse
from vtrace.ir.types import Array

ORDERS = ("together", "first", "last")
"""Threads at the same place run together; or each by itself as far as it can, from the first on or from the last on.

Where a barrier is missing, some of these give different results."""
WATCHED = "watched"
"""Together, and whoever touches the same memory between two barriers is found."""
_DONE = 1 << 30


class Deadlock(Exception):
    """Threads wait for others that will never come."""


class Code:
    """The blocks of one function, ready to run."""

    def __init__(self, function: Function, decoder: Decoder) -> None:
        self.function = function
        self.blocks: list[tuple[list[tuple[Instruction, Run | None]], Instruction | None]] = []
        for block in function.blocks:
            last = block[-1] if block and block[-1].operation[0] in ("bra", "ret", "exit") else None
            body = block if last is None else block[:-1]
            steps = [(i, None if i.operation[0] == "call" else decoder.decode(i)) for i in body]
            self.blocks.append((steps, last))


class LoadedModule:
    """A PTX module on a device."""

    def __init__(self, text: str, memory: GlobalMemory) -> None:
        self.module, self.memory, self.text = parse(text), memory, text
        constants = {}
        for name, content in self.module.constants.items():
            constants[name] = memory.allocate(len(content))
            memory.view(constants[name], len(content))[:] = np.frombuffer(content, np.uint8)
        self.local_bytes, self.code = 0, {}
        for name, function in self.module.functions.items():
            self.code[name] = Code(function, Decoder(self.module, function, constants, self.local_bytes))
            self.local_bytes += -(-function.depot // 16) * 16

    def launch(self, name: str, grid: int, block: int, arguments: Sequence[int], order: str = "together") -> None:
        """Run a kernel of `grid` blocks of `block` threads to its end."""
        threads = Threads(grid, block, self.memory, self.local_bytes, self.module.shared_bytes)
        frame = Frame(self.code[name].function, threads)
        for (parameter, type_), value in zip(frame.function.parameters, arguments, strict=True):
            width = WIDTHS[type_]
            raw = np.array(value & ((1 << 8 * width) - 1), f"u{width}")
            frame.parameters[parameter] = np.broadcast_to(raw, (threads.count,))
        if order == WATCHED:
            threads.watch(self.text)
        with np.errstate(all="ignore"):
            _Run(self, frame, order).go(threads.number)


class _Run:
    """One function in execution by some of the threads."""

    def __init__(self, module: LoadedModule, frame: Frame, order: str) -> None:
        self.module, self.frame, self.order = module, frame, order
        self.code = module.code[frame.function.name]
        self.place = np.full(frame.threads.count, _DONE)
        """The block where each thread is."""
        self.waiting = np.zeros(frame.threads.count, bool)

    def go(self, threads: Array) -> None:
        self.place[threads] = 0
        while True:
            ready = (self.place != _DONE) & ~self.waiting
            if not ready.any():
                if not self.waiting.any():
                    return
                self._release()
                continue
            chosen, number = self._next(ready)
            if self._synchronises(number):
                self.waiting[chosen] = True
            else:
                self._block(number, chosen)

    def _next(self, ready: Array) -> tuple[Array, int]:
        if self.order in ("together", WATCHED):
            number = int(self.place[ready].min())
            return np.nonzero(ready & (self.place == number))[0], number
        thread = np.nonzero(ready)[0][0 if self.order == "first" else -1]
        return np.array([thread]), int(self.place[thread])

    def _synchronises(self, number: int) -> bool:
        steps, _ = self.code.blocks[number]
        return bool(steps) and steps[0][0].operation[0] in SYNCHRONISING

    def _block(self, number: int, chosen: Array) -> None:
        threads = EVERYONE if chosen.size == self.place.size else chosen
        steps, last = self.code.blocks[number]
        for instruction, run in steps:
            if run is None:
                self._call(instruction, chosen)
            else:
                assert instruction.predicate is None, instruction
                run(self.frame, threads)
        self._leave(number, last, chosen)

    def _leave(self, number: int, last: Instruction | None, chosen: Array) -> None:
        target = number + 1
        if last is not None:
            target = self.code.function.labels[last.operands[0]] if last.operation[0] == "bra" else _DONE
        if last is None or last.predicate is None:
            self.place[chosen] = target
            return
        taken = self.frame.read(last.predicate, chosen) ^ last.negated
        self.place[chosen] = np.where(taken, target, number + 1)

    def _call(self, instruction: Instruction, chosen: Array) -> None:
        code = self.module.code[instruction.callee]
        names = instruction.operands
        inner = Frame(code.function, self.frame.threads)
        for (parameter, _), name in zip(code.function.parameters, names[instruction.results :], strict=True):
            inner.parameters[parameter] = self.frame.parameters[name]
        _Run(self.module, inner, "together").go(chosen)
        for (result, _), name in zip(code.function.returns, names[: instruction.results], strict=True):
            self.frame.write(self.frame.parameters, name, chosen, inner.parameters[result][chosen])

    def _release(self) -> None:
        """Let go all those whose group (warp or block of threads) has come to the same barrier or shuffle."""
        released = False
        for number in np.unique(self.place[self.waiting]):
            steps, _ = self.code.blocks[number]
            instruction, run = steps[0]
            assert run is not None
            state = self.frame.threads
            group = state.warp if _is_of_warp(instruction) else state.block
            here = self.waiting & (self.place == number)
            missing = set(group[(self.place != _DONE) & ~here])
            free = np.array([t for t in np.nonzero(here)[0] if group[t] not in missing], int)
            if free.size:
                run(self.frame, free)
                if state.races is not None and instruction.operation[0] != "shfl":
                    state.races.pass_barrier(free)
                self.waiting[free] = False
                self.place[free] = number + 1
                released = True
        if not released:
            raise Deadlock(f"{int(self.waiting.sum())} threads wait for others that are elsewhere")


def _is_of_warp(instruction: Instruction) -> bool:
    return instruction.operation[0] == "shfl" or "warp" in instruction.operation
