"""What the dispatcher is asked: Zocalo's request for a run."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

DISPATCHER_QUEUE: Final = "processing_recipe"
USER: Final = "zocalo.go.user"
HOST: Final = "zocalo.go.host"
RECIPES_LIMIT: Final = 100


class RunRequest(BaseModel):
    """The body of a message on ``processing_recipe``: recipes, merged into one run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    recipes: list[str] = Field(
        default_factory=list[str],
        max_length=RECIPES_LIMIT,
        description="Names of recipes in the recipe folder",
    )
    custom_recipe: Any = Field(
        default=None, description="A recipe; its steps come before the named ones'"
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict[str, Any],
        description="Values for the recipes' templates; guid names the run",
    )
