"""Where this project and experiment-server part ways: all that is known, each with why."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from recado_experiment import Study, StudyError
from tests.integration.experiment_server.peer import Peer

PARTICIPANTS = range(1, 4)

HEAD = '[configuration]\norder = ["a"]\n'
BLOCK = '[[blocks]]\nname = "a"\n[blocks.config]\n'
CALL = "x.function_name = 'choices'\nx.args.population = "


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Peer:
    return Peer.installed(tmp_path_factory.mktemp("peer"))


TOML_1_0 = {
    "an array of several types": f"{HEAD}{BLOCK}x = [1, 'two']",
    "integers with floats": f"{HEAD}{BLOCK}x = [1, 2.5]",
    "arrays of arrays in an inline table": f"{HEAD}{BLOCK}x = {{ y = [[1], [2]] }}",
    "a key of no letters": f"{HEAD}{BLOCK}'' = 1\n[blocks.config.x.'']",
}


@pytest.mark.parametrize("text", TOML_1_0.values(), ids=TOML_1_0)
def test_toml_1_0_is_read_that_its_reader_refuses(peer: Peer, text: str) -> None:
    assert not peer.reads(text)
    expected = peer.texts(text, PARTICIPANTS)

    study = Study.read(text)

    # It would expand them all, if it could read them.
    assert [json.dumps(study.expand(at)) for at in PARTICIPANTS] == expected


def chain(length: int) -> str:
    """Blocks that extend one another, the first of which is ``a``."""
    names = ["a", *(f"b{at}" for at in range(length))]
    children = [
        f"[[blocks]]\nname = '{name}'\nextends = '{parent}'\n"
        for name, parent in pairwise(names)
    ]
    return "".join(children) + BLOCK.replace('"a"', f"'{names[-1]}'")


RECADOS_OWN = {
    "a strategy": f"{HEAD}groups_strategy = 'williams'\n{BLOCK}",
    "a function": f"{HEAD}{BLOCK}x = {{ function_name = 'uniform', args = [] }}",
    "blocks of a crossing": "configuration.order = ['g:1']\nblocks = []\n"
    "[[crossings]]\nname = 'g'\nfactors.x = [1]",
    "more parents than Python's stack has room for": HEAD + chain(1200),
}


@pytest.mark.parametrize("text", RECADOS_OWN.values(), ids=RECADOS_OWN)
def test_what_it_has_not_is_recados_own(peer: Peer, text: str) -> None:
    assert peer.texts(text, PARTICIPANTS) == [None for _ in PARTICIPANTS]
    assert Study.read(text).expand(1)


REFUSED_HERE_ALONE = {
    "variables that nobody uses": (
        f"{HEAD}variables = 'none'\n{BLOCK}",
        "variables: has to be a table",
    ),
    "a seed that gives another stream each time": (
        f"{HEAD}random_seed = nan\n{BLOCK}",
        "gives another stream each time",
    ),
    "more than a million items": (
        f"{HEAD}{BLOCK}{CALL}[1]\nx.args.k = 1_000_001",
        "at most 1000000",
    ),
    "nothing, drawn from a table": (
        f"{HEAD}{BLOCK}{CALL}{{}}\nx.args.k = 0",
        "population: has to be",
    ),
    "tables deep inside of tables": (
        f"{HEAD}{BLOCK}{'.'.join('k' * 101)} = 1",
        "more than 100 deep",
    ),
    "dates that are never drawn": (
        f"{HEAD}{BLOCK}{CALL}[2024-01-01, 2024-01-02]\nx.id = 1\nx.args.k = 0",
        "which JSON has not",
    ),
    "a key of recado's own": (
        f"{HEAD}expand_arrays = 1\n{BLOCK}",
        "expand_arrays: has to be true",
    ),
    "a table of recado's own": (
        f"crossings = 1\n{HEAD}{BLOCK}",
        "crossings: has to be an array",
    ),
    "what a later participant would meet": (
        f"{HEAD}init_blocks = {{ 1 = [], 2 = [], 3 = [], 4 = ['z'] }}\n{BLOCK}",
        "no block 'z'",
    ),
}


@pytest.mark.parametrize(
    ("text", "problem"), REFUSED_HERE_ALONE.values(), ids=REFUSED_HERE_ALONE
)
def test_what_only_recado_refuses(peer: Peer, text: str, problem: str) -> None:
    assert None not in peer.texts(text, PARTICIPANTS)
    with pytest.raises(StudyError, match=problem):
        Study.read(text)
