"""Searches in a recipe's graph; linear in its links, and without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from recado.recipe.links import Link


def reachable(
    roots: Iterable[int], edges: Mapping[int, Sequence[Link]]
) -> frozenset[int]:
    """Return the steps that can be reached, the roots among them."""
    waiting = [root for root in roots if root in edges]
    seen = set(waiting)
    while waiting:
        for link in edges[waiting.pop()]:
            if link.target in edges and link.target not in seen:
                seen.add(link.target)
                waiting.append(link.target)
    return frozenset(seen)


def cycles(edges: Mapping[int, Sequence[Link]]) -> Iterator[tuple[Link, str]]:
    """Yield each link that closes a cycle, and the cycle as text."""
    finished: set[int] = set()
    for root in edges:
        if root not in finished:
            yield from _cycles_from(root, edges, finished)


def _cycles_from(
    root: int, edges: Mapping[int, Sequence[Link]], finished: set[int]
) -> Iterator[tuple[Link, str]]:
    trail, place = [root], {root: 0}
    waiting = [iter(edges[root])]
    while waiting:
        link = next(waiting[-1], None)
        if link is None:
            waiting.pop()
            done = trail.pop()
            del place[done]
            finished.add(done)
        elif link.target in place:
            yield link, _round(trail, place[link.target])
        elif link.target in edges and link.target not in finished:
            place[link.target] = len(trail)
            trail.append(link.target)
            waiting.append(iter(edges[link.target]))


def _round(trail: Sequence[int], start: int) -> str:
    # A long cycle is cut short before it is copied: there may be as many cycles as links.
    length = len(trail) - start
    ids = [str(x) for x in trail[start : start + min(length, 4)]]
    if length > 8:
        ids.append("…")
    ids.extend(str(x) for x in trail[max(start + 4, len(trail) - 4) :])
    return " -> ".join([*ids, str(trail[start])])
