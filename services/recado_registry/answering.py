"""What the registry answers: instances from their leases, recipes from their folder."""

from __future__ import annotations

from hashlib import sha256

from recado.errors import NotFoundError, RecipeError, nearest
from recado.message import encode
from recado.recipe import Recipe, RecipeFolder, check_name
from recado.schemas.registry import (
    Instance,
    LookupReply,
    LookupRequest,
    ProblemEntry,
    RecipeEntry,
    RecipesReply,
    ServicesReply,
    StepEntry,
)
from recado_registry.liveness import Lease, Leases


def services(leases: Leases, service: str | None, now: float) -> ServicesReply:
    """Return the instances that are alive, of one service or of all."""
    found = [_instance(lease, now) for lease in leases.alive(service)]
    return ServicesReply(instances=found, complete_in_s=leases.complete_in_s(now))


def find_service(leases: Leases, name: str, now: float) -> LookupReply:
    """Return a service's instances.

    Raises:
        NotFoundError: if none of them is alive.
    """
    reply = services(leases, name, now)
    if not reply.instances:
        known = {lease.service for lease in leases.alive()}
        text = f"no instance of a service {name!r} is alive{nearest(name, known)}"
        if reply.complete_in_s:
            text += f"; all will have been heard in {reply.complete_in_s:.0f} s"
        raise NotFoundError(text)
    return LookupReply(
        kind="service",
        name=name,
        instances=reply.instances,
        complete_in_s=reply.complete_in_s,
    )


def recipes(folder: RecipeFolder) -> RecipesReply:
    """Return every recipe of a folder, also those with problems."""
    return RecipesReply(recipes=[_recipe(folder, name) for name in folder.names()])


def find_recipe(folder: RecipeFolder, request: LookupRequest) -> LookupReply:
    """Return a recipe of a folder, even if it has problems.

    Raises:
        NotFoundError: if there is none of this name.
    """
    name = request.name
    try:
        check_name(name)
    except RecipeError as error:
        raise NotFoundError(str(error)) from error
    entry = _recipe(folder, name)
    if request.whole and not entry.problems:
        _add_document(entry, folder.load(name), request.known)
    return LookupReply(kind="recipe", name=name, recipe=entry)


def _instance(lease: Lease, now: float) -> Instance:
    return Instance(
        instance=lease.instance,
        service=lease.service,
        status=lease.beat.status,
        statustext=lease.beat.statustext,
        since=lease.since,
        age_s=round(max(0.0, now - lease.heard_at), 3),
        ends_in_s=round(max(0.0, lease.ends_at - now), 3),
        beat=lease.beat.model_dump(exclude_unset=True),
    )


def _recipe(folder: RecipeFolder, name: str) -> RecipeEntry:
    try:
        recipe = folder.load(name)
    except RecipeError as error:
        problems = [ProblemEntry(path=x.path, text=x.text) for x in error.problems]
        return RecipeEntry(name=name, steps=[], problems=problems)
    return RecipeEntry(name=name, steps=_steps(recipe), problems=[])


def _add_document(entry: RecipeEntry, recipe: Recipe, known: str) -> None:
    entry.digest = sha256(encode(recipe.raw)).hexdigest()
    if entry.digest != known:
        entry.document = recipe.to_json()


def _steps(recipe: Recipe) -> list[StepEntry]:
    return [
        StepEntry(id=step.id, queue=step.queue, topic=step.topic, service=step.service)
        for step in recipe.steps.values()
    ]
