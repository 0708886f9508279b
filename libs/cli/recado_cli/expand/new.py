"""``recado expand new``: a configuration to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from recado_cli.common import Command
from recado_cli.expand.reading import misnamed
from recado_cli.expand.writing import write_new
from recado_cli.output import talk

TEXT: Final = """\
#:schema ./study.schema.json
# A study's configuration: docs/reference/study-configs.md says all that it may hold.
# recado expand verify FILE     checks it and shows the blocks of five participants
# recado expand preview FILE    shows how balanced the orders are

[configuration]
# Each inner list is a group of blocks.
order = [["near", "far"], ["bright", "dark"]]
# as_is, randomize, latin_square, balanced_square or williams
groups_strategy = "balanced_square"
within_groups_strategy = "randomize"
init_blocks = ["welcome"]
final_blocks = ["questions"]
random_seed = 1

# A text that begins with $ stands for one of these.
[configuration.variables]
TRIALS = 12

[[blocks]]
name = "welcome"
config = { text = "Thank you for coming" }

[[blocks]]
name = "near"
[blocks.config]
trials = "$TRIALS"
distance = 1
# A function makes this value, anew for each participant.
sides = { function_name = "choices", args = { population = ["left", "right"], k = 3 } }

# What a block does not say itself, it has from the one that it extends.
[[blocks]]
name = "far"
extends = "near"
config = { distance = 9 }

[[blocks]]
name = "bright"
extends = "near"
config = { light = 0.9 }

[[blocks]]
name = "dark"
extends = "near"
config = { light = 0.1 }

[[blocks]]
name = "questions"
config = { text = "How was it?" }
"""


@click.command(cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def new(file: Path) -> None:
    """Write a configuration to begin with; a file that is there stays as it is."""
    from recado_cli.failing import FailedError

    if file.suffix != ".toml":
        raise misnamed(str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    text = TEXT.replace("study.schema.json", f"{file.stem}.schema.json")
    try:
        write_new(file, text.encode())
    except FileExistsError as error:
        raise FailedError(f"{file} is there already, and stays as it is") from error
    click.echo(str(file))
    talk(
        f"'recado expand preview {file}' shows its orders; editors complete its keys"
        f" with 'recado expand schema > {file.with_suffix('.schema.json')}'"
    )
