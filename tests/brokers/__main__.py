"""Runs a command with a broker of its own: ``python -m tests.brokers rabbitmq COMMAND...``.

The command gets ``--broker URL`` behind its own arguments; the broker goes when it ends.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.brokers.activemq import ActiveMQ
from tests.brokers.rabbitmq import RabbitMQ
from tests.brokers.server import Server

KINDS: Final[Mapping[str, Callable[[Path], Server]]] = {
    "activemq": ActiveMQ,
    "rabbitmq": RabbitMQ,
}


def main(kind: str, command: Sequence[str]) -> int:
    """Run a command with a broker; return its exit code."""
    if kind not in KINDS:
        print(f"no broker {kind!r} here; known: {', '.join(KINDS)}", file=sys.stderr)
        return 2
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            KINDS[kind](Path(folder)) as server,
        ):
            return subprocess.call([*command, "--broker", server.url])
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        print(error, file=sys.stderr)  # it is not installed
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
