"""What Zocalo installations have in files: read, so that they can be moved from."""

from recado.zocalo.activation import Activated, activated
from recado.zocalo.carrying import Carried, Left, carried
from recado.zocalo.configuration import (
    ENVIRONMENT_VARIABLE,
    VARIABLE,
    Configuration,
    read_configuration,
)
from recado.zocalo.login import Login, default_login, read_conf
from recado.zocalo.settings import Told, zocalo_settings

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "VARIABLE",
    "Activated",
    "Carried",
    "Configuration",
    "Left",
    "Login",
    "Told",
    "activated",
    "carried",
    "default_login",
    "read_conf",
    "read_configuration",
    "zocalo_settings",
]
