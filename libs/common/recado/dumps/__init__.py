"""Dumps: messages that were given up, each in a file, as Zocalo writes and reads them."""

from recado.dumps.death import Death, Destination, Wording, death_of
from recado.dumps.dump import (
    LETTER_ID,
    REINJECTED,
    Dump,
    file_name,
    header_of,
    read_dump,
    written,
)

__all__ = [
    "LETTER_ID",
    "REINJECTED",
    "Death",
    "Destination",
    "Dump",
    "Wording",
    "death_of",
    "file_name",
    "header_of",
    "read_dump",
    "written",
]
