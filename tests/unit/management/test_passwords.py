"""Passwords are hashed as RabbitMQ hashes them."""

from __future__ import annotations

import pytest

from recado.management import hashed, matches

OF_GUEST = "mpxDTtIXa313uwTsoC5R9tcRiBw84SmbG1cWIss2AuF9VQfX"
"""What a server tells of its user guest, whose password is guest."""


def test_the_hash_that_a_server_made_is_known() -> None:
    assert matches("guest", OF_GUEST)
    assert not matches("Guest", OF_GUEST)


def test_a_hash_has_a_salt_of_its_own_and_matches_its_password_alone() -> None:
    first, second = hashed("pässword"), hashed("pässword")

    assert first != second
    assert matches("pässword", first)
    assert matches("pässword", second)
    assert not matches("password", first)


@pytest.mark.parametrize("broken", ["", "no base64 at all", "AAAA"])
def test_what_is_no_hash_matches_nothing(broken: str) -> None:
    assert not matches("", broken)
