"""``recado run``: what happened to runs, and what they were started from."""
