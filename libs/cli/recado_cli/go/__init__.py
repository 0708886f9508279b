"""``recado go``: a run asked for, checked before, and watched to its end."""
