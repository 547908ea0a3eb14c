"""How much memory a call will take, worked out from the graph of its kernels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vtrace.api.outputs import Outputs
from vtrace.api.program import Program
from vtrace.api.signature import Signature
from vtrace.errors import UsageError
from vtrace.ir.graph import Atom, Graph, Var
from vtrace.ir.types import ArrayType, Sizes, Symbol, static_shape

_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class MemoryForecast:
    """The memory of one call, in bytes. What a kernel keeps to itself, in registers and on its stack, is not counted,
    nor are the up to 5 MB in which a large matrix product keeps an operand in order.

    Freed memory of large results waits in a pool to be used again (see VTRACE_POOL_BYTES), so the memory of the process
    does not shrink at once.
    """

    inputs: int
    """The arguments, as they are given."""
    copies: int
    """Copies of arguments, where a kernel cannot read them as they lie, and of parts of arguments and results."""
    constants: int
    """Arrays that belong to the program; they are there from the first call on."""
    intermediates: int
    """Values between kernels, at the moment when there are most."""
    outputs: int
    """The results."""

    new: int
    """What a call allocates, at the moment when there is most: copies, values between kernels, and results so far."""

    @property
    def total(self) -> int:
        """What a call needs in all."""
        return self.inputs + self.constants + self.new

    def __str__(self) -> str:
        rows = [
            ("arguments", self.inputs),
            ("copies of arguments", self.copies),
            ("constants", self.constants),
            ("between kernels", self.intermediates),
            ("results", self.outputs),
            ("all together", self.total),
        ]
        return "\n".join(f"{name:<24}{amount(bytes_):>10}" for name, bytes_ in rows)


def amount(number: int) -> str:
    """`1.5 MB`"""
    size, unit = float(number), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{number} B" if unit == 0 else f"{size:.3g} {_UNITS[unit]}"


def forecast(
    program: Program, signature: Signature, types: Sequence[ArrayType], copies: int, size: int | None, chunk: int | None
) -> MemoryForecast:
    """The memory of a call with arguments of these `types`, for `copies` bytes of which a copy is made beforehand.

    `size` is that of the batch and `chunk` how many examples run at a time, where there is a batch.
    """
    graph = program.kernels
    whole = _sizes(signature, size)
    if size is not None and chunk is not None and chunk < size and whole:
        part = _sizes(signature, chunk)
        moved = [t for t, axis in zip(graph.input_types, signature.axes, strict=True) if axis]
        moved += [t for t, axis in zip(graph.output_types, program.out_axes, strict=True) if axis]
        copies += _bytes(moved, part)
    else:
        part = whole
    constants = {a for e in graph.equations for a in e.inputs if not isinstance(a, Var) and a.type.rank}
    outputs = _bytes(graph.output_types, whole)
    intermediates, peak = _peaks(Outputs(graph, program.structure).graph, part)
    return MemoryForecast(
        inputs=_bytes(types, {}),
        copies=copies,
        constants=_bytes((a.type for a in constants), {}),
        intermediates=intermediates,
        outputs=outputs,
        new=copies + (max(peak, outputs) if part is whole else intermediates + outputs),
    )


def batch_extent(what: str, types: Sequence[ArrayType], signature: Signature) -> int | None:
    """The number of examples in a call with arguments of these types; None where it has no batch."""
    if isinstance(signature.size, int) or signature.size is None:
        return signature.size
    extent = next(t.shape[axis] for t, axis in zip(types, signature.axes, strict=True) if axis is not None)
    if isinstance(extent, Symbol):
        raise UsageError(f"{what}: how much memory a batch takes depends on its size; give it as in f64[1000,3]")
    return extent


def _sizes(signature: Signature, size: int | None) -> Sizes:
    return {signature.size: size} if isinstance(signature.size, Symbol) and size is not None else {}


def _bytes(types: Iterable[ArrayType], sizes: Sizes) -> int:
    total = 0
    for type in types:
        elements = type.dtype.itemsize
        for extent in static_shape(type.bind(sizes).shape):
            elements *= extent
        total += elements
    return total


def _peaks(graph: Graph, sizes: Sizes) -> tuple[int, int]:
    """The most bytes that values between equations take at once, and these together with the results so far."""
    last: dict[Atom, int] = {a: n for n, e in enumerate(graph.equations) for a in (*e.inputs, *e.outputs)}
    most = most_with_results = between = results = 0
    for number, equation in enumerate(graph.equations):
        between += _bytes((v.type for v in equation.outputs if v not in graph.outputs), sizes)
        results += _bytes((v.type for v in equation.outputs if v in graph.outputs), sizes)
        most, most_with_results = max(most, between), max(most_with_results, between + results)
        gone = (a for a, n in last.items() if n == number and isinstance(a, Var))
        between -= _bytes((v.type for v in gone if v not in graph.outputs and v not in graph.inputs), sizes)
    return most, most_with_results
