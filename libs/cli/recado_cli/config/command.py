"""``recado config``: show the settings, and carry Zocalo's over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Common, Group, option, pass_common
from recado_cli.output import clean, count, print_json, print_table, talk

if TYPE_CHECKING:
    from recado.zocalo import Carried
    from recado_cli.config.importing import Imported
    from recado_cli.config.writing import Files

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group)
def config() -> None:
    """See which settings hold, and carry over those of Zocalo."""


@config.command()
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def show(common: Common, as_json: bool) -> None:
    """Show each setting, and where its value comes from."""
    from recado_cli.config.sources import settings_with_sources

    common.settings()  # which warns of variables that nobody reads
    sources = settings_with_sources(common)
    if as_json:
        print_json(
            [{"setting": it[0], "value": it[1], "from": it[2]} for it in sources]
        )
    else:
        print_table(["setting", "value", "from"], sources)


@config.command("import")
@click.argument("file", required=False, type=_FILE)
@option(
    "-e",
    "--environment",
    "environments",
    multiple=True,
    metavar="ENV",
    help="Becomes [default], in turn with others; else Zocalo's default.",
)
@option("--rabbit-conf", type=_FILE, help="INI file with RabbitMQ's login.")
@option("--stomp-conf", type=_FILE, help="INI file with ActiveMQ's login.")
@option(
    "-o",
    "--output",
    type=_FILE,
    default=Path("recado.toml"),
    show_default=True,
    help="The file to be written.",
)
@option("--force", is_flag=True, help="Write over files that are there.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(
    file: Path | None,
    environments: tuple[str, ...],
    rabbit_conf: Path | None,
    stomp_conf: Path | None,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Turn a configuration of Zocalo into a recado.toml.

    FILE is the configuration; without it, what ZOCALO_CONFIG names. Passwords are written
    to files of their own, in a folder beside the output.
    """
    from recado.zocalo import ENVIRONMENT_VARIABLE, read_configuration
    from recado_cli.config.importing import imported
    from recado_cli.config.writing import files, write

    path = file or _named()
    if rabbit_conf and stomp_conf:
        raise click.UsageError("give either --rabbit-conf or --stomp-conf")
    otherwise = os.environ.get(ENVIRONMENT_VARIABLE, "")
    found = imported(
        read_configuration(path),
        environments,
        otherwise,
        _broker(rabbit_conf, stomp_conf),
    )
    wanted = files(output, found.tables, path)
    write(wanted, force=force)
    _tell(found, wanted, as_json)


def _named() -> Path:
    from recado.zocalo import VARIABLE

    named = os.environ.get(VARIABLE)
    if not named:
        raise click.UsageError(f"which configuration? name its file, or set {VARIABLE}")
    return Path(named)


def _broker(rabbit_conf: Path | None, stomp_conf: Path | None) -> Carried | None:
    from recado.zocalo import Carried, read_conf

    for path, section in ((rabbit_conf, "rabbit"), (stomp_conf, "stomp")):
        if path is not None:
            return Carried("broker", read_conf(path, section), path.name)
    return None


def _tell(found: Imported, wanted: Files, as_json: bool) -> None:
    from recado_cli.config.writing import shown_value

    rows = [
        [table.name, each.name, shown_value(each), each.block]
        for table in found.tables
        for each in table.settings
    ]
    heads = ["table", "setting", "value", "block"]
    if as_json:
        print_json(
            {
                "file": str(wanted.path),
                "secrets": [str(path) for path in wanted.secrets],
                "settings": [dict(zip(heads, row, strict=True)) for row in rows],
                "left": found.left,
                "shared": found.shared,
            }
        )
    else:
        print_table(heads, rows)
        for each in found.left:
            block = f" (block {each.block!r})" if each.block else ""
            talk(clean(f"not carried over: {each.what}{block}: {each.reason}"))
        for environment, names in found.shared.items():
            some = ", ".join(names)
            talk(
                clean(
                    f"environment {environment!r} says nothing of {some}:"
                    " what [default] says holds there as well"
                )
            )
    passwords = f", {count(len(wanted.secrets), 'password')} beside it"
    talk(f"wrote {wanted.path}{passwords if wanted.secrets else ''}")
