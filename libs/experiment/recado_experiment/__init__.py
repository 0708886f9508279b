"""Study configurations: read, check, expand; pure, without I/O.

study = Study.read(text)
for config in study.configs(participant=1): ...

``session`` decides how participants move through a study, pure as well. One room is not:
``live``, where an ``Experiment`` reads its file and watches it. Every room is described in
docs/explanation/architecture.md.
"""

from recado_experiment.balance import Balance, balance
from recado_experiment.calls.call import Call, Draw, Function, Prepared
from recado_experiment.calls.functions import functions
from recado_experiment.calls.stream import Stream
from recado_experiment.difference import ABSENT, Difference, differences
from recado_experiment.document.findings import Findings
from recado_experiment.errors import DrawError, StudyError, StudyProblem
from recado_experiment.jsonschema import schema
from recado_experiment.live import Experiment, ParticipantState
from recado_experiment.participants import Ranges, parse_ranges
from recado_experiment.provenance import provenance
from recado_experiment.study import Study
from recado_experiment.verification import Verdict, verify

__all__ = [
    "ABSENT",
    "Balance",
    "Call",
    "Difference",
    "Draw",
    "DrawError",
    "Experiment",
    "Findings",
    "Function",
    "ParticipantState",
    "Prepared",
    "Ranges",
    "Stream",
    "Study",
    "StudyError",
    "StudyProblem",
    "Verdict",
    "balance",
    "differences",
    "functions",
    "parse_ranges",
    "provenance",
    "schema",
    "verify",
]
