"""The functions that a study can call, by name: recado's own, yours, and plug-ins'.

A plug-in is an entry point of the group ``recado.functions``. It is imported when a study
calls a function of its name.
"""

from __future__ import annotations

from typing import Final, cast

from recado.entrypoints import installed, loaded, titled
from recado.errors import ConfigError
from recado.registry import Factory, Registry
from recado_experiment.calls import choices, numbers, sampling
from recado_experiment.calls.call import Function

GROUP: Final = "recado.functions"

functions: Registry[Function] = Factory.create_registry("expansion functions")
functions.register_prebuilt(choices.prepare, "choices")
functions.register_prebuilt(sampling.prepare_sample, "sample")
functions.register_prebuilt(sampling.prepare_shuffle, "shuffle")
functions.register_prebuilt(sampling.prepare_sequence, "sequence")
functions.register_prebuilt(numbers.prepare_uniform, "uniform")
functions.register_prebuilt(numbers.prepare_normal, "normal")
functions.register_prebuilt(numbers.prepare_randint, "randint")


def known_functions() -> set[str]:
    """Return the names of all functions, those of plug-ins included."""
    return {*map(str, functions.keys()), *installed(GROUP)}


def find_function(name: str) -> Function | None:
    """Return a function by its name, None if there is none.

    Raises:
        ConfigError: for a plug-in that cannot be imported, or has no function there.
    """
    if name not in functions:
        point = installed(GROUP).get(name)
        if point is None:
            return None
        found = loaded("function", point)
        if not callable(found):
            where = titled("function", point)
            raise ConfigError(f"{where}: is no function, but {found!r:.80}")
        functions.register_prebuilt(cast("Function", found), name)
    return functions.get(name)
