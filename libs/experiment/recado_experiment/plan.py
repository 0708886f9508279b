"""Plans: everything about a study that does not depend on the participant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from recado_experiment.arrangement import Sequence
from recado_experiment.blocks import Arrays, Block, all_of, by_name, read_arrays
from recado_experiment.calls import Group, disagreement
from recado_experiment.compat import Release
from recado_experiment.compiling import Compiler
from recado_experiment.configuration import read_configuration
from recado_experiment.crossings import read_crossings
from recado_experiment.errors import StudyError, StudyProblem
from recado_experiment.extent import check_extent
from recado_experiment.findings import Findings, Path
from recado_experiment.inheritance import Inheritance
from recado_experiment.naming import Naming
from recado_experiment.ordering import OrderReader
from recado_experiment.places import Places
from recado_experiment.reading import decoded, parsed
from recado_experiment.sites import Site
from recado_experiment.tables import Table, is_list
from recado_experiment.template import Template

PREVIEWED = 100
LOOKED_AT = 200_000
"""How many participants' choices of blocks are checked for calls that cannot go together, and
after how many blocks and calls no other participant's."""


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
    configuration = read_configuration(document, findings)
    release, variables = configuration.release, configuration.variables
    arrays = read_arrays(document, release, variables, findings)
    blocks = by_name(arrays, findings)
    crossings = read_crossings(document, variables, blocks, findings.at("crossings"))
    sequence = OrderReader(
        configuration.table,
        release,
        Naming(
            _known(document, blocks, crossings), crossings, _places(arrays, release)
        ),
        _edges(arrays),
        findings.at("configuration"),
    ).sequence()
    crossed = [blocks[name] for made in crossings.values() for name in made]
    inheritance = Inheritance([*all_of(arrays), *crossed], findings)
    compiler = Compiler(in_arrays=variables.in_arrays)
    templates = _templates(inheritance.tables(), blocks, sequence, compiler, findings)
    if findings.is_clean:
        check_extent(sequence, templates, findings.at("configuration", "order"))
    _check_groups(sequence, templates, findings)
    places = Places(source, inheritance)
    if not findings.is_clean:
        raise StudyError(what, places.problems(findings.found))
    warnings = tuple(places.warnings(findings.found))
    return Plan(configuration.seed, sequence, templates, places, warnings)


def _known(
    document: Table, blocks: Collection[str], crossings: Collection[str]
) -> set[str] | None:
    """Return the names that an order can have; None if blocks could not be read."""
    listed = [document[key] for key in ("blocks", "crossings") if key in document]
    is_whole = listed and all(map(is_list, listed))
    return {*blocks, *crossings} if is_whole else None


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


def _templates(
    tables: Mapping[Path, Table],
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
        compiler.template(name, tables[block.path], findings.at(*block.path))
        for name, block in blocks.items()
        if name in used and block.path in tables
    )
    return {template.name: template for template in compiled if template}


def _check_groups(
    sequence: Sequence, templates: dict[str, Template], findings: Findings
) -> None:
    if not any(template.grouped for template in templates.values()):
        return
    seen = 0
    for participant in range(1, min(sequence.choices, PREVIEWED) + 1):
        chosen = sequence.choice(participant)
        found = [templates[name] for name in chosen if name in templates]
        sites = [site for one in found for site in one.grouped]
        _check_group_of(sites, findings)
        seen += len(chosen) + len(sites)
        if seen > LOOKED_AT:
            return


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
