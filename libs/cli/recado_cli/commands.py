"""Which commands there are: where each lives, and what the overview says of it.

The overview is printed from here, so that ``recado --help`` imports none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: the module and the name in it, and its line in the overview."""

    module: str
    name: str
    help: str


COMMANDS: Final[Mapping[str, Entry]] = {
    "up": Entry("up", "up", "Run all services, supervised; Ctrl-C drains them."),
    "service": Entry("serve", "service", "Run one service in the foreground."),
    "go": Entry("go.command", "go", "Start a run of recipes, and print its id."),
    "pickup": Entry(
        "pickup.command", "pickup", "Send what was stored without a broker."
    ),
    "run": Entry("run.command", "run", "See what happened to runs."),
    "recipe": Entry("recipe.command", "recipe", "Check, show, draw and list recipes."),
    "expand": Entry("expand.command", "expand", "Expand study configurations."),
    "experiment": Entry(
        "experiment.command", "experiment", "Run sessions of studies, in the lab."
    ),
    "dlq": Entry("dlq", "dlq", "See dead letters, and send them back."),
    "drain": Entry(
        "drain.command", "drain", "Move a queue's messages to another queue."
    ),
    "events": Entry("events", "events", "Read and follow the event store."),
    "registry": Entry("names", "registry", "See which services and recipes there are."),
    "status": Entry("status", "status", "See queues, services, runs and dead letters."),
    "topology": Entry(
        "topology.command", "topology", "Plan and make what is to be on the broker."
    ),
    "wrap": Entry("wrap", "wrap", "Run a long job, and tell of it."),
    "shutdown": Entry(
        "shutdown.command", "shutdown", "Have instances end, and see it."
    ),
    "health": Entry("health", "health", "Ask an instance whether it is ready."),
    "config": Entry("config.command", "config", "Show settings; import Zocalo's."),
    "doctor": Entry("doctor", "doctor", "Check this installation, and say what to do."),
    "demo": Entry("demo", "demo", "Run a study from start to end, and show it."),
    "completion": Entry(
        "completion", "completion", "Print a shell's completion script."
    ),
}
