"""Variables: texts that begin with ``$``, and what stands in their place."""

from __future__ import annotations

from dataclasses import dataclass

from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import Table, is_list, is_table


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of a study; inside arrays they count only where that is asked for."""

    by_mark: Table
    """By ``$NAME``."""
    in_arrays: bool = False
    hint: str = ""
    """What is said of a variable that is not known, after its name."""

    @classmethod
    def of(cls, table: Table, *, in_arrays: bool = False, hint: str = "") -> Variables:
        """Return the variables that a table holds by name."""
        by_mark = {f"${name}": value for name, value in table.items()}
        return cls(by_mark, in_arrays, hint)

    def fill(self, value: object, findings: Findings) -> object:
        """Return a value with its variables filled in; report those that are not known."""
        if is_table(value):
            return {
                key: self.fill(inner, findings.at(key)) for key, inner in value.items()
            }
        if is_list(value) and self.in_arrays:
            return [self.fill(inner, findings.at(at)) for at, inner in enumerate(value)]
        if not (isinstance(value, str) and value.startswith("$")):
            return value
        if value not in self.by_mark:
            findings.unread("variable", value, self.by_mark, self.hint)
            return value
        return self.by_mark[value]
