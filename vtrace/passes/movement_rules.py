"""Simplification rules about where elements lie: broadcast, reshape, transpose, slice, reverse, concatenate, pad."""

from vtrace.ir.graph import Atom, Equation
from vtrace.ops.contraction import Dot
from vtrace.ops.movement import Broadcast, Concatenate, Pad, Reshape, Reverse, Slice, Transpose
from vtrace.passes.rewrite import Rewriter
from vtrace.passes.rules import made_by, rule


@rule(Broadcast, Reshape, Transpose, Slice, Reverse)
def same_place(r: Rewriter, equation: Equation, op: Broadcast | Reshape | Transpose | Slice | Reverse) -> Atom | None:
    """transpose[permutation=(0, 1)] x  =>  x, and whatever else leaves every element where it is"""
    (x,) = equation.inputs
    match op:
        case Broadcast(shape):
            stays = len(shape) == x.type.rank
        case Reshape(shape):
            stays = shape == x.type.shape
        case Transpose(permutation):
            stays = permutation == tuple(range(x.type.rank))
        case Slice(starts, stops, strides):
            stays = not any(starts) and stops == x.type.shape and all(s == 1 for s in strides)
        case Reverse(axes):
            stays = all(x.type.shape[a] == 1 for a in axes)
    return x if stays else None


@rule(Reshape, Transpose, Slice, Reverse)
def movement_of_constant(r: Rewriter, equation: Equation, op: Reshape | Transpose | Slice | Reverse) -> Atom | None:
    """reshape[shape=(6,)] (broadcast[shape=(2, 3), axes=()] s)  =>  broadcast[shape=(6,), axes=()] s"""
    source = made_by(r, equation.inputs[0], Broadcast)
    if source is None or source[0].axes:
        return None
    shape = equation.outputs[0].type.shape
    return r.emit(Broadcast(shape, ()), source[1][0])


@rule(Broadcast)
def broadcast_of_broadcast(r: Rewriter, equation: Equation, op: Broadcast) -> Atom | None:
    """broadcast[shape=s, axes=q] (broadcast[shape=_, axes=p] x)  =>  broadcast[shape=s, axes=q after p] x"""
    inner = made_by(r, equation.inputs[0], Broadcast)
    if inner is None:
        return None
    return r.emit(Broadcast(op.shape, tuple(op.axes[a] for a in inner[0].axes)), inner[1][0])


@rule(Reshape)
def reshape_of_reshape(r: Rewriter, equation: Equation, op: Reshape) -> Atom | None:
    """reshape[shape=s] (reshape[shape=_] x)  =>  reshape[shape=s] x"""
    inner = made_by(r, equation.inputs[0], Reshape)
    return r.emit(op, inner[1][0]) if inner else None


@rule(Dot)
def dot_of_transpose(r: Rewriter, equation: Equation, op: Dot) -> Atom | None:
    """dot[contract=((1,), (0,))] (transpose[permutation=(1, 0)] x) y  =>  dot[contract=((0,), (0,))] x y"""
    for side, atom in enumerate(equation.inputs):
        inner = made_by(r, atom, Transpose)
        if inner is None:
            continue
        axes = inner[0].permutation
        free = [axes[a] for a in op.free(side, atom.type.rank)]
        if free != sorted(free):
            continue
        pairs = [list(op.contract), list(op.batch_axes)]
        for pair in pairs:
            pair[side] = tuple(axes[a] for a in pair[side])
        contract, batch_axes = ((p[0], p[1]) for p in pairs)
        operands = [*equation.inputs]
        operands[side] = inner[1][0]
        return r.emit(Dot(contract, batch_axes), *operands)
    return None


@rule(Transpose)
def transpose_of_transpose(r: Rewriter, equation: Equation, op: Transpose) -> Atom | None:
    """transpose[permutation=q] (transpose[permutation=p] x)  =>  transpose[permutation=p after q] x"""
    inner = made_by(r, equation.inputs[0], Transpose)
    if inner is None:
        return None
    return r.emit(Transpose(tuple(inner[0].permutation[a] for a in op.permutation)), inner[1][0])


@rule(Transpose)
def transpose_of_vector_broadcast(r: Rewriter, equation: Equation, op: Transpose) -> Atom | None:
    """transpose[permutation=(1, 0)] (broadcast[shape=(2, 3), axes=(1,)] x)  =>  broadcast[shape=(3, 2), axes=(0,)] x"""
    inner = made_by(r, equation.inputs[0], Broadcast)
    if inner is None or len(inner[0].axes) != 1:
        return None
    axis = op.permutation.index(inner[0].axes[0])
    return r.emit(Broadcast(equation.outputs[0].type.shape, (axis,)), inner[1][0])


@rule(Reverse)
def reverse_of_reverse(r: Rewriter, equation: Equation, op: Reverse) -> Atom | None:
    """reverse[axes=p] (reverse[axes=p] x)  =>  x"""
    inner = made_by(r, equation.inputs[0], Reverse)
    return inner[1][0] if inner and inner[0] == op else None


@rule(Concatenate)
def concatenate_of_one(r: Rewriter, equation: Equation, op: Concatenate) -> Atom | None:
    """concatenate x  =>  x"""
    return equation.inputs[0] if len(equation.inputs) == 1 else None


@rule(Pad)
def pad_nothing(r: Rewriter, equation: Equation, op: Pad) -> Atom | None:
    """pad[low=(0,), high=(0,)] x v  =>  x"""
    return equation.inputs[0] if not any(op.low) and not any(op.high) else None
