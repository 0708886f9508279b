"""``recado expand``: from a study's configuration to its participants' blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from recado_cli.common import Group
from recado_cli.expand.diff import diff
from recado_cli.expand.generate import generate
from recado_cli.expand.new import new
from recado_cli.expand.preview import preview
from recado_cli.expand.schema import schema
from recado_cli.expand.verify import verify

THEIRS: Final[Mapping[str, str]] = {
    "new-config-file": "new",
    "n": "new",
    "verify-config-file": "verify",
    "v": "verify",
    "generate-config-json": "generate",
    "g": "generate",
}
"""What experiment-server calls commands that recado has as well."""


class Expand(Group):
    """The group; it understands experiment-server's names without listing them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, under either name."""
        return super().get_command(ctx, THEIRS.get(cmd_name, cmd_name))


@click.group(cls=Expand)
def expand() -> None:
    """Expand study configurations."""


for each in (new, verify, generate, preview, diff, schema):
    expand.add_command(each)
