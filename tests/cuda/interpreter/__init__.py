"""PTX run by NumPy: every register is an array with an element for each thread of the grid.

The PTX that the code generator makes runs here as it would on a GPU, on small arrays: memory is checked for bounds and
alignment, barriers and shuffles for threads that are missing, and the order in which threads run can be chosen.
"""
