"""Starting a run: from a request and the recipes it names to its first messages.

Nothing here waits or sends, so ``recado go`` checks a request with the code that the
dispatcher runs it with.
"""

from recado.starting.preparing import Prepared, Recipes, compose, prepare
from recado.starting.request import Request, read_request, run_id
from recado.starting.sending import start

__all__ = [
    "Prepared",
    "Recipes",
    "Request",
    "compose",
    "prepare",
    "read_request",
    "run_id",
    "start",
]
