"""Where code goes: the nest of scopes around the point being generated, and the way back out of it.

Element rules are written in pull form and know nothing of loops. A value that depends on an outer loop's index alone
must be computed there, not once per iteration of the inner loop that happens to read it: every instruction is placed
in the outermost scope its operands allow. A loop therefore leaves the block before its header open until it is closed
itself, and code may be appended there at any time. A branch is a wall: nothing moves out of it, since what is inside
may be unsafe to execute elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vtrace.backends.values import Register


@dataclass(frozen=True)
class Mask:
    """The lanes in use, one bit each."""

    vector: Register
    count: Register | None
    """The first `count` lanes are inside the array; None where all are."""
    narrowed: bool = False
    """Whether a branch or a loop leaves out lanes that are inside the array."""


@dataclass
class Scope:
    """The function body, a loop or a branch. `depth` counts the loops around and including it."""

    depth: int
    is_loop: bool
    lanes: int = 1
    mask: Mask | None = None
    before: Any = None
    """The open block before a loop's header, or before a guard's branch."""
    guard: bool = False
    """Whether this is the branch of an element rule, which asks for values that an example has in any case."""
    divided: Register | None = None
    """The index along an axis that the threads which do one example together divide: each has another one."""
    memo: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    """Results already computed here, by key; the key's parts are kept alive beside them, as keys hold identities."""


class Placement:
    """The stack of scopes, and moving between them."""

    def __init__(self, module: Any, function: Any, builder: Any) -> None:
        self.module = module
        self.function = function
        self.builder = builder
        self.scopes = [Scope(0, is_loop=False)]

    @property
    def scope(self) -> Scope:
        return self.scopes[-1]

    @property
    def lanes(self) -> int:
        """The number of lanes in use here; 1 where code is scalar."""
        return self.scope.lanes

    @property
    def mask(self) -> Mask | None:
        return self.scope.mask

    def home(self, level: int, whole: bool = False) -> int:
        """The position of the outermost scope in which a value of this level may be computed.

        One that is computed `whole`, as loops and what is staged are, is computed outside of guards: an example has it
        in any case, and behind a guard it would be computed again for every element that asks.
        """
        target = len(self.scopes) - 1
        while target > 0 and self._leaves(self.scopes[target], level, whole):
            target -= 1
        return target

    @staticmethod
    def _leaves(scope: Scope, level: int, whole: bool) -> bool:
        return (scope.is_loop and scope.depth > level) or (whole and scope.guard)

    @contextmanager
    def at(self, level: int, whole: bool = False) -> Iterator[None]:
        """Generate code in the outermost scope in which a value of this level may be computed."""
        target = self.home(level, whole)
        if target == len(self.scopes) - 1:
            yield
            return
        here, scopes, inner = self.builder.block, self.scopes, self.scopes[target + 1]
        self.builder.position_at_end(inner.before)
        self.scopes = scopes[: target + 1]
        yield
        inner.before = self.builder.block
        self.scopes = scopes
        self.builder.position_at_end(here)

    def remembered(self, key: Any) -> Any:
        """A result computed before, in this scope or one around it."""
        for scope in reversed(self.scopes):
            if (found := scope.memo.get(key)) is not None:
                return found[0]
        return None

    def remember(self, key: Any, value: Any, alive: Any = None) -> None:
        self.scope.memo[key] = (value, alive)

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        self.scopes = [*self.scopes, scope]
        yield
        self.scopes = self.scopes[:-1]

    def block(self, name: str) -> Any:
        return self.function.append_basic_block(name)

    def slot(self, type_: Any) -> Any:
        """Stack memory for one variable, reserved once per call of the function."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(type_)
