"""The fault record: what a kernel tells about an index out of range (see `faults`)."""

NO_FAULT = 2**63 - 1
"""The position where nothing has failed."""
RECORD_LENGTH = 8
"""In int64."""
