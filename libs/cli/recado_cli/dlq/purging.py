"""``recado dlq purge``: dead letters of Zocalo's services, out of the broker into files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, option, pass_common, setting_option
from recado_cli.dlq.filing import Filing
from recado_cli.output import talk

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.dumps import Wording
    from recado.transport import Delivery
    from recado_cli.dlq.papers import Paper
    from recado_cli.taking import Taking


@click.command(cls=Command)
@click.argument("queues", metavar="[QUEUE...]", nargs=-1)
@option("-n", "--namespace", help="RabbitMQ's virtual host, or ActiveMQ's namespace.")
@option(
    "--location",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; the setting purge says which otherwise.",
)
@option("--wait", type=click.FloatRange(0), help="Wait so long for more; 0: for ever.")
@setting_option("--management", "RabbitMQ's management interface, as a URL.")
@option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
@pass_common
def purge(
    common: Common,
    queues: tuple[str, ...],
    namespace: str | None,
    location: Path | None,
    wait: float | None,
    as_json: bool,
) -> None:
    """Take the dead letters of Zocalo's services out of the broker, each into a file.

    QUEUE is where they died, or where they lie; without any all that can be found are
    emptied. A message is taken off when its file is on disk. The files' names are
    printed: 'recado dlq reinject' reads them.
    """
    from recado_cli.dlq.places import in_namespace
    from recado_cli.session import wait_for

    settings = in_namespace(common.settings(), namespace)
    filing = Filing(location or settings.purge, as_json=as_json)
    with filing:
        wait_for(_purged(settings, queues, filing, wait))


async def _purged(
    settings: Settings, names: Sequence[str], filing: Filing, wait_s: float | None
) -> None:
    from recado_cli.dlq.places import places, wording
    from recado_cli.session import connected
    from recado_cli.taking import Limits, Taking, take_all

    async with connected(settings) as transport:
        found = await places(transport, settings, names)
        if found.remark:
            talk(found.remark)
        purging = _Purging(filing, wording(settings.broker))
        limits = Limits(idle_s=wait_s)
        takings = [Taking(transport, it, purging.file, limits) for it in found.queues]
        await take_all(takings)


@dataclass(frozen=True, slots=True)
class _Purging:
    """Writes batches of deliveries down, and only then takes them off their queue."""

    filing: Filing
    wording: Wording

    async def file(self, taking: Taking, batch: Sequence[Delivery]) -> int:
        """Return how many messages are in files, and no longer in their queue."""
        from recado.transport import Settlement, Verdict
        from recado_cli.dlq.papers import file_all
        from recado_cli.taking import settle

        filed = await asyncio.to_thread(
            file_all, self._papers(batch), self.filing.location
        )
        paths = dict(zip(batch, filed.paths, strict=False))
        settlements = [Settlement(each, Verdict.DONE) for each in paths]
        settled = await settle(batch[0].transport, settlements)
        for each in settled.done:
            self.filing.print(each.delivery.queue, paths[each.delivery])
        if filed.error is not None:
            raise filed.error
        return len(settled.done)

    def _papers(self, batch: Sequence[Delivery]) -> list[Paper]:
        from recado.dumps import death_of
        from recado_cli.dlq.papers import Paper

        now = time.time()
        deaths = [death_of(it.message, it.queue, now) for it in batch]
        return [
            Paper.of(it.message, death, self.wording, now)
            for it, death in zip(batch, deaths, strict=True)
        ]
