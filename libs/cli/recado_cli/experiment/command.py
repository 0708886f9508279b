"""``recado experiment``: sessions of studies."""

from __future__ import annotations

import click

from recado_cli.common import Group
from recado_cli.experiment.looking import config, ls, show
from recado_cli.experiment.moving import abandon, add, move, next_
from recado_cli.experiment.opening import configure, open_


@click.group(cls=Group)
def experiment() -> None:
    """Open sessions of studies, look at them, and move their participants."""


for each in (open_, ls, show, config, add, next_, move, abandon, configure):
    experiment.add_command(each)
