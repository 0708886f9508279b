"""Sites: the calls of a study in their places, read and prepared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recado.errors import ConfigError
from recado_experiment.calls.call import (
    Call,
    Draw,
    Function,
    Group,
    Prepared,
    disagreement,
)
from recado_experiment.calls.functions import find_function, known_functions
from recado_experiment.calls.stream import Stream
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import Table, is_list, is_table, kind, shown
from recado_experiment.errors import DrawError

if TYPE_CHECKING:
    from recado.message import Json

_KEYS = frozenset({"function_name", "args", "params", "id"})


@dataclass(frozen=True, slots=True)
class Site:
    """A call in its place, prepared."""

    call: Call
    prepared: Prepared

    @property
    def is_grouped(self) -> bool:
        """Whether the value depends on other calls of the group."""
        return self.call.group[0] == "id" or self.prepared.supply is not None

    @property
    def draw(self) -> Draw:
        """What gives the call's value; calls under one id draw as the first of them."""
        return _as_the_first(self) if self.call.group[0] == "id" else self.prepared.draw


def is_call(table: Table) -> bool:
    """Tell whether a table is a call: two to four keys, and no others than a call's."""
    return 2 <= len(table) <= 4 and _KEYS.issuperset(table)


def warn_of_no_call(table: Table, findings: Findings) -> None:
    """Warn of a table that seems to be meant as a call and is plain data."""
    if "function_name" in table:
        rest = [key for key in table if key not in _KEYS]
        text = f"with {shown(rest[0])} it is" if rest else "without 'args' it is"
        findings.warn(f"has a 'function_name', but {text} plain data and no call")
    elif "args" in table and (near := findings.nearest("function_name", table)):
        findings.at(near).warn("did you mean 'function_name'? this is plain data")


def read_call(table: Table, findings: Findings) -> Site | None:
    """Return a call that is ready to be drawn from, or report what is wrong with it."""
    missing = [key for key in ("function_name", "args") if key not in table]
    for key in missing:
        findings.add(
            f"has no {key!r}, and a table of only {' and '.join(map(repr, table))} is a"
            " function call; a third kind of key would make it plain data"
        )
    call = None if missing else _call(table, findings)
    function = _function(table.get("function_name"), findings)
    if call is None or function is None:
        return None
    prepared = function(call, findings)
    return Site(call, prepared) if prepared else None


def _function(name: object, findings: Findings) -> Function | None:
    if name is None:
        return None
    here = findings.at("function_name")
    try:
        found = find_function(name) if isinstance(name, str) else None
    except ConfigError as error:
        here.add(f"cannot be used: {error}")
        return None
    if found is None:
        here.unknown("function", name, known_functions())
    return found


def _call(table: Table, findings: Findings) -> Call | None:
    args = table["args"]
    group = _group(table, findings)
    if not (is_list(args) or is_table(args)):
        findings.at("args").add(f"has to be an array or a table, not {kind(args)}")
        return None
    if group is None:
        return None
    return Call(findings.path, args, table.get("params"), group)


def _group(table: Table, findings: Findings) -> Group | None:
    if "id" in table:
        name = table["id"]
        if is_list(name) or is_table(name):
            findings.at("id").add(f"has to be a plain value, not {kind(name)}")
            return None
        return "id", name
    keys = ("function_name", "args", "params")
    signature = [table.get(key) for key in keys]
    return "signature", json.dumps(signature, sort_keys=True, default=repr)


def _as_the_first(site: Site) -> Draw:
    """Return a draw with the arguments that the group began with.

    Arguments of 1 and 1.0 are equal and not the same: what comes first decides.
    """
    call, own = site.call, (site.call, site.prepared.draw)

    def draw(stream: Stream) -> Json:
        first, draw_first = stream.first.setdefault(call.group, own)
        if first is not call and (problem := disagreement(first, call)):
            raise DrawError(call.path, problem)
        return draw_first(stream)

    return draw
