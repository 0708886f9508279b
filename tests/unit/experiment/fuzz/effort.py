"""How much is tried: a little in ``make test``, far more with ``RECADO_FUZZ=long``."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

IS_LONG: Final = os.environ.get("RECADO_FUZZ") == "long"

patient: Final = pytest.mark.timeout(3600 if IS_LONG else 120)
"""Marks a test whose time depends on how much is tried."""


def tried(short: int, long: int) -> settings:
    """Return how many examples are tried; always the same ones, or each time others."""
    return settings(
        max_examples=long if IS_LONG else short,
        deadline=None,
        derandomize=not IS_LONG,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.function_scoped_fixture,
        ],
    )
