"""Deterministic ids: the same message handled twice makes the same children and events.

An id is the text of a UUID. A child's id is UUIDv5 of its parent's id and a name, as in
RFC 9562, section 5.5; :mod:`uuid` makes the same ones, three times slower.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from uuid import UUID, uuid4


def new_id() -> str:
    """Return a random id, for what has no parent."""
    return str(uuid4())


def as_id(text: str) -> str:
    """Return a text that is an id as it is, and any other as the id derived from it."""
    try:
        return str(UUID(text))
    except ValueError:
        return derived_id("00000000-0000-0000-0000-000000000000", text)


def derived_id(parent: str, name: str) -> str:
    """Return UUIDv5(parent, name).

    Raises:
        ValueError: if the parent is not the text of a UUID.
    """
    return deriver(parent)(name)


def deriver(parent: str) -> Callable[[str], str]:
    """Return what makes UUIDv5(parent, name) of names: for many of one parent.

    Raises:
        ValueError: if the parent is not the text of a UUID.
    """
    begun = sha1(bytes.fromhex(parent.replace("-", "")), usedforsecurity=False)

    def derive(name: str) -> str:
        hashed = begun.copy()
        hashed.update(name.encode("utf-8", "surrogatepass"))
        digest = hashed.hexdigest()
        variant = "89ab"[int(digest[16], 16) & 3]
        return (
            f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}"
            f"-{variant}{digest[17:20]}-{digest[20:32]}"
        )

    return derive


def checksum(id_: str) -> int:
    """Return 64 bits of an id, to be XORed into a run's checksum.

    A run's messages are all accounted for when the XOR over everything sent and
    everything settled is zero, whatever the order in which the reports arrive: the
    acknowledgement scheme of Apache Storm. The low half of the UUID is taken, without
    its variant bits' influence on chance: 62 random bits are left.
    """
    return int(id_[19:23] + id_[24:36], 16)
