"""The dead-letter service."""
