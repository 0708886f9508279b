"""Recipes: read, check, fill in, merge, and find by name."""

from recado.recipe.checking import Findings
from recado.recipe.declared import (
    Declared,
    Parameter,
    declared_parameters,
    declared_values,
)
from recado.recipe.folder import RecipeFolder
from recado.recipe.merge import merge
from recado.recipe.model import Recipe, check, read_recipe
from recado.recipe.names import check_name
from recado.recipe.parameters import apply_parameters
from recado.recipe.places import unknown_places
from recado.recipe.step import RecipeStep, Steps

__all__ = [
    "Declared",
    "Findings",
    "Parameter",
    "Recipe",
    "RecipeFolder",
    "RecipeStep",
    "Steps",
    "apply_parameters",
    "check",
    "check_name",
    "declared_parameters",
    "declared_values",
    "merge",
    "read_recipe",
    "unknown_places",
]
