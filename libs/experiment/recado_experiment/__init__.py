"""Study configurations: read, check, expand; pure, without I/O.

study = Study.read(text)
for config in study.configs(participant=1): ...
"""

from recado_experiment.balance import Balance, balance
from recado_experiment.calls import Call, Draw, Function, Prepared
from recado_experiment.difference import ABSENT, Difference, differences
from recado_experiment.errors import DrawError, StudyError, StudyProblem
from recado_experiment.findings import Findings
from recado_experiment.functions import functions
from recado_experiment.jsonschema import schema
from recado_experiment.participants import Ranges, parse_ranges
from recado_experiment.stream import Stream
from recado_experiment.study import Study
from recado_experiment.verification import Verdict, verify

__all__ = [
    "ABSENT",
    "Balance",
    "Call",
    "Difference",
    "Draw",
    "DrawError",
    "Findings",
    "Function",
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
    "schema",
    "verify",
]
