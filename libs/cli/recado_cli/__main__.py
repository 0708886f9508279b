"""Run the command as ``python -m recado_cli``."""

from __future__ import annotations

import sys

from recado_cli.main import main

sys.exit(main())
