"""Accreditation: to whom credit is due for a registered object, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recado.registry.checks.information import Information


@dataclass(frozen=True, slots=True)
class CreditFields:
    """Who made it and how to give credit; author and kind of credit are required."""

    author: str
    credit_type: str
    github: str | None = None
    url: str | None = None
    additional_information: str | None = None

    def __str__(self) -> str:
        lines = [f"{self.author} ({self.github})" if self.github else self.author]
        if self.url:
            lines.append(f"url: {self.url}")
        if self.additional_information:
            lines.append(f"additional information: {self.additional_information}")
        return "\n".join(lines)


class Accreditation(Information):
    """Ask for the author and the kind of credit; nothing of it is part of the key."""

    def __init__(
        self,
        credit_fields: type = CreditFields,
        key_list: Iterable[str] = (),
        forced: bool = False,
    ) -> None:
        super().__init__(credit_fields, key_list, forced)
