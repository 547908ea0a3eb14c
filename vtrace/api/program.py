"""One function for one signature: its graphs stage by stage, each made when it is first asked for, and the call."""

import functools
from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from vtrace.api.capture import Captured
from vtrace.api.debugging import is_debugging, jit_is_disabled, nans_are_checked
from vtrace.api.device_program import DeviceProgram
from vtrace.api.examples import run_examples
from vtrace.api.leaves import is_ready
from vtrace.api.memory_views import as_complex, as_pairs, complex_type
from vtrace.api.nans import check_results
from vtrace.api.outputs import Outputs
from vtrace.api.signature import Signature
from vtrace.errors import UnsupportedError
from vtrace.frontend.pytree import PyTreeSpec, unflatten
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import Array, ArrayType, Sizes
from vtrace.ops.debug_print import graph_prints

if TYPE_CHECKING:
    from vtrace.backends import Executable


Entry = Callable[[tuple[Any, ...]], Any]


def no_entry(args: tuple[Any, ...]) -> None:
    """The entry of a program that has none."""


class Program:
    """A captured function on its way to machine code."""

    def __init__(self, captured: Captured, signature: Signature, what: str) -> None:
        self._captured = captured
        self._signature = signature
        self._what = what
        self.has_complex_arguments = any(t.dtype.kind == "c" for t in signature.types)
        self._has_complex_results = any(captured.are_complex)
        self._lock = RLock()
        self._optimized: Graph | None = None
        self._kernels: Graph | None = None
        self._outputs: Outputs | None = None
        self._executable: Executable | None = None
        self._on_device: DeviceProgram | None = None
        self.entry: Entry = no_entry
        """The short way for a tuple of arguments: the results, or None if this call cannot go that way."""

    @property
    def traced(self) -> Graph:
        return self._captured.traced

    @property
    def batched(self) -> Graph:
        return self._captured.batched

    @functools.cached_property
    def prints(self) -> bool:
        """Whether it has a `debug_print`: such programs are interpreted, one example after the other."""
        return graph_prints(self.traced)

    @property
    def has_complex(self) -> bool:
        """Whether an argument or a result is complex: pairs of numbers to kernels."""
        return self.has_complex_arguments or self._has_complex_results

    @property
    def out_axes(self) -> tuple[int | None, ...]:
        """Where each result has its batch axis."""
        return self._captured.out_axes

    @property
    def optimized(self) -> Graph:
        from vtrace.passes.pipeline import optimize  # loaded by the first compilation, not by `import vtrace`

        with self._lock:
            if self._optimized is None:
                self._optimized = optimize(self.batched)
            return self._optimized

    @property
    def kernels(self) -> Graph:
        from vtrace.passes.fuse import fuse  # imports networkx

        self._require_silence()
        with self._lock:
            if self._kernels is None:
                self._kernels = fuse(self.optimized)
            return self._kernels

    def _require_silence(self) -> None:
        if self.prints:
            raise UnsupportedError(f"{self._what}: a program with a debug_print is interpreted and has no kernels")

    @property
    def is_compiled(self) -> bool:
        return self._executable is not None or self._on_device is not None

    @property
    def executable(self) -> "Executable":
        from vtrace.backends import compile  # imports the code generator

        self._require_silence()
        with self._lock:
            if self._executable is None:
                self._outputs = Outputs(self.kernels, self._captured.results)
                self._executable = compile(self._outputs.graph)
                if self._outputs.are_as_computed and self._executable.entry is not None:
                    self.entry = self._entry_of(self._executable.entry)
            return self._executable

    def _entry_of(self, entry: Entry) -> Entry:
        """The entry of the executable, or one around it that views complex arrays as it wants them."""
        wanted = [t.dtype if t.dtype.kind == "c" else None for t in self._signature.types]
        if not any(wanted) and not self._has_complex_results:
            return entry
        are_complex, spec_is_leaf = self._captured.are_complex, self.structure.is_leaf()

        def around(args: tuple[Any, ...]) -> Any:
            if len(args) != len(wanted):
                return None
            pairs = []
            for a, dtype in zip(args, wanted, strict=True):
                if dtype is not None:
                    if type(a) is not np.ndarray or a.dtype != dtype:
                        return None
                    a = as_pairs(a)
                pairs.append(a)
            results = entry(tuple(pairs))
            if results is None or not self._has_complex_results:
                return results
            if spec_is_leaf:
                return as_complex(results)
            return tuple(as_complex(r) if c else r for r, c in zip(results, are_complex, strict=True))

        return around

    def __call__(self, arrays: Sequence[Array]) -> Any:
        """The results for `arrays`, which fit the signature and are ready for a kernel."""
        executable = self._executable
        if self.has_complex_arguments:
            arrays = [as_pairs(a) for a in arrays]
        if executable is None or is_debugging():
            return self.structured(self.as_seen(self.leaves(arrays, 0)))
        outputs = self._outputs
        assert outputs is not None
        if self._has_complex_results:
            return self.structured(self.as_seen(outputs.leaves(arrays, executable(*arrays))))
        return outputs.assemble(arrays, executable(*arrays))

    def as_seen(self, leaves: Sequence[Any]) -> Sequence[Any]:
        """Results as the user is to have them: pairs as complex numbers."""
        if not self._has_complex_results:
            return leaves
        return [as_complex(x) if c else x for x, c in zip(leaves, self._captured.are_complex, strict=True)]

    @property
    def on_device(self) -> DeviceProgram:
        """This program for GPUs."""
        self._require_silence()
        with self._lock:
            if self._on_device is None:
                self._on_device = DeviceProgram(Outputs(self.kernels, self._captured.results))
            return self._on_device

    def leaves(self, arrays: Sequence[Array], first: int = 0) -> Sequence[Array]:
        """The results one after the other, in whatever way they are to be computed; `first` is as in `write`."""
        if self.prints:
            leaves: Sequence[Array] = run_examples(self._captured, self._signature, arrays, first)
        elif jit_is_disabled():
            leaves = self._interpret(arrays)
        else:
            executable, outputs = self.executable, self._outputs
            assert outputs is not None
            leaves = outputs.leaves(arrays, executable(*arrays))
        if nans_are_checked():
            check_results(self._captured, self._signature, arrays, leaves, first, self._what)
        return leaves

    def write(self, arrays: Sequence[Array], targets: Sequence[Array], first: int = 0) -> None:
        """Compute the results for `arrays` and put them into `targets`, arrays of the right types.

        Targets must not overlap with the arguments; those that a kernel can write to are given to it. `first` is the
        number of the first example.
        """
        arrays, targets = [as_pairs(a) for a in arrays], [as_pairs(t) for t in targets]
        if self.prints or is_debugging():
            leaves = self.leaves(arrays, first)
        else:
            executable, outputs = self.executable, self._outputs
            assert outputs is not None
            direct = [targets[n] if is_ready(targets[n]) else None for n in outputs.places]
            leaves = outputs.leaves(arrays, executable.run(arrays, direct))
        for target, leaf in zip(targets, leaves, strict=True):
            if leaf is not target:
                np.copyto(target, leaf)

    def structured(self, leaves: Sequence[Array]) -> Any:
        """Results in the structure that the function returns."""
        return unflatten(self.structure, leaves)

    @property
    def structure(self) -> PyTreeSpec:
        """That of the results."""
        return self._captured.results

    def result_types(self, sizes: Sizes) -> list[ArrayType]:
        """The types of the results for this size of the batch."""
        types = zip(self.batched.output_types, self._captured.are_complex, strict=True)
        return [(complex_type(t) if c else t).bind(sizes) for t, c in types]

    def _interpret(self, arrays: Sequence[Array]) -> Sequence[Array]:
        """The results without machine code: the batched graph, as it is, run equation by equation."""
        outputs = Outputs(self.batched, self._captured.results)
        computed = evaluate(outputs.graph, *arrays)
        return outputs.leaves(arrays, [np.array(a) for a in computed])  # a reshape, say, is a view of an argument
