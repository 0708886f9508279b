"""``recado recipe``: recipes checked, shown and drawn."""
