"""Why an example can have no result, found while a kernel runs: what `Emitter.fault_where` is given."""

from enum import Enum


class Failure(Enum):
    """A reason; its value is the text of the LinAlgError, NumPy's own. Machine code knows it by its `number`."""

    SINGULAR = "Singular matrix"
    NOT_POSITIVE_DEFINITE = "Matrix is not positive definite"
    EIGENVALUES = "Eigenvalues did not converge"
    SVD = "SVD did not converge"

    @property
    def number(self) -> int:
        """From 0, in the order of the list."""
        return list(Failure).index(self)
