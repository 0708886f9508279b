"""The functions that a study can call, by name."""

from __future__ import annotations

from recado.registry import Factory, Registry
from recado_experiment import choices
from recado_experiment.calls import Function

functions: Registry[Function] = Factory.create_registry("expansion functions")
functions.register_prebuilt(choices.prepare, "choices")
