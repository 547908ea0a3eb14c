"""docs/numpy.md: what of NumPy works in a traced function, made from the table that is tested.

python -m tests.coverage.page > docs/numpy.md
"""

import re
import warnings
from itertools import groupby

from tests.coverage.operands import OPERANDS, function_of, operands_of
from tests.coverage.table import SECTIONS, Entry
from vtrace import VTraceError, make_ir

HEAD = """# NumPy in traced functions

Made by `python -m tests.coverage.page > docs/numpy.md`; do not edit. Every function of `numpy`, `numpy.linalg` and
`numpy.fft` that is about arrays, and every method of ndarray, is here. Each one that works has calls in
`tests/coverage` whose results, under `vmap`, are those of NumPy: values, dtypes and shapes. Each one that is refused is
a VTraceError with your line, which says what the third column says.

What holds for all of them:

- Shapes are static. What decides the shape of a result (`axis`, `shape`, counts, slices, masks as indices) is known
  while the function is traced; what does not may be traced.
- `out=` takes arrays of `vtrace.numpy`, or traced ones: of ufuncs as in NumPy, of other functions such as have the
  shape and dtype of the result. `where=` is for ufuncs with `out=`, and for reductions; else `np.where(c, x, y)`.
- NumPy's functions of floats give float16 for int8, uint8 and bool, which is refused: `x.astype(np.float32)` first.
- Warnings, and errors that depend on values (an all-NaN row, weights that sum to zero), are none: the result is NaN,
  infinity, or what the table says. An index out of range is an IndexError, and a singular matrix a LinAlgError.
- NumPy cannot be told what `np.array`, `np.asarray`, `np.zeros`, `np.arange` and the like are to do with traced arrays:
  `import vtrace.numpy as np` in place of `numpy` has all of NumPy, with these replaced.
- Where NumPy lets the values say how long a result is, `vtrace.numpy` has the function with JAX's keywords: `size=` and
  `fill_value=` of `nonzero`, `flatnonzero`, `argwhere`, `where`, `unique`, `unique_all` and its like, `union1d`,
  `intersect1d`, `setdiff1d` and `setxor1d`; `trim_leading_zeros=False` of `polymul` and `polydiv`; `strip_zeros=False`
  of `roots`. `vtrace.numpy.vectorize` is JAX's, too: a `vmap` over all axes that are to be broadcast.
- Arguments for layouts in memory (`subok`, `copy`, `order` of what makes arrays) change nothing. `order='A'` and `'K'`
  of `ravel`, `flatten` and `reshape` read a view (`x.T`) in the order that it has in memory, and all else in C order:
  arguments, and results for which NumPy takes the order of the operands (`2 * x.T`).

`scipy.special` is at the end, `vtrace.lax` in [control flow](control-flow.md), and the errors of functions in
[accuracy](accuracy.md).
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *(_section(title, entries) for title, entries in SECTIONS.items())])


def _section(title: str, entries: list[Entry]) -> str:
    parts = [f"## {title}", ""]
    whole = [f"`{_short(e)}`" for e in entries if e.calls and not e.limits]
    if whole:
        parts += ["Work: " + ", ".join(whole) + ".", ""]
    rows = [(e, "works", e.limits) for e in entries if e.calls and e.limits]
    rows += [(e, "refused", _complaint(e)) for e in entries if not e.calls]
    if rows:
        parts += ["| function | | limits, or what instead |", "|---|---|---|"]
        for (status, text), group in groupby(rows, lambda row: row[1:]):
            parts.append(f"| {', '.join(f'`{_short(e)}`' for e, *_ in group)} | {status} | {text} |")
        parts.append("")
    return "\n".join(parts)


def _short(entry: Entry) -> str:
    return entry.name.removeprefix("ndarray.")


def _complaint(entry: Entry) -> str:
    """What the error says, without the user's line and what it says about this very call."""
    call = entry.refused[0]
    names = operands_of(call)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make_ir(function_of(call))(*(OPERANDS[n][0] for n in names))
    except VTraceError as error:
        text = str(error).partition("): ")[2]
    else:
        raise AssertionError(f"{call} is not refused")
    text = re.sub(r"^(np|ndarray|special)\.\S+ is not supported on traced arrays: ", "", text)
    if text.startswith("conversion to a NumPy array"):
        return "NumPy cannot be told what to do; `vtrace.numpy` has `array` and others, `np.stack` takes traced rows"
    text = re.sub(r" of a traced array .*?\(.*?\), which is known only when the compiled function runs", "", text)
    return text.replace("|", r"\|")


if __name__ == "__main__":
    print(page(), end="")
