"""``recado expand schema``: for editors."""

from __future__ import annotations

import click

from recado_cli.common import Command
from recado_cli.output import print_json


@click.command(cls=Command)
def schema() -> None:
    """Print the JSON Schema of a study's configuration, for editors."""
    from recado_experiment import schema as the_schema

    print_json(the_schema())
