"""Random programs of branches and loops, each of which runs traced and in plain Python.

A program works on a state (x, v, k): a number, a vector of three, an integer. It is a list of statements; a statement
is a tuple whose first item names it, and may hold further programs. Values stay small, and every loop ends.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

import vtrace
from vtrace import lax

State: TypeAlias = tuple[Any, Any, Any]
Program: TypeAlias = list[tuple[Any, ...]]

STEPS: dict[str, Callable[[State], State]] = {
    "shrink": lambda s: (s[0] * 0.5 + s[1][1] * 0.25, s[1], s[2]),
    "turn": lambda s: (s[0], s[1][::-1] * 0.75 + s[0] * 0.125, s[2]),
    "wave": lambda s: (np.sin(s[0] * 3 + 0.1), np.cos(s[1]), s[2]),
    "peak": lambda s: (np.maximum(s[0], s[1].max() - 0.5), s[1], s[2] + s[1].argmax()),
    "count": lambda s: (s[0], s[1], (s[2] * 5 + 3) % 7),
    "pick": lambda s: (s[1][s[2] % 3], s[1], s[2]),
    "sums": lambda s: (s[0], np.cumsum(s[1]) * 0.25, s[2] + 1),
    "blend": lambda s: (s[0], np.where((s[1] > s[0]) & ~(s[1] > 0.5), s[1] * 0.5, s[1]), s[2]),
    "convert": lambda s: (s[0] + s[2] * 0.125, s[1], s[2] // 2),
}

TESTS: dict[str, Callable[[State], Any]] = {
    "positive": lambda s: s[0] > 0.0625,
    "odd": lambda s: s[2] % 2 == 1,
    "ordered": lambda s: s[1][0] < s[1][2],
    "one of two": lambda s: (s[0] > 0.25) ^ ((s[2] % 3 == 0) | (s[1][0] < 0.5)),
    "not both": lambda s: ~((s[0] < 0) & (s[2] % 2 == 0)),
}


def programs() -> st.SearchStrategy[Program]:
    """Programs with up to three levels of branches and loops."""
    simple = st.tuples(st.just("do"), st.sampled_from(sorted(STEPS)))
    body = st.lists(simple, min_size=1, max_size=2)
    for _ in range(3):
        test = st.sampled_from(sorted(TESTS))
        statement = st.one_of(
            simple,
            st.tuples(st.just("if"), test, body, body),
            st.tuples(st.just("switch"), st.lists(body, min_size=1, max_size=3)),
            st.tuples(st.just("times"), st.integers(0, 3), body),
            st.tuples(st.just("as often"), body),
            st.tuples(st.just("while"), test, body),
            st.tuples(st.just("over"), st.booleans(), body),
            st.tuples(st.just("each"), body),
        )
        body = st.lists(statement, min_size=1, max_size=2)
    return body


class Plain:
    """Control flow of Python."""

    @staticmethod
    def cond(pred: Any, true_fun: Callable[[State], State], false_fun: Callable[[State], State], s: State) -> State:
        return true_fun(s) if pred else false_fun(s)

    @staticmethod
    def switch(index: Any, branches: list[Callable[[State], State]], s: State) -> State:
        return branches[max(0, min(int(index), len(branches) - 1))](s)

    @staticmethod
    def while_loop(cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], c: Any) -> Any:
        while cond_fun(c):
            c = body_fun(c)
        return c

    @staticmethod
    def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, State], State], s: State) -> State:
        for i in range(lower, int(upper)):
            s = body_fun(i, s)
        return s

    @staticmethod
    def scan(f: Callable[[State, Any], Any], s: State, xs: Any, reverse: bool) -> tuple[State, Any]:
        ys = []
        for x in xs[::-1] if reverse else xs:
            s, y = f(s, x)
            ys.append(y)
        return s, np.array(ys[::-1] if reverse else ys)

    @staticmethod
    def each(f: Callable[[Any], Any], xs: Any) -> Any:
        return np.array([f(x) for x in xs])


class Traced(Plain):
    """Control flow of vtrace."""

    cond = staticmethod(lax.cond)
    switch = staticmethod(lax.switch)
    while_loop = staticmethod(lax.while_loop)
    fori_loop = staticmethod(lax.fori_loop)

    @staticmethod
    def scan(f: Callable[[State, Any], Any], s: State, xs: Any, reverse: bool) -> tuple[State, Any]:
        return lax.scan(f, s, xs, reverse=reverse)

    @staticmethod
    def each(f: Callable[[Any], Any], xs: Any) -> Any:
        return vtrace.vmap(f)(xs)


def run(program: Program, flow: type[Plain], state: State) -> State:
    """The state after `program`."""
    for statement in program:
        state = _execute(statement, flow, state)
    return state


def _execute(statement: tuple[Any, ...], flow: type[Plain], state: State) -> State:
    def of(program: Program) -> Callable[[State], State]:
        return lambda s: run(program, flow, s)

    match statement:
        case ("do", step):
            return STEPS[step](state)
        case ("if", test, one, two):
            return flow.cond(TESTS[test](state), of(one), of(two), state)
        case ("switch", branches):
            return flow.switch(state[2] % 4 - 1, [of(b) for b in branches], state)
        case ("times", n, body):
            return flow.fori_loop(0, n, lambda i, s: run(body, flow, (s[0] + i * 0.0625, *s[1:])), state)
        case ("as often", body):
            return flow.fori_loop(0, state[2] % 4, lambda i, s: run(body, flow, (s[0], s[1], s[2] + i)), state)
        case ("while", test, body):
            start = (0, state)
            return flow.while_loop(
                lambda c: (c[0] < 3) & TESTS[test](c[1]), lambda c: (c[0] + 1, of(body)(c[1])), start
            )[1]
        case ("over", reverse, body):
            step = lambda s, x: ((t := run(body, flow, (s[0] + x * 0.5, *s[1:]))), t[0])  # noqa: E731
            last, ys = flow.scan(step, state, state[1], reverse)
            return last[0], ys, last[2]
        case ("each", body):
            return state[0], flow.each(lambda e: run(body, flow, (e, state[1], state[2]))[0], state[1]), state[2]
    raise AssertionError(statement)
