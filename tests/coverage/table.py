"""All entries, by the sections of docs/numpy.md."""

from tests.coverage import algebra, arrays, reductions, ufuncs
from tests.coverage.entry import Entry

SECTIONS: dict[str, list[Entry]] = {
    **ufuncs.SECTIONS,
    **reductions.SECTIONS,
    **arrays.SECTIONS,
    **algebra.SECTIONS,
}
ENTRIES = [entry for entries in SECTIONS.values() for entry in entries]
