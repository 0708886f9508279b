"""What the registry answers: instances from their leases, recipes from their folder."""

from __future__ import annotations

from hashlib import sha256

from recado.errors import NotFoundError, RecipeError, nearest
from recado.message import encode
from recado.recipe import Recipe, RecipeFolder, check_name
from recado.schemas.answers import ProblemEntry
from recado.schemas.registry import (
    Instance,
    LookupReply,
    LookupRequest,
    RecipeEntry,
    RecipesReply,
    ServicesReply,
    StepEntry,
    StudiesReply,
    StudyEntry,
)
from recado.studies import Source, StudyFolder, UnusableError
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


def studies(folder: StudyFolder) -> StudiesReply:
    """Return every study of a folder that has a name, also those that cannot be read."""
    return StudiesReply(studies=[_study(folder, name) for name in folder.names()])


def find_study(folder: StudyFolder, request: LookupRequest) -> LookupReply:
    """Return a study of a folder, whatever its text says.

    Raises:
        NotFoundError: if there is none of this name.
        UnusableError: if it cannot be read, and will not.
    """
    source = folder.find(request.name, request.digest)
    entry = StudyEntry(name=source.name, digest=source.sha256)
    if request.whole and request.known != source.sha256:
        entry.text = _text(source)
    return LookupReply(kind="study", name=request.name, study=entry)


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
        problems = list(map(ProblemEntry.of, error.problems))
        return RecipeEntry(name=name, steps=[], problems=problems)
    return RecipeEntry(name=name, steps=_steps(recipe), problems=[])


def _study(folder: StudyFolder, name: str) -> StudyEntry:
    try:
        source = folder.find(name)
    except (NotFoundError, UnusableError, OSError) as error:
        return StudyEntry(name=name, digest="", problem=str(error))
    return StudyEntry(name=name, digest=source.sha256)


def _text(source: Source) -> str:
    try:
        return source.text.decode()
    except UnicodeDecodeError as error:
        at, byte = error.start, source.text[error.start]
        raise UnusableError(
            f"study {source.name!r} is not UTF-8: byte 0x{byte:02x} at {at}"
        ) from error


def _add_document(entry: RecipeEntry, recipe: Recipe, known: str) -> None:
    entry.digest = sha256(encode(recipe.raw)).hexdigest()
    if entry.digest != known:
        entry.document = recipe.to_json()


def _steps(recipe: Recipe) -> list[StepEntry]:
    return [
        StepEntry(id=step.id, queue=step.queue, topic=step.topic, service=step.service)
        for step in recipe.steps.values()
    ]
