"""Secrets never reach a log: what is shown of a URL that holds a password."""

from __future__ import annotations

import re
from typing import Final

_PASSWORD: Final = re.compile(r"(://[^:/?#@\s]*:)[^\s\"'<>]*@")
_SECRET: Final = re.compile(r"(?i)([?&](?:\w*password|secret|token)=)[^&\s\"'<>]+")


def shown(url: str) -> str:
    """Return a URL, or a text with URLs in it, fit to be shown: without passwords."""
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))
