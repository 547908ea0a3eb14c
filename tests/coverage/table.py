"""All entries, by the sections of docs/numpy.md."""

from tests.coverage import reductions, ufuncs
from tests.coverage.entry import Entry

SECTIONS: dict[str, list[Entry]] = {**ufuncs.SECTIONS, **reductions.SECTIONS}
ENTRIES = [entry for entries in SECTIONS.values() for entry in entries]
