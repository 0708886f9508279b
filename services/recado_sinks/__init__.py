"""Sinks: what takes the results of runs out of the broker, into files and mail."""
