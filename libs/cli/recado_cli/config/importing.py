"""From a configuration of Zocalo to the tables of a ``recado.toml``; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recado.errors import SchemaError
from recado.zocalo import Carried, Configuration, Left, activated, carried


@dataclass(frozen=True, slots=True)
class Table:
    """What one environment becomes; without a name it is what holds if none is chosen."""

    environment: str
    settings: tuple[Carried, ...]

    @property
    def name(self) -> str:
        """The table's name in the file, without quotes."""
        return f"environment.{self.environment}" if self.environment else "default"

    def says(self, setting: str) -> bool:
        """Return whether a setting has a value here."""
        return any(each.name == setting for each in self.settings)


@dataclass(frozen=True, slots=True)
class Imported:
    """The tables, and everything that is not as it was."""

    tables: tuple[Table, ...]
    left: tuple[Left, ...]

    @property
    def shared(self) -> dict[str, list[str]]:
        """By environment: the settings of ``[default]`` that hold there as well.

        With Zocalo nothing of what holds by default holds in another environment.
        """
        default, *others = self.tables
        names = [each.name for each in default.settings]
        found = {
            table.environment: [name for name in names if not table.says(name)]
            for table in others
        }
        return {environment: some for environment, some in found.items() if some}


def imported(
    configuration: Configuration,
    chosen: Sequence[str],
    otherwise: str,
    broker: Carried | None,
) -> Imported:
    """Return what a configuration becomes.

    The environments that are ``chosen``, or hold by themselves, become ``[default]``,
    where ``broker`` stands before what they say. Each environment has a table as well.

    Raises:
        ConfigError: if an environment that is chosen is not defined.
        SchemaError: if what holds by itself is in a file that cannot be read.
    """
    names = configuration.chosen(chosen, otherwise)
    settings, left = carried(activated(configuration, names))
    if broker is not None:
        settings = [each for each in settings if each.name != "broker"]
        settings.insert(0, broker)
    tables = [Table("", tuple(settings))]
    for name in configuration.environments:
        try:
            settings, more = carried(activated(configuration, [name]))
        except SchemaError as error:
            reasons = "; ".join(map(str, error.problems))
            left.append(Left(f"environment {name!r}", "", reasons))
            continue
        tables.append(Table(name, tuple(settings)))
        left += more
    return Imported(tuple(tables), tuple(dict.fromkeys(left)))
