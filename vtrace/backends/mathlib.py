"""Float functions, as polynomials; their rare cases as functions of the module."""

import hashlib
from collections.abc import Callable
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.loops import Loops
from vtrace.backends.placement import Mask, Scope
from vtrace.backends.values import I1, I32, AnyValue, Register, llvm_type
from vtrace.backends.vecmath import FUNCTIONS, LARGE
from vtrace.ir.emitter import Value, Values
from vtrace.ir.types import BOOL, DType


class Mathlib(Loops):
    """`math`, `lookup` and `rarely`."""

    def math(self, function: str, *args: Value) -> Value:
        rule, size = FUNCTIONS[function], args[0].dtype.itemsize
        return self._called(rule, self._aligned(*args)) if function in LARGE[size] else rule(self, *args)

    def _called(self, rule: Callable[..., Value], args: list[Register]) -> Register:
        """A call of `rule`, as a function of the module whose first parameter is the mask."""
        level = max(a.level for a in args)
        with self.at(level):
            lanes, mask = args[0].lanes, self.mask
            used = self.vector(self.constant(True, BOOL), lanes) if mask is None or lanes == 1 else mask.vector
            operands = (used, *args)
            callee, new = self._function(rule, operands[1].llvm.type, operands, "noinline")
            if new is not None:
                scope = Scope(0, is_loop=False, lanes=lanes, mask=Mask(Register(callee.args[0], BOOL, lanes), None))
                new.scopes = [scope]
                given = [Register(p, a.dtype, lanes) for p, a in zip(callee.args[1:], args, strict=True)]
                new.builder.ret(new.vector(rule(new, *given), lanes).llvm)
            result = self.builder.call(callee, [x.llvm for x in operands])
            return Register(result, args[0].dtype, lanes, level)

    def _function(
        self, rule: Callable[..., Value], result: Any, operands: tuple[Register, ...], *attributes: str
    ) -> "tuple[Any, Mathlib | None]":
        """The module's function for `rule` on such operands; with the emitter of its body if that is yet to be made."""
        lanes = operands[0].lanes
        name = ".".join([rule.__module__, rule.__qualname__, *(x.dtype.str[1:] for x in operands), str(lanes)])
        if (known := self.module.globals.get(name)) is not None:
            return known, None
        callee = ir.Function(self.module, ir.FunctionType(result, [x.llvm.type for x in operands]), name)
        callee.linkage = "internal"
        for attribute in attributes:
            callee.attributes[attribute] = None
        return callee, Mathlib(self.module, callee, ir.IRBuilder(callee.append_basic_block("entry")))

    def lookup(self, table: tuple[int, ...], index: Value, dtype: DType) -> Register:
        last = self.constant(len(table) - 1, index.dtype)
        index = self.intrinsic("llvm.umin", index, last)
        address = self._table(table, dtype)
        element = llvm_type(dtype)

        def load(position: Any) -> Any:
            return self.builder.load(self.builder.gep(address, [position], source_etype=element), typ=element)

        def each(positions: Any) -> Any:
            if not isinstance(positions.type, ir.VectorType):
                return load(positions)
            result = ir.Constant(ir.VectorType(element, positions.type.count), ir.Undefined)
            for lane in (ir.Constant(I32, k) for k in range(positions.type.count)):
                found = load(self.builder.extract_element(positions, lane))
                result = self.builder.insert_element(result, found, lane)
            return result

        return self._apply(each, index, dtype=dtype)

    def _table(self, table: tuple[int, ...], dtype: DType) -> Any:
        """The address of `table` in the module."""
        name = f"table.{dtype.str[1:]}.{hashlib.sha256(repr(table).encode()).hexdigest()[:16]}"
        if (known := self.module.globals.get(name)) is not None:
            return known
        values = ir.Constant(ir.ArrayType(llvm_type(dtype), len(table)), list(table))
        variable = ir.GlobalVariable(self.module, values.type, name)
        variable.initializer, variable.global_constant, variable.linkage = values, True, "internal"
        return variable

    def rarely(
        self,
        condition: Value,
        function: Callable[..., Value],
        args: Values,
        otherwise: Value,
        *,
        together: bool = False,
    ) -> AnyValue:
        known = getattr(condition, "constant", None)
        if known is False:
            return self.vector(otherwise)
        registers = self._aligned(condition, otherwise, *args)
        level = max(r.level for r in registers)
        with self.at(level):
            return self._branch(function, *registers, level=self.scope.depth, together=together)

    def _branch(
        self,
        function: Callable[..., Value],
        condition: Register,
        otherwise: Register,
        *args: Register,
        level: int,
        together: bool,
    ) -> Register:
        """The call, in a branch of its own. The usual path only looks at the condition."""
        if condition.lanes > 1 and self.mask is not None:
            condition = self.and_(self.mask.vector, condition)
        before, rare, joined = self.builder.block, self.block("rare"), self.block("joined")
        self.builder.cbranch(self.any_lane(condition), rare, joined)
        self.builder.position_at_end(rare)
        operands = (condition, otherwise, *args)
        result = self.builder.call(self._out_of_line(function, operands, together), [x.llvm for x in operands])
        self.builder.branch(joined)
        self.builder.position_at_end(joined)
        phi = self.builder.phi(otherwise.llvm.type)
        phi.add_incoming(result, rare)
        phi.add_incoming(otherwise.llvm, before)
        return Register(phi, otherwise.dtype, otherwise.lanes, level)

    def _out_of_line(self, function: Callable[..., Value], operands: tuple[Register, ...], together: bool) -> Any:
        """A function of the module, generated once: `otherwise` with `function(*args)` in the lanes of the condition.

        It goes from lane to lane, unless all are wanted together: rare cases come one at a time, and scalar code takes
        LLVM a fraction of the time.
        """
        callee, new = self._function(function, operands[1].llvm.type, operands, "noinline", "cold")
        if new is not None:
            body = new._lanes_together if together else new._lane_by_lane
            new.builder.ret(body(function, [x.dtype for x in operands], operands[0].lanes))
        return callee

    def _lanes_together(self, function: Callable[..., Value], dtypes: list[DType], lanes: int) -> Any:
        """As `_lane_by_lane`, all at once."""
        condition, otherwise, *args = map(Register, self.function.args, dtypes, [lanes] * len(dtypes))
        mask = Mask(condition, None) if lanes > 1 else None
        self.scopes = [Scope(0, is_loop=False, lanes=lanes, mask=mask)]
        result = self.vector(function(self, *args), lanes)
        return self.vector(self.select(condition, result, otherwise), lanes).llvm

    def _lane_by_lane(self, function: Callable[..., Value], dtypes: list[DType], lanes: int) -> Any:
        """The body of an out-of-line function; its parameters are the condition, `otherwise` and the arguments."""
        b = self.builder
        condition, otherwise, *args = self.function.args
        if lanes == 1:
            return self.vector(function(self, *map(Register, args, dtypes[2:]))).llvm
        entry, body, done = b.block, self.block("lane"), self.block("done")
        bits = ir.IntType(lanes)
        first_set = self.declare(f"llvm.cttz.i{lanes}", bits, [bits, I1])
        waiting = b.bitcast(condition, bits)
        b.branch(body)
        b.position_at_end(body)
        left, result = b.phi(bits), b.phi(otherwise.type)
        lane = b.call(first_set, [left, ir.Constant(I1, 1)])
        picked = map(Register, (b.extract_element(a, lane) for a in args), dtypes[2:])
        one = self.vector(function(self, *picked)).llvm
        following = b.insert_element(result, one, lane)
        others = b.and_(left, b.sub(left, ir.Constant(bits, 1)))
        for phi, start, later in ((left, waiting, others), (result, otherwise, following)):
            phi.add_incoming(start, entry)
            phi.add_incoming(later, b.block)
        b.cbranch(b.icmp_unsigned("!=", others, ir.Constant(bits, 0)), body, done)
        b.position_at_end(done)
        return following
