"""``recado status --watch``: who is there and what they do, as it changes.

``board`` keeps what was heard and makes a ``view`` of it; ``changes`` tells two views apart;
``drawing`` puts one on the screen. Only ``live`` talks to the broker and to the terminal.
"""
