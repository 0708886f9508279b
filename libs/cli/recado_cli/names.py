"""``recado registry``: which services are alive, which recipes and studies there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Common, Group, option, pass_common
from recado_cli.output import print_facts, print_json, print_table, talk, when

if TYPE_CHECKING:
    from pydantic import JsonValue

    from recado.config import Settings
    from recado.schemas.registry import (
        Instance,
        Kind,
        LookupReply,
        RecipeEntry,
        RecipesReply,
        ServicesReply,
        StudiesReply,
        StudyEntry,
    )

_KINDS: Final[tuple[Kind, ...]] = ("service", "recipe", "study")


@click.group(cls=Group)
def registry() -> None:
    """See which services, recipes and studies there are."""


@registry.command()
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(common: Common, as_json: bool) -> None:
    """List the instances that are alive, the recipes and the studies."""
    from recado_cli.session import wait_for

    services, recipes, studies = wait_for(_all(common.settings()))
    if as_json:
        print_json(
            {
                "services": services,
                "recipes": recipes.recipes,
                "studies": studies.studies,
            }
        )
        return
    print_instances(services.instances)
    warn_of_start(services.complete_in_s)
    click.echo()
    print_table(
        ["recipe", "steps", "problems"],
        [[it.name, len(it.steps), len(it.problems) or None] for it in recipes.recipes],
    )
    click.echo()
    print_table(
        ["study", "sha256", "problem"],
        [[it.name, it.digest, it.problem] for it in studies.studies],
    )


@registry.command()
@click.argument("name")
@option("--kind", type=click.Choice(_KINDS), help="If it is several.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def show(common: Common, name: str, kind: Kind | None, as_json: bool) -> None:
    """Show what a name stands for: a service with its instances, a recipe, a study."""
    from recado_cli.session import wait_for

    found = wait_for(_found(common.settings(), name, kind))
    if as_json:
        print_json(found)
    elif found.recipe is not None:
        _print_recipe(found.recipe)
    elif found.study is not None:
        _print_study(found.study)
    else:
        for instance in found.instances:
            _print_instance(instance)
        warn_of_start(found.complete_in_s)


async def _all(settings: Settings) -> tuple[ServicesReply, RecipesReply, StudiesReply]:
    from recado.clients.lookup import Lookup
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        lookup = Lookup(transport)
        with asking("registry", settings):
            return (
                await lookup.services(),
                await lookup.recipes(),
                await lookup.studies(),
            )


async def _found(settings: Settings, name: str, kind: Kind | None) -> LookupReply:
    from recado.clients.lookup import Lookup
    from recado.errors import NotFoundError
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        lookup = Lookup(transport)
        missing: list[str] = []
        with asking("registry", settings):
            for each in (kind,) if kind else _KINDS:
                try:
                    return await lookup.find(each, name)
                except NotFoundError as error:
                    missing.append(str(error))
        raise NotFoundError("; ".join(missing))


def print_instances(instances: Sequence[Instance]) -> None:
    """Print the instances that are alive as a table."""
    print_table(
        [
            "service",
            "instance",
            "status",
            "version",
            "handled",
            "dead",
            "heard",
            "since",
            "policy",
        ],
        [
            [
                each.service,
                each.instance,
                each.statustext,
                own(each, "version"),
                own(each, "handled"),
                own(each, "dead"),
                f"{each.age_s:.0f} s ago",
                when(each.since),
                policy(each),
            ]
            for each in instances
        ],
    )


def own(instance: Instance, key: str) -> JsonValue:
    """Return what a recado service says of itself; none for one of another kind."""
    facts = instance.beat.get("recado")
    return facts.get(key) if isinstance(facts, dict) else None


def policy(instance: Instance) -> str:
    """Return an instance's retry policy in a few words."""
    facts = own(instance, "policy")
    if not isinstance(facts, dict):
        return ""
    attempts, first_s, cap_s = map(facts.get, _POLICY)
    return f"{attempts} attempts, {first_s} to {cap_s} s apart"


_POLICY: Final = ("attempts", "first_s", "cap_s")


def warn_of_start(complete_in_s: float) -> None:
    """Say so if the registry has not listened long enough to know everybody."""
    if complete_in_s > 0:
        talk(f"the registry has just started; all are known in {complete_in_s:.0f} s")


def _print_instance(instance: Instance) -> None:
    facts = instance.beat.get("recado")
    more = facts.items() if isinstance(facts, dict) else ()
    print_facts(
        [
            ("instance", instance.instance),
            ("service", instance.service),
            ("status", instance.statustext),
            ("since", when(instance.since)),
            ("last heard", f"{instance.age_s:.1f} s ago"),
            *((key, value) for key, value in more if key not in _KNOWN),
        ]
    )
    click.echo()


_KNOWN = frozenset({"instance", "name", "started_at"})


def _print_recipe(recipe: RecipeEntry) -> None:
    print_facts([("recipe", recipe.name)])
    print_table(
        ["step", "queue", "topic", "service"],
        [[it.id, it.queue, it.topic, it.service] for it in recipe.steps],
    )
    for problem in recipe.problems:
        talk(f"{problem.path}: {problem.text}")


def _print_study(study: StudyEntry) -> None:
    print_facts([("study", study.name), ("sha256", study.digest)])
