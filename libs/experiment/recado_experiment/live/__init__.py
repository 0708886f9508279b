"""Experiments in memory: a session whose configuration is a file that is watched.

The one room of this package that reads files and starts threads; everything else is pure.
"""

from recado_experiment.live.experiment import Experiment
from recado_experiment.live.state import ParticipantState

__all__ = ["Experiment", "ParticipantState"]
