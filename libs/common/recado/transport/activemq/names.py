"""Names: which destination of the broker a queue or a topic of recado is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from recado.errors import RefusedError

REPLIES: Final = "reply."
"""What begins so gets replies. It is a topic: what comes when nobody listens any more is
dropped by the broker, where a queue would be made anew and keep it."""
_DECLARED: Final = "recado.queues"
_SUSPECTS: Final = "recado.suspects."
_SCHEDULER: Final = "/topic/ActiveMQ.Scheduler.Management"
_CONSUMERS: Final = "ActiveMQ.Advisory.Consumer.Queue."
_WRONG: Final = re.compile(r"[,?*>\x00-\x1f\x7f\ud800-\udfff]|^\s|\s$|^$")
"""What means something else to ActiveMQ: a list, options, a pattern; or cannot be sent."""
_LONGEST: Final = 255
_DEAD: Final = "DLQ."
_SHARED_DEAD: Final = "ActiveMQ.DLQ"


def are_dead(name: str) -> bool:
    """Whether a queue is one that ActiveMQ puts dead letters into, by its name.

    Such a queue stands outside of every namespace, and the broker makes it.
    """
    return name == _SHARED_DEAD or name.startswith(_DEAD)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one installation; ``prefix`` is what Zocalo calls a namespace."""

    prefix: str = ""

    def queue(self, name: str) -> str:
        """Return a queue's destination; that of a queue of replies is a topic.

        Raises:
            RefusedError: for what is no name to ActiveMQ.
        """
        _check(name)
        if are_dead(name):
            return f"/queue/{name}"
        kind = "topic" if name.startswith(REPLIES) else "queue"
        return f"/{kind}/{self.prefix}{name}"

    def suspects(self, name: str) -> str:
        """Return where those of a queue's messages are that may kill their process.

        Not a selector's work: it costs the broker a fifth more for every message.
        """
        return f"/queue/{self.prefix}{_SUSPECTS}{name}"

    def topic(self, name: str) -> str:
        """Return a topic's destination.

        Raises:
            RefusedError: for what is no name to ActiveMQ.
        """
        _check(name)
        return f"/topic/{self.prefix}{name}"

    def queue_of(self, destination: str) -> str | None:
        """Return which queue a destination is; none if it is none of ours."""
        prefix = f"/queue/{self.prefix}"
        if not destination.startswith(prefix) or destination == self.declared:
            return None
        name = destination.removeprefix(prefix)
        return None if name.startswith(_SUSPECTS) else name

    @property
    def dead(self) -> tuple[str, ...]:
        """Where the broker's dead letters may be, those of this installation and of all."""
        return f"/queue/{_DEAD}{self.prefix}>", f"/queue/{_SHARED_DEAD}"

    @property
    def declared(self) -> str:
        """Where it is written down which queues were declared."""
        return f"/queue/{self.prefix}{_DECLARED}"

    @property
    def consumers(self) -> str:
        """Where the broker tells who consumes what."""
        return f"/topic/{_CONSUMERS}>"

    def consumed(self, destination: str) -> str | None:
        """Return which queue it is that somebody consumes, as the broker tells it."""
        return self.queue_of(destination.replace(f"/topic/{_CONSUMERS}", "/queue/", 1))

    @property
    def scheduler(self) -> str:
        """Where the broker is asked for its delayed messages."""
        return _SCHEDULER


@lru_cache(4_096)
def _check(name: str) -> None:
    if name == _DECLARED or name.startswith(_SUSPECTS):
        raise RefusedError(f"{name!r} is recado's own; choose another name")
    if len(name) > _LONGEST or _WRONG.search(name):
        raise RefusedError(
            f"{name[:_LONGEST]!r} is no name for ActiveMQ: 1 to {_LONGEST} characters, none"
            " of them , ? * > or a control character, and no space at an end"
        )


def names_of(path: str) -> Names:
    """Return the names that a URL's path stands for."""
    space = path.strip("/.")
    return Names(f"{space}." if space else "")
