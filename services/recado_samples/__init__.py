"""Sample services, for a first run and for tests."""
