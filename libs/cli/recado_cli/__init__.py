"""The ``recado`` command: everything one does with recado from a terminal."""
