"""Blocks: read, crossed, merged over those that they extend, compiled to templates."""
