"""``recado drain``: messages moved from one queue to another."""
