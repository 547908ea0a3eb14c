"""The table behind docs/numpy.md: `*.txt` here, read into entries.

    == Section ==

    np.less np.greater          the functions; ndarray.sum is a method, ufunc.at one of ufuncs
        $(x, y)                 a call, `$` the function; statements before it end with `;`
        limits: ...             what does not work, or works otherwise
        refused: $(x, 'a')      a call that is a VTraceError; with no other calls, the function is refused
        tolerance: 1e-9         how far results may be from NumPy's, if not 1e-12

The operands of the calls are in `operands.py`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

FILES = ("ufuncs", "reductions", "arrays", "algebra", "methods")


@dataclass(frozen=True)
class Entry:
    """What of a function works."""

    name: str
    """As users write it: `np.sum`, `ndarray.sum`."""
    calls: tuple[str, ...] = ()
    limits: str = ""
    refused: tuple[str, ...] = ()
    tolerance: float = 1e-12


def _read() -> dict[str, list[Entry]]:
    sections: dict[str, list[Entry]] = {}
    for file in FILES:
        text = (Path(__file__).parent / f"{file}.txt").read_text(encoding="utf-8")
        for block in text.split("\n\n")[1:]:
            if block.startswith("== "):
                entries = sections.setdefault(block.strip("= \n"), [])
                continue
            names, *lines = block.rstrip().split("\n")
            entries += [_entry(name, [line.strip() for line in lines]) for name in names.split()]
    return sections


def _entry(name: str, lines: list[str]) -> Entry:
    short = f".{name.partition('.')[2]}" if name.startswith(("ndarray.", "ufunc.")) else name
    entry = Entry(name)
    for line in lines:
        word, _, rest = line.partition(": ")
        if word == "limits":
            entry = replace(entry, limits=rest)
        elif word == "tolerance":
            entry = replace(entry, tolerance=float(rest))
        else:
            call = rest if word == "refused" else line
            assert "$" in call or "__" in name, f"{name}: {call}"
            call = call.replace("$", short)
            if word == "refused":
                entry = replace(entry, refused=(*entry.refused, call))
            else:
                entry = replace(entry, calls=(*entry.calls, call))
    return entry


SECTIONS = _read()
ENTRIES = [entry for entries in SECTIONS.values() for entry in entries]

_NOT_FOR_ARRAYS = {
    "constants": "False_ True_ e euler_gamma inf nan newaxis pi little_endian",
    "types and what describes them": "ScalarType dtype finfo iinfo mintypecode sctypeDict typecodes typename",
    "classes of arrays and ufuncs": "flatiter matrix memmap ndarray recarray ufunc",
    "iterators over memory": "nditer nested_iters",
    "files, bytes and text": "base_repr binary_repr format_float_positional format_float_scientific frombuffer "
    "fromfile fromregex fromstring genfromtxt load loadtxt save savetxt savez savez_compressed",
    "dates": "busday_count busday_offset busdaycalendar datetime_as_string datetime_data is_busday",
    "settings and information": "errstate get_include get_printoptions getbufsize geterr geterrcall info printoptions "
    "set_printoptions setbufsize seterr seterrcall show_config show_runtime test",
}
NOT_FOR_ARRAYS = {
    *(f"np.{name}" for names in _NOT_FOR_ARRAYS.values() for name in names.split()),
    "np.linalg.test",
    "np.fft.test",
}
"""What a traced array has nothing to do with."""
