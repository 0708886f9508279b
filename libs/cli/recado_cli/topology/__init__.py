"""``recado topology``: what is to be on the broker, compared with what is there."""
