"""The functions ``sample``, ``shuffle`` and ``sequence``: items in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recado_experiment.calls.arguments import (
    MAX_ITEMS,
    Arguments,
    is_unique,
    refuse_params,
)
from recado_experiment.calls.call import Call, Prepared
from recado_experiment.calls.stream import Stream, Urn
from recado_experiment.document.clone import cloned
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import largest, size
from recado_experiment.errors import DrawError

if TYPE_CHECKING:
    from recado.message import Json


def prepare_sample(call: Call, findings: Findings) -> Prepared | None:
    """Draw ``k`` items without replacement; unique ones, over all calls of the group."""
    once = is_unique(call.params, findings.at("params"))
    arguments = Arguments.of(call, ("population", "k"), 2, findings)
    if arguments is None:
        return None
    population = arguments.items("population")
    count = arguments.integer("k", 1, 0, MAX_ITEMS)
    if population is None or count is None:
        return None
    if count > len(population):
        arguments.report(
            f"asks for {count} of {len(population)} items; draw less, or enlarge the"
            " population"
        )
        return None
    there, group = len(population), call.group

    def draw(stream: Stream) -> Json:
        return [cloned(population[at]) for at in stream.distinct(there, count)]

    def draw_left(stream: Stream) -> Json:
        urn = stream.urns.get(group) or stream.urns.setdefault(group, Urn(there))
        if urn.left < count:
            raise DrawError(
                call.path,
                f"{count} items are asked for, and {urn.left} of {there} are left: enlarge"
                " the population or draw less",
            )
        return [cloned(population[at]) for at in urn.draw(count, stream)]

    makes = 1 + count * largest(population)
    return Prepared(draw_left, makes, count, there) if once else Prepared(draw, makes)


def prepare_shuffle(call: Call, findings: Findings) -> Prepared | None:
    """Return all items in an order of chance."""
    refuse_params(call, findings)
    arguments = Arguments.of(call, ("items",), 1, findings)
    items = arguments.items("items") if arguments else None
    if items is None:
        return None

    def draw(stream: Stream) -> Json:
        places = list(range(len(items)))
        stream.shuffle(places)
        return [cloned(items[at]) for at in places]

    return Prepared(draw, size(items))


def prepare_sequence(call: Call, findings: Findings) -> Prepared | None:
    """Return the next item for each call of the group, from the first again at the end.

    With ``start = "participant"`` each participant begins one item further on: over as
    many participants as there are items, each call gets each of them equally often.
    """
    refuse_params(call, findings)
    arguments = Arguments.of(call, ("items", "start"), 1, findings)
    if arguments is None:
        return None
    items = arguments.items("items")
    start = arguments.one_of("start", ("first", "participant"))
    if items is None or start is None:
        return None
    group, turns = call.group, start == "participant"

    def draw(stream: Stream) -> Json:
        count = stream.called.get(group, 0)
        stream.called[group] = count + 1
        if turns:
            count += stream.participant - 1
        return cloned(items[count % len(items)])

    return Prepared(draw, largest(items))
