"""``recado doctor``: is everything here as it has to be, and if not, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.output import clean, count, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recado_cli.checks import Finding


@click.command(cls=Command)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def doctor(common: Common, as_json: bool) -> None:
    """Check this installation, and say what to do about what is wrong.

    The exit code is 1 if something is.
    """
    from recado_cli.checks import examine
    from recado_cli.config.sources import settings_with_sources

    settings = common.settings()
    sources = settings_with_sources(common)
    findings = list(examine(settings))
    if as_json:
        said = [{"setting": it[0], "value": it[1], "from": it[2]} for it in sources]
        print_json({"settings": said, "findings": findings})
    else:
        print_table(["setting", "value", "from"], sources)
        click.echo()
        _print(findings)
    wrong = sum(each.verdict == "wrong" for each in findings)
    if wrong:
        from recado_cli.failing import FailedError

        raise FailedError(f"{count(wrong, 'thing')} to put right")


def _print(findings: Sequence[Finding]) -> None:
    for each in findings:
        click.echo(f"{each.verdict.ljust(7)}  {each.check}: {clean(each.text)}")
        if each.remedy:
            click.echo(f"         {clean(each.remedy)}")
