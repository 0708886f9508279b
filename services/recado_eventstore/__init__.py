"""The event store: facts in streams, in one order, each once, and what runs came to."""
