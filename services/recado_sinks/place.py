"""Where a sink may write: inside one folder, whatever a recipe names."""

from __future__ import annotations

from pathlib import Path


class OutsideError(Exception):
    """Raised for a file that is not inside the folder, or has no possible name."""


def place(root: Path, name: str) -> Path:
    """Return the file of a name: relative to a folder, or absolute and inside it.

    Raises:
        OutsideError: for any other, links that lead out of the folder among them.
    """
    try:
        folder = root.resolve()
        path = (folder / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise OutsideError(f"output_filename {name!r:.200}: {error}") from error
    if not path.is_relative_to(folder) or path == folder:
        raise OutsideError(
            f"output_filename {name!r:.200} is not inside the folder {folder}; "
            "the setting 'outputs' says which folder that is"
        )
    return path
