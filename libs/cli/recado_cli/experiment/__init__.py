"""``recado experiment``: sessions of studies, opened, looked at, moved along."""
