"""The runtime: what runs a service, from its first connection to its last settlement."""

from recado.runtime.process import run_service
from recado.runtime.runtime import ExitCode, Runtime

__all__ = ["ExitCode", "Runtime", "run_service"]
