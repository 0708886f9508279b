"""What the dispatcher is asked: Zocalo's request for a run."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from recado.message import HIGHEST, LOWEST, NORMAL

DISPATCHER_QUEUE: Final = "processing_recipe"
USER: Final = "zocalo.go.user"
HOST: Final = "zocalo.go.host"
IDEMPOTENCY_KEY: Final = "recado-idempotency-key"
START_AT: Final = "recado-start-at"
PRIORITY: Final = "recado-priority"
REQUEST: Final = "recado-request"
WAITS: Final = "recado-waits"

GUID: Final = "guid"
TIMEOUT: Final = "dispatcher_timeout"
EXPIRATION: Final = "dispatcher_expiration"
ERROR_QUEUE: Final = "dispatcher_error_queue"
"""Zocalo's names of the parameters that are the dispatcher's own."""

RECIPES_LIMIT: Final = 100


class RequestHeaders(BaseModel):
    """What the headers of a request for a run say; others are nobody's business here."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: str = Field(
        default="",
        alias=IDEMPOTENCY_KEY,
        max_length=200,
        description="Of requests with the same key, one is started",
    )
    start_at: float | None = Field(
        default=None,
        alias=START_AT,
        ge=0,
        allow_inf_nan=False,
        description="Seconds since the epoch before which nothing is started",
    )
    priority: int = Field(
        default=NORMAL,
        alias=PRIORITY,
        ge=LOWEST,
        le=HIGHEST,
        description="The priority of every step that names none",
    )
    user: str = Field(default="", alias=USER, description="Who asked: the submitter")
    host: str = Field(default="", alias=HOST, description="From where")


class RunRequest(BaseModel):
    """The body of a message on ``processing_recipe``: recipes, merged into one run.

    Keys beyond these are for filters, which may know them.
    """

    model_config = ConfigDict(extra="allow", strict=True)

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
