"""Plans: everything about a study that does not depend on the participant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from recado_experiment.blocks.block import Arrays, Block, all_of, by_name, read_arrays
from recado_experiment.blocks.compiling import Compiler
from recado_experiment.blocks.crossings import read_crossings
from recado_experiment.blocks.inheritance import Inheritance
from recado_experiment.blocks.template import Template
from recado_experiment.compat import Release
from recado_experiment.configuration import read_configuration
from recado_experiment.document.findings import Findings, Path
from recado_experiment.document.reading import decoded, parsed
from recado_experiment.document.tables import Table, is_list
from recado_experiment.errors import StudyError, StudyProblem
from recado_experiment.extent import check_extent
from recado_experiment.grouping import check_groups
from recado_experiment.order.arrangement import Sequence
from recado_experiment.order.naming import Naming
from recado_experiment.order.reader import OrderReader
from recado_experiment.places import Places


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
    check_groups(sequence, templates, findings)
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
