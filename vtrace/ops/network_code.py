"""Sorting networks as code: loops over the sets of elements of each step, the elements of a set in registers."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from vtrace.ir.emitter import Place, Value, Values, Workspace
from vtrace.ops.network import Network, Step

Exchange: TypeAlias = Callable[[Values, Values], tuple[Values, Values]]
"""The smaller and the larger one of two elements; an element is one value, or several that go together."""


def run_network(
    e: Workspace, net: Network, read: Callable[[Value], Values], places: Sequence[Place], exchange: Exchange
) -> None:
    """Fill `places` with the elements that `read` gives, and sort them."""

    def kept(index: Value) -> Values:
        return tuple(place((index,)) for place in places)

    for step in net.start:
        _run_step(e, step, read, places, exchange)
    for step in net.merges:
        _run_step(e, step, kept, places, exchange)


def _run_step(
    e: Workspace, step: Step, read: Callable[[Value], Values], places: Sequence[Place], exchange: Exchange
) -> None:
    def one_set(block: Value, i: Value) -> None:
        base = e.add(e.mul(block, e.index(step.stride)), e.index(step.first))
        at = [
            e.add(e.add(base, i), e.index(offset)) if sign > 0 else e.add(e.sub(base, i), e.index(offset))
            for offset, sign in step.places
        ]
        elements = list(map(read, at))
        for low, high in step.exchanges:
            elements[low], elements[high] = exchange(elements[low], elements[high])
        for index, element in zip(at, elements, strict=True):
            for place, value in zip(places, element, strict=True):
                place.put((index,), value)

    counted(e, step.blocks, lambda block: counted(e, step.inner, lambda i: one_set(block, i)))


def counted(e: Workspace, count: int, body: Callable[[Value], None]) -> None:
    """`body` for 0, 1... below `count`, without a loop where that is one."""
    if count == 1:
        body(e.index(0))
    elif count:
        e.repeat(e.index(0), e.index(count), body)
