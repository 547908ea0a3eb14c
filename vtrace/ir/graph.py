"""What a program is: typed, first-order, single-assignment equations over arrays.

    Graph     ::= inputs, equations, outputs
    Equation  ::= outputs = primitive(inputs)        always tuples, one result or many
    Atom      ::= Var                                a name bound once: an input or a result
                | Literal                            a constant: a scalar, or a captured array

Variables are numbered in the order in which they are defined (inputs first), so two graphs that do the same in the
same order are equal as values. `Builder` is the only way to make one; `vtrace.ir.printer` gives the text form.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from vtrace.ir.types import Array, ArrayType, DType, Sizes

if TYPE_CHECKING:
    from vtrace.ir.primitive import Primitive


@dataclass(frozen=True)
class Source:
    """The user's line an equation came from."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function})"


@dataclass(frozen=True)
class Var:
    """A typed value bound once. Inputs have a name (the user's argument); results do not, the printer letters them."""

    index: int
    type: ArrayType
    name: str = ""

    def __hash__(self) -> int:
        return self.index  # tells variables of one graph apart, and costs nothing


@dataclass(frozen=True)
class Literal:
    """A constant. Two literals are equal if their types and bytes are; the digest is of both.

    `data` is None only for an array constant in a graph parsed from text, where just the digest is known.
    """

    type: ArrayType
    digest: str
    data: Array | None = field(compare=False, repr=False)

    @staticmethod
    def of(value: Any, dtype: DType | None = None) -> "Literal":
        """A literal holding a read-only copy of `value` (a Python scalar or an array)."""
        data = np.array(value, dtype=dtype, order="C")
        data.flags.writeable = False
        type = ArrayType(data.dtype, data.shape)
        digest = hashlib.blake2b(str(type).encode(), digest_size=8)  # zeros of two types are two constants
        digest.update(data.tobytes())
        return Literal(type, digest.hexdigest(), data)

    @property
    def is_scalar(self) -> bool:
        return self.type.rank == 0

    def item(self) -> Any:
        """The Python value of a scalar literal."""
        assert self.data is not None
        assert self.is_scalar
        return self.data.item()


Atom: TypeAlias = Var | Literal


@dataclass(frozen=True)
class Equation:
    """`outputs = primitive(inputs)`; `source` is for people and does not take part in equality."""

    primitive: "Primitive"
    inputs: tuple[Atom, ...]
    outputs: tuple[Var, ...]
    source: Source | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Graph:
    """A whole program: a function from arrays to arrays."""

    inputs: tuple[Var, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Atom, ...]

    def __str__(self) -> str:
        from vtrace.ir.printer import print_graph  # the printer depends on this module

        return print_graph(self)

    @property
    def input_types(self) -> tuple[ArrayType, ...]:
        return tuple(v.type for v in self.inputs)

    @property
    def output_types(self) -> tuple[ArrayType, ...]:
        return tuple(a.type for a in self.outputs)

    def constants(self) -> Iterator[Literal]:
        """Every array constant this graph refers to, its sub-graphs not included."""
        for equation in self.equations:
            yield from (a for a in equation.inputs if isinstance(a, Literal) and not a.is_scalar)
        yield from (a for a in self.outputs if isinstance(a, Literal) and not a.is_scalar)

    def bind(self, sizes: Sizes) -> "Graph":
        """This graph with every symbol that `sizes` knows replaced by its value, in types and parameters alike."""

        def atom(a: Atom) -> Atom:
            return Var(a.index, a.type.bind(sizes), a.name) if isinstance(a, Var) else a

        def var(v: Var) -> Var:
            return Var(v.index, v.type.bind(sizes), v.name)

        return Graph(
            tuple(map(var, self.inputs)),
            tuple(
                Equation(e.primitive.bind(sizes), tuple(map(atom, e.inputs)), tuple(map(var, e.outputs)), e.source)
                for e in self.equations
            ),
            tuple(map(atom, self.outputs)),
        )
