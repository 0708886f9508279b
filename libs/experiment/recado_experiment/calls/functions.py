"""The functions that a study can call, by name: recado's own, yours, and plug-ins'.

A plug-in is an entry point of the group ``recado.functions``. It is imported when a study
calls a function of its name.
"""

from __future__ import annotations

from importlib import metadata
from typing import Final, cast

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
    return {*map(str, functions.keys()), *metadata.entry_points(group=GROUP).names}


def find_function(name: str) -> Function | None:
    """Return a function by its name, None if there is none.

    Raises:
        ImportError: for a plug-in that cannot be imported, or has no function there.
    """
    if name not in functions:
        found = tuple(metadata.entry_points(group=GROUP, name=name))
        if not found:
            return None
        functions.register_prebuilt(_loaded(found[0]), name)
    return functions.get(name)


def _loaded(point: metadata.EntryPoint) -> Function:
    try:
        found: object = point.load()
    # A plug-in may fail in any way; the study that calls it is told.
    except Exception as error:
        raise ImportError(f"{type(error).__name__}: {error}") from error
    if not callable(found):
        raise ImportError(f"{point.value} is no function, but {found!r:.80}")
    return cast("Function", found)
