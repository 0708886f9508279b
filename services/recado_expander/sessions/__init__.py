"""Sessions on the wire: requests about participants and where they stand, and answers."""
