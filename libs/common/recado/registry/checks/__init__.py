"""The checks a registry can make: four that are ready, and what others build on."""

from recado.registry.checks.accreditation import Accreditation, CreditFields
from recado.registry.checks.base import Check
from recado.registry.checks.information import Information
from recado.registry.checks.observer import RegistryObserver
from recado.registry.checks.pattern import FactoryPattern
from recado.registry.checks.testing import Testing
from recado.registry.checks.versioning import Versioning, VersioningFields

__all__ = [
    "Accreditation",
    "Check",
    "CreditFields",
    "FactoryPattern",
    "Information",
    "RegistryObserver",
    "Testing",
    "Versioning",
    "VersioningFields",
]
