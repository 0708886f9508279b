"""For those who write services: run one in a test, without a broker, a file or a sleep."""

from recado.testing.clock import VirtualClock
from recado.testing.harness import DeadLetter, Harness

__all__ = ["DeadLetter", "Harness", "VirtualClock"]
