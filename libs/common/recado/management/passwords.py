"""Passwords as RabbitMQ keeps them: a salt of four bytes, and SHA-256 of both."""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final

_SALT_BYTES: Final = 4


def hashed(password: str) -> str:
    """Return a password's hash, with a salt of its own."""
    return _with_salt(password, secrets.token_bytes(_SALT_BYTES))


def matches(password: str, password_hash: str) -> bool:
    """Return whether a hash is one of this password."""
    try:
        salt = b64decode(password_hash, validate=True)[:_SALT_BYTES]
    except binascii.Error:
        return False
    return hmac.compare_digest(_with_salt(password, salt), password_hash)


def _with_salt(password: str, salt: bytes) -> str:
    return b64encode(salt + sha256(salt + password.encode()).digest()).decode()
