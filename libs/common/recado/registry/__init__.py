"""Registries: names for objects, with information, arguments and checks.

``Factory.create_registry`` makes one; ``default`` is there for who needs only one. The
design follows the registry pattern of Hartog, Svensson, Mervin, Genheden, Engkvist and
Tetko, "Registry: a design pattern to promote code reuse in machine learning-based drug
discovery" (preprint, 2023), and the interface of their package registry-factory.
"""

from recado.registry.caller import Location
from recado.registry.checks import (
    Accreditation,
    Check,
    CreditFields,
    FactoryPattern,
    Information,
    RegistryObserver,
    Testing,
    Versioning,
    VersioningFields,
)
from recado.registry.entry import Entry
from recado.registry.errors import (
    AlreadyRegisteredError,
    CheckError,
    InvalidRegistrationError,
    NotRegisteredError,
    RegistrationError,
    RegistrationWarning,
)
from recado.registry.factory import Factory
from recado.registry.registry import Registry, default
from recado.registry.store import Snapshot

__all__ = [
    "Accreditation",
    "AlreadyRegisteredError",
    "Check",
    "CheckError",
    "CreditFields",
    "Entry",
    "Factory",
    "FactoryPattern",
    "Information",
    "InvalidRegistrationError",
    "Location",
    "NotRegisteredError",
    "RegistrationError",
    "RegistrationWarning",
    "Registry",
    "RegistryObserver",
    "Snapshot",
    "Testing",
    "Versioning",
    "VersioningFields",
    "default",
]
