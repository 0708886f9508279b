"""Settings straight from a configuration of Zocalo, for who has no ``recado.toml`` yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recado.zocalo.activation import activated
from recado.zocalo.carrying import carried
from recado.zocalo.configuration import read_configuration
from recado.zocalo.login import Login


@dataclass(frozen=True, slots=True)
class Told:
    """A setting's name and value, and where the configuration says it."""

    name: str
    value: str = field(repr=False)
    source: str


def zocalo_settings(path: Path, chosen: str, otherwise: str) -> list[Told]:
    """Return what a configuration says when an environment is chosen, or another if none.

    Raises:
        ConfigError: if the file cannot be read, or has no such environment.
        SchemaError: with everything that is wrong in it, each with its place.
    """
    configuration = read_configuration(path)
    names = configuration.chosen([chosen] if chosen else [], otherwise)
    done, _ = carried(activated(configuration, names))
    return [
        Told(
            each.name,
            each.value.url if isinstance(each.value, Login) else each.value,
            f"{path.name}: {each.block or 'no block, so as Zocalo has it by default'}",
        )
        for each in done
    ]
