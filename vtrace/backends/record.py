"""The fault record: what a kernel and the host tell each other while it runs (see `faults` and `stopping`).

Eight int64:

    0 position    the smallest failing index along the parallel axis, or NO_FAULT
    1 kind        0 until 2..5 have been written; INDEX, or the number of a Failure plus FIRST_FAILURE
    2..4          of an index: the index, the extent of the axis, the axis
    5 equation    which equation of the kernel
    6 stopped     not zero once the kernel is to stop: loops that may never end look at it
      order       on a GPU: when the first failure comes, of those that the threads of a team find (see `cuda/faults`)
    7 poll        the address of a function that a loop calls now and then; it says whether to stop
"""

NO_FAULT = 2**63 - 1
"""The position where nothing has failed."""
INDEX, FIRST_FAILURE = 1, 2
"""The kinds of what can fail."""
STOPPED, POLL = 6, 7
"""Where the flag and the function are."""
ORDER = 6
"""Where a GPU's order is."""
RECORD_LENGTH = 8
"""In int64."""
