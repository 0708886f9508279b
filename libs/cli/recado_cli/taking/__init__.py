"""Taking all that a queue holds, for a command that moves it or writes it down."""

from recado_cli.taking.limits import WINDOW, Limits
from recado_cli.taking.settling import Settled, settle
from recado_cli.taking.taking import Taking, take_all

__all__ = ["WINDOW", "Limits", "Settled", "Taking", "settle", "take_all"]
