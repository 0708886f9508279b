"""Secrets never reach a log: what is shown of a URL that holds a password."""

from __future__ import annotations

import re
from typing import Final

_PASSWORD: Final = re.compile(r"(://[^:/?#@\s]*:)[^\s\"'<>]*@")
_ODD: Final = re.compile(r"(://[^:/?#@\s]*:)(?!\d+(?:[\s/?#,;\"']|$))[^@\n]*@")
"""The same with a space or a quote in the password; what is a port is none."""
_MISSPELT: Final = re.compile(r"(?:^|(?<=[\"']))([^\s@\"']*?:)(?!//)[^\s\"']*@")
"""The same alone or in quotes, where it is no URL: the scheme or a slash is missing."""
_SECRET: Final = re.compile(r"(?i)([?&](?:\w*password|secret|token)=)[^&\s\"'<>]+")


def shown(url: str) -> str:
    """Return a URL, or a text with URLs in it, fit to be shown: without passwords."""
    for password in (_PASSWORD, _ODD, _MISSPELT):
        url = password.sub(r"\1***@", url)
    return _SECRET.sub(r"\1***", url)
