"""Texts inside XML: escaped, and without the characters that it cannot say."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape

# XML 1.0 has no way to write these, not even escaped.
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)


def escaped(text: str) -> str:
    """Return a text as it stands between two tags."""
    return escape(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", text))
