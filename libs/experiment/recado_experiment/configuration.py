"""The configuration of a study: its settings, and which keys are read at all."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

from recado_experiment.blocks.variables import Variables
from recado_experiment.compat import Release, read_release
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import Table, is_table, kind


@dataclass(frozen=True, slots=True)
class Configuration:
    """What ``[configuration]`` says of all blocks; ``table`` is for the order's reader."""

    table: Table
    release: Release
    variables: Variables
    seed: float


def read_configuration(document: Table, findings: Findings) -> Configuration:
    """Return the configuration of a document, and warn of keys that nobody reads."""
    table, here = _settings(document, findings), findings.at("configuration")
    release = read_release(table, here)
    _warn(document, table, release, findings)
    return Configuration(
        table,
        release,
        _variables(document, table, here),
        _seed(table.get("random_seed", 0), here.at("random_seed")),
    )


def _settings(document: Table, findings: Findings) -> Table:
    """Return all settings; an empty order if there are none, so that only that is told."""
    value = document.get("configuration")
    if is_table(value):
        return value
    if value is None:
        findings.missing("configuration", document, "it says the order of the blocks")
    else:
        findings.at("configuration").add(f"has to be a table, not {kind(value)}")
    return {"order": []}


def _warn(document: Table, table: Table, release: Release, findings: Findings) -> None:
    """Warn of what nobody reads, and of what has another name."""
    tables = ("configuration", *release.arrays, "crossings")
    for key in document:
        if key not in tables:
            findings.at(key).unused(key, tables)
    for key in table:
        here = findings.at("configuration", key)
        if key in release.others:
            here.warn(release.others[key])
        elif key not in release.settings:
            here.unused(key, release.settings)


def _variables(document: Table, table: Table, findings: Findings) -> Variables:
    values, hint = table.get("variables", {}), ""
    if not is_table(values):
        findings.at("variables").add(f"has to be a table, not {kind(values)}")
        values = {}
    if "variables" not in table and "variables" in document:
        hint = "; write [configuration.variables], not [variables]"
    elif "variables" not in table and (near := findings.nearest("variables", table)):
        hint = f"; is {near!r} meant to be 'variables'?"
    in_arrays = _switch(table, "expand_arrays", findings)
    return Variables.of(values, in_arrays=in_arrays, hint=hint)


def _switch(parent: Table, key: str, findings: Findings) -> bool:
    value = parent.get(key, False)
    if not isinstance(value, bool):
        findings.at(key).add(f"has to be true or false, not {kind(value)}")
    return value is True


def _seed(value: object, findings: Findings) -> float:
    """Return what is added to a participant's number to seed its stream."""
    if not isinstance(value, int | float):
        findings.add(f"has to be a number, not {kind(value)}")
    elif isinstance(value, float) and isnan(value):
        findings.add("is nan, which gives another stream each time; use a number")
    else:
        if abs(value) == inf:
            findings.warn(f"is {value}, which gives everybody the same stream")
        return value
    return 0
