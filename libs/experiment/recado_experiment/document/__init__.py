"""The document: a study's text, read into tables, and what is found wrong with it, by line."""
