"""``recado pickup``: requests that were stored while the broker was away."""
