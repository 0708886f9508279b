"""``recado expand``: study configurations, begun, checked, previewed, compared, expanded."""
