"""Configuration: flag before variable before file before default, and who said what.

``recado.toml`` has a table ``[default]`` and any number of ``[environment.NAME]``, of
which one is chosen by flag or by ``RECADO_ENV``. Each setting has a variable of its own,
``RECADO_GRACE_S`` for ``grace_s``; with ``_FILE`` behind it, it names a file to be read.
"""

from recado.config.finding import (
    CONFIG_VARIABLE,
    ENVIRONMENT_VARIABLE,
    FILE,
    ZOCALO_VARIABLE,
)
from recado.config.given import PREFIX
from recado.config.loading import (
    load_settings,
    load_with_sources,
    unknown_variables,
    variables,
)
from recado.config.secrets import shown
from recado.config.settings import (
    BROKER_SCHEMES,
    MANAGEMENT_SCHEMES,
    SETTINGS,
    SMTP_SCHEMES,
    STORE_SCHEMES,
    Settings,
)

__all__ = [
    "BROKER_SCHEMES",
    "CONFIG_VARIABLE",
    "ENVIRONMENT_VARIABLE",
    "FILE",
    "MANAGEMENT_SCHEMES",
    "PREFIX",
    "SETTINGS",
    "SMTP_SCHEMES",
    "STORE_SCHEMES",
    "ZOCALO_VARIABLE",
    "Settings",
    "load_settings",
    "load_with_sources",
    "shown",
    "unknown_variables",
    "variables",
]
