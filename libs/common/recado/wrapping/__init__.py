"""Long jobs: what ``recado wrap`` runs, and what a wrapper of one's own stands on."""

from __future__ import annotations

from recado.wrapping.job import Job
from recado.wrapping.wrapper import Wrapper

__all__ = ["Job", "Wrapper"]
