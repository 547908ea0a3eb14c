"""Arrays on a GPU that are not C-contiguous, copied in order by a kernel of ours.

One kernel serves all arrays of a rank and a size of elements: extents and strides are parameters. Axes that follow one
another in memory are one axis, so most arrays have two.
"""

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.code import NAME, Code, load, made_once
from vtrace.backends.cuda.device import Device, Memory
from vtrace.backends.cuda.words import Words
from vtrace.backends.values import I8, I32, I64, POINTER

if TYPE_CHECKING:
    from vtrace.backends.cuda.lowering import Lowered

THREADS = 256
"""Of a block."""
WIDEST = 8
"""Bytes of the widest unit; a complex128 is two."""
FEW = 1 << 31
"""Fewer elements than this are counted in 32 bits: dividing 64 takes four times as many instructions."""

Axes = Sequence[tuple[int, int]]
"""For each axis, how many elements it has, and how many bytes these are apart."""


def merged(shape: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """The axes without those of one element, and with those that follow one another in memory as one."""
    axes: list[tuple[int, int]] = []
    for extent, stride in zip(shape, strides, strict=True):
        if extent == 1:
            continue
        if axes and axes[-1][1] == extent * stride:
            axes[-1] = (axes[-1][0] * extent, stride)
        else:
            axes.append((extent, stride))
    return axes


def is_in_order(axes: Axes, itemsize: int) -> bool:
    """Whether merged axes are those of a C-contiguous array."""
    return not axes or (len(axes) == 1 and axes[0][1] == itemsize)


def in_order(where: Device, pointer: int, axes: Axes, itemsize: int, stream: int) -> Memory:
    """A contiguous copy of what lies at `pointer`, made on `stream`. To be called within `where`."""
    unit = math.gcd(itemsize, WIDEST, pointer, *(stride for _, stride in axes))
    if unit != itemsize:
        axes = [*axes, (itemsize // unit, unit)]
    count = math.prod(extent for extent, _ in axes)
    target = Memory(where, count * unit, stream)
    if count:
        code, parameters = _prepared(len(axes), unit, count < FEW)
        words = parameters.take()
        words[: parameters.count] = [pointer, target.pointer, count, *(n for axis in axes for n in axis)]
        parameters.launch(load(code.ptx, where), -(-count // THREADS), THREADS, words, stream)
        parameters.give(words)
    return target


@functools.cache
def _prepared(rank: int, unit: int, is_small: bool) -> tuple[Code, Words]:
    def lowered() -> "Lowered":
        from vtrace.backends.cuda.lowering import Lowered

        return Lowered(lower(rank, unit, is_small, NAME), 0, False, True)

    return made_once(f"strided copy {rank} {unit} {is_small}", lowered), Words(3 + 2 * rank)


def lower(rank: int, unit: int, is_small: bool, name: str) -> Any:
    """A module with the kernel: source, target, number of elements, then extent and stride of each axis."""
    module = ir.Module(name)
    types = [POINTER, POINTER, I64] + [I64] * (2 * rank)
    kernel = ir.Function(module, ir.FunctionType(ir.VoidType(), types), name)
    kernel.linkage = "ptx_kernel"
    source, target, count, *axes = kernel.args
    source.add_attribute("noalias readonly")
    target.add_attribute("noalias")
    builder = ir.IRBuilder(kernel.append_basic_block("entry"))

    def special(register: str) -> Any:
        read = ir.Function(module, ir.FunctionType(I32, []), f"llvm.nvvm.read.ptx.sreg.{register}.x")
        return builder.zext(builder.call(read, []), I64)

    number = builder.add(builder.mul(special("ctaid"), ir.Constant(I64, THREADS)), special("tid"))
    inside, done = kernel.append_basic_block("inside"), kernel.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", number, count), inside, done)
    builder.position_at_end(inside)
    rest = builder.trunc(number, I32) if is_small else number
    offset: Any = ir.Constant(I64, 0)
    for axis in reversed(range(rank)):
        extent = builder.trunc(axes[2 * axis], I32) if is_small else axes[2 * axis]
        position = rest
        if axis:
            quotient = builder.udiv(rest, extent)
            position, rest = builder.sub(rest, builder.mul(quotient, extent)), quotient
        wide = builder.zext(position, I64) if is_small else position
        offset = builder.add(offset, builder.mul(wide, axes[2 * axis + 1]))
    element = ir.IntType(8 * unit)
    value = builder.load(builder.gep(source, [offset], source_etype=I8), typ=element, align=unit)
    builder.store(value, builder.gep(target, [number], source_etype=element), align=unit)
    builder.branch(done)
    builder.position_at_end(done)
    builder.ret_void()
    return module
