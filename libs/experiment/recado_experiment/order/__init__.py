"""The order: which blocks a participant gets, and one after another in which way."""
