"""Long programs without loops: how does the time to compile grow with the number of equations?"""

import random
from collections.abc import Callable
from typing import Any

WINDOW = 8
"""How far back an equation may look for its other operand."""


def program(equations: int, np: Any) -> Callable[[Any], Any]:
    """A function of one number that is traced to so many elementwise equations, by NumPy or by another library."""

    def straight(x: Any) -> Any:
        rng = random.Random(0)  # the same program every time
        values = [x]
        for n in range(equations):
            last, other = values[-1], rng.choice(values[-WINDOW:-1] or [x])
            factor = rng.uniform(0.5, 1.0)
            if n % 4 == 0:
                value = last * factor
            elif n % 4 == 1:
                value = last - other
            elif n % 4 == 2:
                value = np.maximum(last, other)
            else:
                value = np.minimum(last, 2 * factor)
            values.append(value)
        return values[-1]

    return straight
