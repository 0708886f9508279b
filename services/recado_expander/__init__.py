"""The expander service: studies expanded for participants, and sessions of studies."""
