"""``recado dlq``: dead letters, seen, sent back, and kept in files."""

from __future__ import annotations

import click

from recado_cli.common import Group
from recado_cli.dlq.checking import check
from recado_cli.dlq.exporting import export
from recado_cli.dlq.letters import ls, retry, show
from recado_cli.dlq.purging import purge
from recado_cli.dlq.reinjecting import reinject


@click.group(cls=Group)
def dlq() -> None:
    """See dead letters, send them back, and keep them in files.

    The dead-letter service keeps those of recado's services. Those of Zocalo's lie in
    queues of the broker: dlq.QUEUE on RabbitMQ, DLQ.QUEUE on ActiveMQ.
    """


for command in (ls, show, retry, check, export, purge, reinject):
    dlq.add_command(command)

__all__ = ["dlq"]
