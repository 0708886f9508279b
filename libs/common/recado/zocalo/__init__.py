"""What Zocalo installations have in files: read, so that they can be moved from."""
