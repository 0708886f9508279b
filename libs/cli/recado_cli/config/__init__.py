"""``recado config``: the settings that hold, and those of Zocalo carried over."""
