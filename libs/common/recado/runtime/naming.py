"""What an instance is called: its host and pid, and a number if that is taken."""

from __future__ import annotations

from itertools import count

from recado.heartbeat import host_name

# A process cannot run two instances of one name, whoever started them.
_taken: set[str] = set()


def take_name() -> str:
    """Return a name that no other runtime of this process has."""
    base = host_name()
    names = (base if number == 1 else f"{base}.{number}" for number in count(1))
    name = next(each for each in names if each not in _taken)
    _taken.add(name)
    return name


def give_back(name: str) -> None:
    """Have a name free again."""
    _taken.discard(name)
