"""Environments: which blocks each stands for, in which order; decided without reading."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from recado.errors import Problem, nearest
from recado.zocalo.including import RESERVED
from recado.zocalo.yaml import as_table, as_texts

_LAST: Final = "plugins"
"""The group whose blocks come after all others."""


def environments_of(
    said: Mapping[str, tuple[str, object]],
    blocks: Collection[str],
    problems: list[Problem],
) -> dict[str, tuple[str, ...]]:
    """Return the blocks of each environment; note what is wrong.

    ``said`` has, by name, the place, and what is said there: a list of blocks, groups of
    them, or the name of another environment.
    """
    found: dict[str, tuple[str, ...]] = {}
    aliases: dict[str, str] = {}
    for name, (place, content) in said.items():
        if isinstance(content, str):
            aliases[name] = content
        else:
            groups = _groups(content, place, problems)
            problems += _misnamed(groups, place, blocks)
            found[name] = _flattened(groups)
    for name in aliases:
        target = _target(name, aliases)
        if target not in found:
            problems.append(Problem(said[name][0], _astray(name, aliases, said)))
        else:
            found[name] = found[target]
    return found


def _groups(
    content: object, place: str, problems: list[Problem]
) -> dict[str, list[str]]:
    is_list = isinstance(content, list)
    groups: dict[str, object] | None = (
        {_LAST: content} if is_list else as_table(content)
    )
    if groups is None:
        text = (
            "must be a list of blocks' names, a table of such, or an environment's name"
        )
        problems.append(Problem(place, text))
        return {}
    found: dict[str, list[str]] = {}
    for group, said in groups.items():
        names = [said] if isinstance(said, str) else as_texts(said)
        if names is None:
            text = "must be a block's name, or a list of them; quote such as off or 1"
            problems.append(Problem(f"{place}.{group}", text))
        else:
            found[group] = names
    return found


def _flattened(groups: Mapping[str, list[str]]) -> tuple[str, ...]:
    order = sorted(groups, key=lambda group: (group == _LAST, group))
    return tuple(dict.fromkeys(name for group in order for name in groups[group]))


def _misnamed(
    groups: Mapping[str, list[str]], place: str, blocks: Collection[str]
) -> Iterable[Problem]:
    for group, names in groups.items():
        for name in names:
            if name in RESERVED:
                yield Problem(f"{place}.{group}", f"{name!r} is the name of no block")
            elif name not in blocks:
                hint = nearest(name, blocks)
                yield Problem(f"{place}.{group}", f"no block {name!r}{hint}")


def _target(name: str, aliases: Mapping[str, str]) -> str:
    """Return what an alias leads to in the end; itself if it goes round."""
    way = {name}
    while name in aliases:
        name = aliases[name]
        if name in way:
            return name
        way.add(name)
    return name


def _astray(name: str, aliases: Mapping[str, str], known: Collection[str]) -> str:
    way = [name]
    while way[-1] in aliases and way[-1] not in way[:-1]:
        way.append(aliases[way[-1]])
    if way[-1] in way[:-1]:
        return f"goes round: {' → '.join(way)}"
    return f"no environment {way[-1]!r}{nearest(way[-1], known)}"
