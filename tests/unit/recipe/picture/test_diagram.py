"""What is drawn of a recipe, as DOT and as an outline."""

from __future__ import annotations

from typing import Any

from recado.recipe import Recipe
from recado.recipe.picture import Diagram, Edge, Node, diagram_of, dot, outline

STUDY: dict[str, Any] = {
    "1": {
        "service": "Finder",
        "queue": "finder",
        "retry": {"attempts": 3, "cap_s": 60},
        "output": {"spots": 2, "both": [2, 3], "none": 3},
        "error": 4,
    },
    "2": {"queue": "integrate", "timeout_s": 90, "priority": 7, "output": 5},
    "3": {"topic": "nothing", "transport-delay": "{delay}", "output": 5},
    "4": {"service": "Mailer", "queue": "mail", "topic": "alarm", "reports": False},
    "5": {"queue": "archive", "retry": {"cap_s": 1}, "reports": True},
    "start": [[1, {}], [1, {"again": True}]],
    "error": [4],
}


def drawn(document: dict[str, Any]) -> Diagram:
    return diagram_of(Recipe.read(document))


def test_every_step_is_drawn_with_what_the_recipe_says_of_it() -> None:
    assert drawn(STUDY).nodes == (
        Node("start", "start"),
        Node("error", "failure", "any failure"),
        Node("1", "queue", "Finder", "finder", "3 attempts"),
        Node("2", "queue", "", "integrate", "at most 90 s · priority 7"),
        Node("3", "topic", "", "topic nothing", "after {delay} s"),
        Node("4", "queue", "Mailer", "mail + topic alarm", "no reports"),
        Node("5", "queue", "", "archive"),
    )


def test_links_between_the_same_steps_are_one_with_all_their_channels() -> None:
    assert drawn(STUDY).edges == (
        Edge("start", "1"),
        Edge("error", "4", is_error=True),
        Edge("1", "2", "spots, both"),
        Edge("1", "3", "both, none"),
        Edge("1", "4", is_error=True),
        Edge("2", "5"),
        Edge("3", "5"),
    )


def test_a_step_without_a_route_is_drawn_as_such() -> None:
    aside: dict[str, Any] = {"1": {"queue": "q", "error": 2}, "2": {}}

    assert drawn(aside | {"start": [[1, 0]]}).nodes[-1] == (
        Node("2", "nowhere", "", "no queue")
    )


def test_of_a_trusted_recipe_a_link_to_nowhere_is_left_out() -> None:
    raw: dict[str, Any] = {"1": {"queue": "q", "output": [9, 1]}, "start": [[1, 0]]}

    assert diagram_of(Recipe(raw, is_checked=True)).edges == (
        Edge("start", "1"),
        Edge("1", "1"),
    )


def test_dot_has_every_node_and_link_in_its_form() -> None:
    assert dot(drawn(STUDY), "study").splitlines() == [
        'digraph "study" {',
        '  node [fontname="monospace", fontsize=11];',
        '  edge [fontname="monospace", fontsize=10];',
        '  "start" [shape=point, width=0.15];',
        '  "error" [label="any failure", shape=ellipse, style=dashed];',
        '  "1" [label="1 Finder\\nfinder\\n3 attempts", shape=box];',
        '  "2" [label="2\\nintegrate\\nat most 90 s · priority 7", shape=box];',
        '  "3" [label="3\\ntopic nothing\\nafter {delay} s", shape=box, style=rounded];',
        '  "4" [label="4 Mailer\\nmail + topic alarm\\nno reports", shape=box];',
        '  "5" [label="5\\narchive", shape=box];',
        '  "start" -> "1";',
        '  "error" -> "4" [style=dashed];',
        '  "1" -> "2" [label="spots, both"];',
        '  "1" -> "3" [label="both, none"];',
        '  "1" -> "4" [style=dashed];',
        '  "2" -> "5";',
        '  "3" -> "5";',
        "}",
    ]


def test_no_name_breaks_out_of_its_quotes_in_dot() -> None:
    evil = 'a"]; b\\" \x1b[31m\nc'

    text = dot(drawn({"1": {"queue": evil}, "start": [[1, 0]]}), evil)

    assert '"1\\na\\"]; b\\\\\\" \ufffd[31m\\nc"' in text
    assert len(text.splitlines()) == 7


def test_an_outline_has_the_longest_way_on_the_left_and_each_node_once() -> None:
    assert list(outline(drawn(STUDY))) == [
        "start",
        "▼ 1 Finder → finder (3 attempts)",
        "├─ spots, both: 2 → integrate (at most 90 s · priority 7)",
        "│  └─ 5 (below)",
        "├┄ error: 4 Mailer → mail + topic alarm (no reports)",
        "▼ both, none: 3 → topic nothing (after {delay} s)",
        "▼ 5 → archive",
        "any failure",
        "└┄ error: 4 Mailer (above)",
    ]


def test_branches_within_branches_keep_their_rails() -> None:
    recipe: dict[str, Any] = {
        "1": {"queue": "a", "output": {"x": 2, "y": 5}},
        "2": {"queue": "b", "output": [3, 4]},
        "3": {"queue": "c"},
        "4": {"queue": "d"},
        "5": {"queue": "e", "output": 6},
        "6": {"queue": "f", "output": 7},
        "7": {"queue": "g"},
        "start": [[1, 0]],
    }

    assert list(outline(drawn(recipe))) == [
        "start",
        "▼ 1 → a",
        "├─ x: 2 → b",
        "│  ├─ 3 → c",
        "│  ▼ 4 → d",
        "▼ y: 5 → e",
        "▼ 6 → f",
        "▼ 7 → g",
    ]


def chain(length: int) -> Diagram:
    handler = str(length + 1)
    nodes = [Node(str(n), "queue") for n in range(1, length + 2)]
    edges = [Edge(str(n), str(n + 1)) for n in range(1, length)]
    failing = [Edge(str(n), handler, is_error=True) for n in range(1, length + 1)]
    return Diagram(tuple(nodes), (*edges, *failing))


def test_the_outline_of_a_long_chain_is_as_narrow_as_that_of_a_short_one() -> None:
    lines = list(outline(chain(5000)))

    assert len(lines) == 5000 + 5000
    assert max(map(len, lines)) < 30


def test_a_cycle_which_no_checked_recipe_has_is_written_once_round() -> None:
    nodes = tuple(Node(key, "queue", key, "q") for key in "abc")
    edges = (Edge("a", "b"), Edge("b", "c"), Edge("c", "a"))

    assert list(outline(Diagram(nodes, edges))) == [
        "a a → q",
        "▼ b b → q",
        "▼ c c → q",
        "▼ a a (above)",
    ]
