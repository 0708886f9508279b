"""Calls: the functions that a study calls, and the stream of chance that they draw from."""
