"""The expander service: from a study and participants to one message for each."""
