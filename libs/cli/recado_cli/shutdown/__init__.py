"""``recado shutdown``: whom names mean, and how they are seen to end."""
