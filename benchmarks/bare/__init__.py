"""The bare loops that recado is measured against: what one would write by hand.

Each makes the same messages as recado (:mod:`benchmarks.bare.work`) with the same
durability, and does nothing else: no schema checks, no retries, no dead letters, no
attempts, no reconnecting.
"""
