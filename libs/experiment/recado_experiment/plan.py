"""Plans: everything about a study that does not depend on the participant."""

from __future__ import annotations

from dataclasses import dataclass

from recado_experiment.arrangement import Sequence
from recado_experiment.blocks import Block, read_blocks
from recado_experiment.calls import Group, disagreement
from recado_experiment.compiling import Compiler
from recado_experiment.crossings import read_crossings
from recado_experiment.errors import StudyError, StudyProblem
from recado_experiment.findings import Findings
from recado_experiment.inheritance import Inheritance
from recado_experiment.ordering import OrderReader
from recado_experiment.places import Places
from recado_experiment.reading import decoded, parsed
from recado_experiment.sites import Site
from recado_experiment.stream import read_seed
from recado_experiment.tables import Table, is_table, kind, misspelt
from recado_experiment.template import Template
from recado_experiment.variables import Variables

TABLES = ("configuration", "blocks", "crossings")
KEYS = (
    "order",
    "groups_strategy",
    "within_groups_strategy",
    "init_blocks",
    "init_blocks_strategy",
    "final_blocks",
    "final_blocks_strategy",
    "random_seed",
    "variables",
    "expand_arrays",
)
OLD_KEYS = ("groups", "within_groups")
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
    in_arrays = _switch(configuration, "expand_arrays", findings.at("configuration"))
    variables = Variables.of(
        _table(configuration, "variables", findings.at("configuration")),
        in_arrays=in_arrays,
    )
    blocks = read_blocks(document, variables, findings.at("blocks"))
    crossings = read_crossings(document, variables, blocks, findings.at("crossings"))
    sequence = OrderReader(
        configuration, blocks, crossings, findings.at("configuration")
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
    for key in document:
        if key not in TABLES:
            findings.at(key).unused(key, TABLES)
    if "configuration" not in document:
        hint = misspelt("configuration", document)
        findings.at("configuration").add(
            f"missing; it says the order of the blocks{hint}"
        )
        return {"order": []}
    configuration = _table(document, "configuration", findings)
    for key in configuration:
        if key not in KEYS + OLD_KEYS:
            findings.at("configuration", key).unused(key, KEYS)
    return configuration


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
