"""Sessions: which participants there are, and where each stands; pure, without I/O.

A session is the sum of its facts. A decision says which facts a command adds, or raises why
it cannot be done; whoever asked appends them to the session's stream, and applies them.

    session = Session.replay(open_session("reading.toml", text))
    for fact in move_next(session, participant=1):
        session.apply(fact)
"""

from recado_experiment.session.decisions import (
    abandon,
    add,
    configure,
    move_all,
    move_next,
    move_to,
    next_participant,
    open_session,
)
from recado_experiment.session.errors import (
    InactiveError,
    OutOfRangeError,
    UnknownParticipantError,
)
from recado_experiment.session.fact import Assignment, Fact
from recado_experiment.session.place import Place, Progress
from recado_experiment.session.session import Session

__all__ = [
    "Assignment",
    "Fact",
    "InactiveError",
    "OutOfRangeError",
    "Place",
    "Progress",
    "Session",
    "UnknownParticipantError",
    "abandon",
    "add",
    "configure",
    "move_all",
    "move_next",
    "move_to",
    "next_participant",
    "open_session",
]
