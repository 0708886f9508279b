"""Configs of blocks, without what is filled in."""

from __future__ import annotations

import json

from recado_experiment import Study


def only_config(text: str) -> str:
    """Return the config of participant 1's first block, as JSON text."""
    config = Study.read(text).configs(1)[0]
    for key in ("participant_index", "name", "block_id"):
        del config[key]
    return json.dumps(config)
