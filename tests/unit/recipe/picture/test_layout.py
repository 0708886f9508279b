"""Where a diagram's parts lie: nothing covers anything, and few lines cross."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.recipe.picture import Box, Diagram, Edge, Layout, Node, laid_out, rows
from recado.recipe.picture.ordering import crossings, ordered
from recado.recipe.picture.rows import ranks, rows_of


def diagram(edges: Sequence[Edge]) -> Diagram:
    keys = dict.fromkeys(key for edge in edges for key in (edge.source, edge.target))
    return Diagram(tuple(Node(key, "queue") for key in keys), tuple(edges))


def arranged(edges: Sequence[Edge]) -> Layout:
    drawn = diagram(edges)
    sizes = {node.key: (60.0 + 10 * len(node.key), 40.0) for node in drawn.nodes}
    widths = {edge.label: 8.0 * len(edge.label) for edge in edges}
    return laid_out(drawn, sizes, widths)


def edges_of(text: str, *, is_error: bool = False) -> list[Edge]:
    pairs = [pair.split(">") for pair in text.split()]
    return [Edge(source, target, is_error=is_error) for source, target in pairs]


def is_apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[Edge]:
    """Make links that lead from each node to later ones only."""
    count = draw(st.integers(2, 12))
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=25))
    return [
        Edge(str(a), str(b), draw(st.sampled_from(["", "x", "long name"])), is_error)
        for a, b in dict.fromkeys(chosen)
        for is_error in {False, draw(st.booleans())}
    ]


@settings(deadline=None)
@given(graphs())
def test_no_box_and_no_label_covers_another(edges: list[Edge]) -> None:
    layout = arranged(edges)
    labels = [
        Box(each.x - 4 * len(each.text), each.y - 8, 8 * len(each.text), 16)
        for each in layout.labels
    ]

    for one, other in combinations([*layout.boxes.values(), *labels], 2):
        assert is_apart(one, other)


@settings(deadline=None)
@given(graphs())
def test_links_lead_downwards_from_box_to_box_inside_the_picture(
    edges: list[Edge],
) -> None:
    layout = arranged(edges)

    for edge in edges:
        source, target = layout.boxes[edge.source], layout.boxes[edge.target]
        assert source.y + source.height < target.y
    tops = {(box.y, box.x) for box in layout.boxes.values()}
    for line in layout.lines:
        assert line.start[1] <= line.bend[1] < line.end[1]
        if line.has_arrow:
            assert any(line.end[1] == y and line.end[0] > x for y, x in tops)
    for box in layout.boxes.values():
        assert min(box.x, box.y) >= 19.9
        assert box.x + box.width <= layout.width - 19.9
        assert box.y + box.height <= layout.height - 19.9


@settings(deadline=None)
@given(graphs())
def test_the_same_diagram_is_always_drawn_the_same(edges: list[Edge]) -> None:
    assert arranged(edges) == arranged(edges)


def test_each_node_stands_below_the_longest_way_to_it() -> None:
    edges = edges_of("a>b b>c a>c d>c")

    assert ranks(["a", "b", "c", "d"], edges) == {"a": 0, "b": 1, "c": 2, "d": 1}


def test_a_diamond_is_symmetric() -> None:
    boxes = arranged(edges_of("a>b a>c b>d c>d")).boxes

    middle = boxes["a"].x + boxes["a"].width / 2
    assert boxes["d"].x + boxes["d"].width / 2 == pytest.approx(middle)
    assert boxes["b"].y == boxes["c"].y
    assert middle - boxes["b"].x == pytest.approx(
        boxes["c"].x + boxes["c"].width - middle
    )


def test_a_chain_is_straight() -> None:
    layout = arranged(edges_of("a>b b>c c>d"))

    assert {line.start[0] for line in layout.lines} == {layout.lines[0].end[0]}


def test_a_link_that_passes_others_runs_beside_them_and_straight() -> None:
    layout = arranged(edges_of("a>b b>c c>d d>e a>e"))

    (passing,) = {
        line.start[0] for line in layout.lines if line.bend[1] - line.start[1] > 20
    }
    for key in "bcd":
        box = layout.boxes[key]
        assert not box.x <= passing <= box.x + box.width


def test_links_to_the_same_node_become_one_line_on_their_way() -> None:
    found = rows_of(list("abcdx"), edges_of("a>b b>c c>d d>x a>x b>x c>x"))

    assert [len(chain) for chain in found.chains.values()] == [3]


def test_errors_are_led_apart_from_outputs() -> None:
    edges = [*edges_of("a>b b>c a>c"), *edges_of("a>c", is_error=True)]

    found = rows_of(list("abc"), edges)

    assert [len(chain) for chain in found.chains.values()] == [1, 1]


def test_links_beyond_the_room_that_there_is_are_drawn_without_a_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "MAX_PASSES", 3)

    found = rows_of(list("abcdef"), edges_of("a>b b>c c>d d>e e>f a>c b>d a>f"))

    assert sum(map(len, found.chains.values())) == 2
    ends = {(found.items[a].node, found.items[b].node) for a, b, _ in found.segments}
    assert ("a", "f") in ends
    assert ("a", "c") not in ends


def test_a_cycle_which_no_checked_recipe_has_is_drawn_too() -> None:
    layout = arranged([*edges_of("a>b b>c"), Edge("c", "a", "back")])

    assert set(layout.boxes) == {"a", "b", "c"}
    assert len(layout.lines) == 4


def slow_crossings(order: list[list[int]], links: set[tuple[int, int]]) -> int:
    place = {item: index for row in order for index, item in enumerate(row)}
    row_of = {item: index for index, row in enumerate(order) for item in row}
    return sum(
        row_of[a] == row_of[c] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(links, 2)
    )


three_rows = st.sets(
    st.sampled_from(
        [*product(range(4), range(4, 8)), *product(range(4, 8), range(8, 12))]
    ),
    min_size=1,
)
ROWS = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


@settings(deadline=None)
@given(three_rows)
def test_crossings_are_counted_right_and_no_item_is_lost(
    links: set[tuple[int, int]],
) -> None:
    below: dict[int, list[int]] = {}
    for upper, lower in links:
        below.setdefault(upper, []).append(lower)

    order = ordered(ROWS, links)

    assert crossings(ROWS, below) == slow_crossings(ROWS, links)
    assert crossings(order, below) == slow_crossings(order, links)
    assert [sorted(row) for row in order] == ROWS


def test_a_tree_is_drawn_without_a_crossing() -> None:
    links = [(0, 4), (1, 7), (2, 5), (2, 6), (5, 8), (4, 9), (7, 10), (7, 11)]
    below: dict[int, list[int]] = {}
    for upper, lower in links:
        below.setdefault(upper, []).append(lower)

    assert crossings(ROWS, below) > 0
    assert crossings(ordered(ROWS, links), below) == 0


def calls(run: Callable[[], object]) -> int:
    """Count the function calls that something makes; a clock would measure the machine."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def chain_with_errors(length: int) -> list[Edge]:
    keys = [str(n) for n in range(length)]
    chain = [Edge(one, two) for one, two in pairwise(keys)]
    return chain + [Edge(key, "handler", is_error=True) for key in keys]


def layers(count: int) -> list[Edge]:
    return [
        Edge(f"{row}.{place}", f"{row + 1}.{(place + step) % 4}", "out")
        for row in range(count // 4)
        for place in range(4)
        for step in (0, 1)
    ]


def star(count: int) -> list[Edge]:
    return [Edge("0", str(n)) for n in range(1, count)]


@pytest.mark.parametrize("shape", [chain_with_errors, layers, star])
def test_four_times_as_large_takes_about_four_times_as_long(
    shape: Callable[[int], list[Edge]],
) -> None:
    small = calls(lambda: arranged(shape(100)))
    large = calls(lambda: arranged(shape(400)))

    assert large < 5.5 * small
