"""`vtrace dump`: one stage of one function."""

import difflib
from typing import TYPE_CHECKING, Any

import click

from vtrace.cli.output import print_ir, print_json
from vtrace.cli.target import batch_axes, load_function, parse_axes, parse_types
from vtrace.errors import UsageError, VTraceError
from vtrace.ir.graph import Graph

if TYPE_CHECKING:
    from vtrace.api import Inspection

GRAPH_STAGES = ("traced", "batched", "optimized", "kernels")
STAGES = (*GRAPH_STAGES, "llvm", "asm", "ptx", "sass")
"""ptx and sass are for an NVIDIA GPU; sass takes NVIDIA's ptxas and nvdisasm, ptx takes nothing."""


@click.command(short_help="Print a stage of a function.")
@click.argument("target", metavar="MODULE_OR_FILE:FUNCTION")
@click.option("--args", "types", default="", help="Types of the arguments: 'f64[b,3], f64[3]'. b is the batch.")
@click.option(
    "--in-axes", help="The axis to map of each argument: 0,None. One value holds for all. Default: where b is."
)
@click.option("--out-axes", help="Where the results get the batch axis. Default: 0.")
@click.option("--stage", type=click.Choice(STAGES), default="optimized", show_default=True)
@click.option("--diff", is_flag=True, help="Show what changed since the stage before.")
@click.option("--json", "as_json", is_flag=True, help="One object, for other programs.")
def dump(
    target: str, types: str, in_axes: str | None, out_axes: str | None, stage: str, diff: bool, as_json: bool
) -> None:
    """Print a stage of FUNCTION on its way to machine code. Nothing is run.

    FUNCTION may be a plain function, which is then mapped over the axes that --in-axes says, or one that is decorated
    by vmap or jit. Example:

        vtrace dump examples/tour.py:distance --args 'f64[b,3], f64[3]' --stage batched --diff
    """
    before = _previous(stage) if diff else None
    inspection = _inspect(target, types, in_axes, out_axes)
    shown = getattr(inspection, stage)
    text = str(shown)
    if before is not None:
        text = _diff(before, str(getattr(inspection, before)), stage, text)
    elif stage == "kernels":
        text += "\n\n" + _explanation(inspection)
    if as_json:
        print_json(_describe(target, stage, before, shown, text))
    else:
        print_ir(text)


def _explanation(inspection: "Inspection") -> str:
    """What fused, what was hoisted or stored and why, and how each kernel runs: comments, so the text still parses."""
    from vtrace.passes.fuse import explain

    return "\n".join(
        f"# {line}" for line in [*explain(inspection.optimized).splitlines(), *inspection.report.splitlines()]
    )


def _previous(stage: str) -> str:
    position = STAGES.index(stage)
    if not 0 < position < len(GRAPH_STAGES):
        raise UsageError(f"--diff compares a graph with the one before; it works for {', '.join(GRAPH_STAGES[1:])}")
    return STAGES[position - 1]


def _inspect(target: str, types_text: str, in_axes: str | None, out_axes: str | None) -> "Inspection":
    from vtrace.api import Function, jit, vmap

    function: Any = load_function(target)
    types = parse_types(types_text)
    decorated = isinstance(function, Function)
    axes: Any = batch_axes(types) if in_axes is None else parse_axes("--in-axes", in_axes)
    out: Any = 0 if out_axes is None else parse_axes("--out-axes", out_axes)
    mapped = in_axes is not None or (axes is not None and not decorated)
    if out_axes is not None and not mapped:
        raise UsageError("--out-axes is for a function that is mapped here: give --in-axes, or an argument with b")
    try:
        if mapped:
            function = vmap(function, axes, out)
        elif not decorated:
            function = jit(function)
        inspection: Inspection = function.inspect(*types)
    except VTraceError:
        raise
    except Exception as error:
        # the user's own function failed while it was traced
        raise UsageError(f"cannot trace {target}: {type(error).__name__}: {error}") from error
    return inspection


def _diff(before: str, old: str, after: str, new: str) -> str:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), before, after, n=999, lineterm=""))
    return "\n".join(lines) or f"# {after} is the same as {before}"


def _describe(target: str, stage: str, before: str | None, shown: Any, text: str) -> dict[str, Any]:
    data: dict[str, Any] = {"function": target, "stage": stage, "diff_against": before, "text": text}
    if isinstance(shown, Graph):
        data["inputs"] = [{"name": v.name, "type": str(v.type)} for v in shown.inputs]
        data["outputs"] = [str(t) for t in shown.output_types]
        data["equations"] = [
            {
                "primitive": e.primitive.name,
                "outputs": [str(v.type) for v in e.outputs],
                "source": str(e.source) if e.source else None,
            }
            for e in shown.equations
        ]
    return data
