"""The code of a program's entry (see `entry`), written with llvmlite."""

from collections.abc import Callable, Sequence
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends import objects
from vtrace.backends.entry import (
    DECREF,
    ENTRY,
    FIRST_FREE,
    INCREF,
    LIMIT,
    NDARRAY,
    NEW_ARRAY,
    NEW_TUPLE,
    NONE,
    WORDS,
    Plan,
)
from vtrace.backends.extents import symbols_in
from vtrace.backends.record import NO_FAULT, RECORD_LENGTH
from vtrace.backends.values import I8, I32, I64, POINTER
from vtrace.ir.graph import Var
from vtrace.ir.types import DTYPES, ArrayType, Symbol, short_name

_READY = 0x0101
"""NPY_ARRAY_C_CONTIGUOUS and NPY_ARRAY_ALIGNED."""
_WORD = 8


class EntryCode:
    """The entry's code, while it is written."""

    def __init__(self, module: Any, kernel: Any, plan: Plan) -> None:
        self.plan = plan
        words = ir.ArrayType(I64, FIRST_FREE + len(plan.program.inputs) + len(plan.constants))
        self.words = ir.GlobalVariable(module, words, WORDS)
        self.words.initializer = ir.Constant(words, None)
        self.kernel = kernel
        self.function = ir.Function(module, ir.FunctionType(POINTER, [POINTER]), ENTRY)
        for attribute in ("noinline", "optnone"):  # nothing to gain here, and compiling it takes half as long
            self.function.attributes[attribute] = None
        kernel.attributes["noinline"] = None
        self.builder = ir.IRBuilder(self.function.append_basic_block("start"))
        self.misfit = self.function.append_basic_block("misfit")
        self.size: Any = ir.Constant(I64, 1)
        """The extent of the batch."""

    def write(self) -> None:
        arguments = self._arguments()
        self._require("<=", self.size, self._word(LIMIT))
        results, whole = self._results()
        record = self._run(arguments, results)
        done, fault = self.function.append_basic_block("done"), self.function.append_basic_block("fault")
        self.builder.cbranch(self.builder.icmp_signed("==", record, ir.Constant(I64, NO_FAULT)), done, fault)
        self.builder.position_at_end(done)
        self.builder.ret(whole)
        self.builder.position_at_end(fault)
        self._call(DECREF, ir.VoidType(), whole)
        self.builder.branch(self.misfit)
        self.builder.position_at_end(self.misfit)
        nothing = self._word(NONE, POINTER)
        self._call(INCREF, ir.VoidType(), nothing)
        self.builder.ret(nothing)

    # -- pieces of code -----------------------------------------------------------------------------------------

    def _at(self, base: Any, offset: int) -> Any:
        return self.builder.gep(base, [ir.Constant(I64, offset)], source_etype=I8)

    def _field(self, base: Any, offset: int, type_: Any) -> Any:
        return self.builder.load(self._at(base, offset), typ=type_)

    def _word(self, number: int, type_: Any = I64) -> Any:
        return self._field(self.words, _WORD * number, type_)

    def _call(self, number: int, result: Any, *args: Any) -> Any:
        """Call the C function whose address is in a word."""
        type_ = ir.FunctionType(result, [a.type for a in args])
        return self.builder.call(self._word(number, POINTER), args, type_)

    def _require(self, comparison: str, x: Any, y: Any) -> None:
        """Go on only if the comparison holds."""
        good = self.function.append_basic_block("good")
        self.builder.cbranch(self.builder.icmp_signed(comparison, x, y), good, self.misfit)
        self.builder.position_at_end(good)

    # -- the steps ----------------------------------------------------------------------------------------------

    def _arguments(self) -> list[Any]:
        """Check the arguments, and find the extent of the batch; the addresses of their data."""
        (args,) = self.function.args
        inputs = self.plan.program.inputs
        self._require("==", self._field(args, objects.LENGTH, I64), ir.Constant(I64, len(inputs)))
        known: Any = None
        pointers = []
        for number, var in enumerate(inputs):
            array = self._field(args, objects.ITEMS + _WORD * number, POINTER)
            self._require("==", self._field(array, objects.TYPE, I64), self._word(NDARRAY))
            self._require("==", self._field(array, objects.DESCR, I64), self._word(FIRST_FREE + number))
            ready = self.builder.and_(self._field(array, objects.FLAGS, I32), ir.Constant(I32, _READY))
            self._require("==", ready, ir.Constant(I32, _READY))
            self._require("==", self._field(array, objects.NDIM, I32), ir.Constant(I32, var.type.rank))
            dimensions = self._field(array, objects.DIMENSIONS, POINTER)
            for axis, dim in enumerate(var.type.shape):
                extent = self._field(dimensions, _WORD * axis, I64)
                if isinstance(dim, Symbol) and known is None:
                    known = self.size = extent
                else:
                    wanted = self.size if isinstance(dim, Symbol) else ir.Constant(I64, dim)
                    self._require("==", extent, wanted)
            pointers.append(self._field(array, objects.DATA, POINTER))
        return pointers

    def _results(self) -> tuple[list[Any], Any]:
        """New arrays for the kernel's results, and what to return: the array, or the tuple of them."""
        outputs = self.plan.program.outputs
        if len(outputs) == 1:
            array = self._new_array(outputs[0].type, self._require_object)
            return [array], array
        whole = self._require_object(self._call(NEW_TUPLE, POINTER, ir.Constant(I64, len(outputs))))

        def release(array: Any) -> Any:
            """An array, or the end of the call; dropping the tuple drops the arrays that are in it."""
            return self._require_object(array, lambda: self._call(DECREF, ir.VoidType(), whole))

        arrays = {}
        for place, atom in enumerate(outputs):
            arrays[atom] = self._new_array(atom.type, release)
            self.builder.store(arrays[atom], self._at(whole, objects.ITEMS + _WORD * place))
        return [arrays[v] for v in self.plan.program.equations[0].outputs], whole

    def _require_object(self, object_: Any, otherwise: Callable[[], Any] = lambda: None) -> Any:
        """Go on unless the call that made an object has failed; the exception is set then."""
        failed, good = self.function.append_basic_block("failed"), self.function.append_basic_block("made")
        self.builder.cbranch(self.builder.icmp_unsigned("==", object_, ir.Constant(POINTER, None)), failed, good)
        self.builder.position_at_end(failed)
        otherwise()
        self.builder.ret(ir.Constant(POINTER, None))
        self.builder.position_at_end(good)
        return object_

    def _new_array(self, type_: ArrayType, checked: Callable[[Any], Any]) -> Any:
        dimensions = self._on_stack(max(type_.rank, 1))
        for axis, dim in enumerate(type_.shape):
            extent = self.size if isinstance(dim, Symbol) else ir.Constant(I64, dim)
            self.builder.store(extent, self._at(dimensions, _WORD * axis))
        rank, number, zero = (ir.Constant(I32, n) for n in (type_.rank, DTYPES[short_name(type_.dtype)].num, 0))
        null = ir.Constant(POINTER, None)
        class_ = self._word(NDARRAY, POINTER)
        return checked(self._call(NEW_ARRAY, POINTER, class_, rank, dimensions, number, null, null, zero, zero, null))

    def _on_stack(self, words: int) -> Any:
        with self.builder.goto_entry_block():
            return self.builder.alloca(I64, words)

    def _run(self, arguments: Sequence[Any], results: Sequence[Any]) -> Any:
        """Run the kernel; the position of the first fault."""
        constants = iter(range(FIRST_FREE + len(arguments), FIRST_FREE + len(arguments) + len(self.plan.constants)))
        position = {v: n for n, v in enumerate(self.plan.program.inputs)}
        record = self._on_stack(RECORD_LENGTH)
        self.builder.store(ir.Constant(I64, NO_FAULT), record)
        self.builder.store(ir.Constant(I64, 0), self._at(record, _WORD))
        slots = [
            arguments[position[a]] if isinstance(a, Var) else self._word(next(constants))
            for a in self.plan.program.equations[0].inputs
        ]
        slots += [self._field(array, objects.DATA, POINTER) for array in results]
        slots.append(record)
        slots += [self.size] * len(symbols_in(self.plan.kernel))
        block = self._on_stack(len(slots))
        for number, slot in enumerate(slots):
            word = slot if slot.type == I64 else self.builder.ptrtoint(slot, I64)
            self.builder.store(word, self._at(block, _WORD * number))
        length: Any = ir.Constant(I64, 1)
        for dim in self.plan.layout.extents:
            length = self.builder.mul(length, self.size if isinstance(dim, Symbol) else ir.Constant(I64, dim))
        self.builder.call(self.kernel, [block, ir.Constant(I64, 0), length])
        return self.builder.load(record, typ=I64)
