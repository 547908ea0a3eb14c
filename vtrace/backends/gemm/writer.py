"""Writing the functions of a matrix product: the builder of `llvm_text`, with loops, bytes and vectors under masks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vtrace.backends.llvm_text import (
    Constant,
    Function,
    FunctionType,
    IRBuilder,
    Module,
    Type,
    Value,
    VectorType,
    VoidType,
)
from vtrace.backends.target import VECTOR_BYTES
from vtrace.backends.values import I1, I8, I32, I64, POINTER, llvm_type
from vtrace.ir.types import DType


def constant(value: int) -> Value:
    """An i64."""
    return Constant(I64, value)


@dataclass(frozen=True)
class Vectors:
    """Vectors(dtype): how elements lie in registers."""

    dtype: DType

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def lanes(self) -> int:
        return VECTOR_BYTES // self.dtype.itemsize

    @property
    def element(self) -> Type:
        type_: Type = llvm_type(self.dtype)
        return type_

    @property
    def type(self) -> VectorType:
        return VectorType(self.element, self.lanes)


class Writer(IRBuilder):
    """Writer(module, vectors, name, parameters): a function without result, and the end of what is written of it."""

    def __init__(
        self, module: Module, vectors: Vectors, name: str, parameters: Sequence[Type], linkage: str = "internal"
    ) -> None:
        function = Function(module, FunctionType(VoidType(), parameters), name)
        function.linkage = linkage
        function.attributes["nounwind"] = None
        self.module, self.vectors = module, vectors
        super().__init__(function.append_basic_block("entry"))

    def _declared(self, name: str, result: Type, parameters: Sequence[Type]) -> Function:
        known: Function | None = self.module.globals.get(name)
        return known or Function(self.module, FunctionType(result, parameters), name)

    # -- numbers and addresses ----------------------------------------------------------------------------------

    def smaller(self, x: Value, y: Value) -> Value:
        """The minimum of two i64."""
        return self.call(self._declared("llvm.smin.i64", I64, [I64, I64]), [x, y])

    def plus(self, pointer: Value, *offsets: Value) -> Value:
        """The address so many bytes on."""
        for offset in offsets:
            pointer = self.gep(pointer, [offset], source_etype=I8)
        return pointer

    def room(self, count: Value) -> Value:
        """So many bytes on the stack, for as long as the function runs."""
        name = self._name()
        self.block.lines.append(f"  {name} = alloca i8, i64 {count.ref}, align 64")
        return Value(POINTER, name)

    def prefetch(self, pointer: Value) -> None:
        """Have a line read into the cache."""
        flags = [Constant(I32, n) for n in (0, 2, 1)]  # not to write, for the first cache, data
        self.call(self._declared("llvm.prefetch.p0", VoidType(), [POINTER, I32, I32, I32]), [pointer, *flags])

    # -- control ------------------------------------------------------------------------------------------------

    @contextmanager
    def loop(self, start: Value, stop: Value, step: int) -> Iterator[Value]:
        """for index in range(start, stop, step)"""
        before, function = self.block, self.function
        header, body, done = (function.append_basic_block(name) for name in ("loop", "body", "done"))
        self.branch(header)
        self.position_at_end(header)
        index = self.phi(I64)
        index.add_incoming(start, before)
        self.cbranch(self.icmp_signed("<", index, stop), body, done)
        self.position_at_end(body)
        yield index
        index.add_incoming(self.add(index, constant(step), flags=("nsw",)), self.block)
        self.branch(header)
        self.position_at_end(done)

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """if condition"""
        then, done = (self.function.append_basic_block(name) for name in ("then", "joined"))
        self.cbranch(condition, then, done)
        self.position_at_end(then)
        yield
        self.branch(done)
        self.position_at_end(done)

    # -- vectors ------------------------------------------------------------------------------------------------

    def first(self, count: Value, before: int = 0) -> Value:
        """A mask of the lanes that are left of `count` after so many before them."""
        lanes = self.vectors.lanes
        numbers = Constant(VectorType(I32, lanes), [before + lane for lane in range(lanes)])
        return self.icmp_signed("<", numbers, self.splat(self.trunc(count, I32)))

    def splat(self, scalar: Value) -> Value:
        """A vector of one value."""
        lanes = self.vectors.lanes
        vector = self.insert_element(Constant(VectorType(scalar.type, lanes), None), scalar, constant(0))
        return self.shuffle_vector(vector, vector, Constant(VectorType(I32, lanes), None))

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z, rounded once."""
        return self.call(self._declared(f"llvm.fma.{self._suffix}", x.type, [x.type] * 3), [x, y, z])

    @property
    def _suffix(self) -> str:
        return f"v{self.vectors.lanes}f{8 * self.vectors.itemsize}"

    def load_vector(self, pointer: Value, mask: Value | None) -> Value:
        """Elements side by side; lanes that the mask leaves out are zero, and their memory is not touched."""
        type_, itemsize = self.vectors.type, self.vectors.itemsize
        if mask is None:
            return self.load(pointer, type_, align=itemsize)
        bits = VectorType(I1, type_.count)
        load = self._declared(f"llvm.masked.load.{self._suffix}.p0", type_, [POINTER, I32, bits, type_])
        return self.call(load, [pointer, Constant(I32, itemsize), mask, Constant(type_, None)])

    def store_vector(self, value: Value, pointer: Value, mask: Value | None) -> None:
        """Elements side by side; what the mask leaves out is not written."""
        type_, itemsize = self.vectors.type, self.vectors.itemsize
        if mask is None:
            self.store(value, pointer, align=itemsize)
            return
        bits = VectorType(I1, type_.count)
        store = self._declared(f"llvm.masked.store.{self._suffix}.p0", VoidType(), [type_, POINTER, I32, bits])
        self.call(store, [value, pointer, Constant(I32, itemsize), mask])
