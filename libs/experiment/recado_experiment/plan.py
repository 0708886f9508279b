"""Plans: everything about a study that does not depend on the participant."""

from __future__ import annotations

from dataclasses import dataclass

from recado_experiment.arrangement import Sequence
from recado_experiment.blocks import Arrays, Block, by_name, read_arrays
from recado_experiment.calls import Group, disagreement
from recado_experiment.compat import Release, read_release
from recado_experiment.compiling import Compiler
from recado_experiment.crossings import read_crossings
from recado_experiment.errors import StudyError, StudyProblem
from recado_experiment.findings import Findings
from recado_experiment.inheritance import Inheritance
from recado_experiment.naming import Naming
from recado_experiment.ordering import OrderReader
from recado_experiment.places import Places
from recado_experiment.reading import decoded, parsed
from recado_experiment.sites import Site
from recado_experiment.stream import read_seed
from recado_experiment.tables import Table, is_table, kind, misspelt
from recado_experiment.template import Template
from recado_experiment.variables import Variables

PREVIEWED = 100
"""How many participants' choices of blocks are checked for calls that cannot go together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A study that was checked and prepared."""

    seed: float
    sequence: Sequence
    templates: dict[str, Template]
    places: Places
    warnings: tuple[StudyProblem, ...]


def prepare(text: str | bytes, what: str) -> Plan:
    """Read, check and prepare a study.

    Raises:
        StudyError: with everything that is wrong, in the order of the lines.
    """
    source = decoded(text, what)
    document, findings = parsed(source, what), Findings()
    configuration = _configuration(document, findings)
    release = read_release(configuration, findings.at("configuration"))
    _check_keys(document, configuration, release, findings)
    in_arrays = _switch(configuration, "expand_arrays", findings.at("configuration"))
    variables = Variables.of(
        _table(configuration, "variables", findings.at("configuration")),
        in_arrays=in_arrays,
    )
    arrays = read_arrays(document, release, variables, findings)
    blocks = by_name(arrays, findings)
    crossings = read_crossings(document, variables, blocks, findings.at("crossings"))
    sequence = OrderReader(
        configuration,
        release,
        Naming(blocks, crossings, _places(arrays, release)),
        _edges(arrays),
        findings.at("configuration"),
    ).sequence()
    seed = read_seed(
        configuration.get("random_seed", 0), findings.at("configuration", "random_seed")
    )
    inheritance = Inheritance(blocks, findings)
    compiler = Compiler(in_arrays=in_arrays)
    templates = _templates(inheritance.tables(), blocks, sequence, compiler, findings)
    if findings.is_clean:
        _check_groups(sequence, templates, findings)
    places = Places(source, inheritance)
    if not findings.is_clean:
        raise StudyError(what, places.problems(findings.found.problems))
    warnings = tuple(places.problems(findings.found.warnings))
    return Plan(seed, sequence, templates, places, warnings)


def _configuration(document: Table, findings: Findings) -> Table:
    if "configuration" in document:
        return _table(document, "configuration", findings)
    hint = misspelt("configuration", document)
    findings.at("configuration").add(f"missing; it says the order of the blocks{hint}")
    return {"order": []}


def _check_keys(
    document: Table, configuration: Table, release: Release, findings: Findings
) -> None:
    """Warn of what nobody reads, and of what has another name."""
    tables = ("configuration", *release.arrays, "crossings")
    for key in document:
        if key not in tables:
            findings.at(key).unused(key, tables)
    for key in configuration:
        here = findings.at("configuration", key)
        if key in release.others:
            here.warn(release.others[key])
        elif key not in release.settings:
            here.unused(key, release.settings)


def _places(arrays: Arrays, release: Release) -> list[str | None] | None:
    if not release.takes_places:
        return None
    return [block.name if block else None for block in arrays["blocks"]]


def _edges(arrays: Arrays) -> dict[str, tuple[str, ...]]:
    """Return the names of init and final blocks that are written as whole blocks."""
    return {
        key: tuple(block.name for block in array if block)
        for key, array in arrays.items()
        if key != "blocks"
    }


def _table(parent: Table, key: str, findings: Findings) -> Table:
    value = parent.get(key, {})
    if is_table(value):
        return value
    findings.at(key).add(f"has to be a table, not {kind(value)}")
    return {}


def _switch(parent: Table, key: str, findings: Findings) -> bool:
    value = parent.get(key, False)
    if not isinstance(value, bool):
        findings.at(key).add(f"has to be true or false, not {kind(value)}")
    return value is True


def _templates(
    tables: dict[str, Table],
    blocks: dict[str, Block],
    sequence: Sequence,
    compiler: Compiler,
    findings: Findings,
) -> dict[str, Template]:
    """Return the templates of the blocks that some participant gets.

    Others may be unfinished: parents whose calls only a child completes.
    """
    used = sequence.all_names()
    compiled = (
        compiler.template(name, tables[name], findings.at(*block.path))
        for name, block in blocks.items()
        if name in used and name in tables
    )
    return {template.name: template for template in compiled if template}


def _check_groups(
    sequence: Sequence, templates: dict[str, Template], findings: Findings
) -> None:
    if not any(template.grouped for template in templates.values()):
        return
    for participant in range(1, min(sequence.choices, PREVIEWED) + 1):
        chosen = [templates[name] for name in sequence.choice(participant)]
        _check_group_of([site for one in chosen for site in one.grouped], findings)


def _check_group_of(sites: list[Site], findings: Findings) -> None:
    first: dict[Group, Site] = {}
    takes: dict[Group, int] = {}
    for site in sites:
        group = site.call.group
        begun = first.setdefault(group, site)
        takes[group] = takes.get(group, 0) + begun.prepared.takes
        if problem := disagreement(begun.call, site.call):
            Findings(site.call.path, findings.found).add(problem)
    for group, site in first.items():
        supply = site.prepared.supply
        if supply is not None and takes[group] > supply:
            Findings(site.call.path, findings.found).add(
                f"{takes[group]} different items are needed, and the population has"
                f" {supply}; enlarge it or draw less"
            )
