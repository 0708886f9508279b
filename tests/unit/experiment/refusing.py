"""What a study is refused for."""

from __future__ import annotations

import pytest

from recado_experiment import Study, StudyError


def refused(text: str | bytes, name: str = "study") -> StudyError:
    """Return the error that a study is refused with."""
    with pytest.raises(StudyError) as caught:
        Study.read(text, name)
    return caught.value


def problems(text: str) -> list[str]:
    """Return all problems of a study, each as it is told, with its line."""
    return [str(each) for each in refused(text).problems]


def problem(text: str) -> str:
    """Return the one problem that a study has."""
    (found,) = problems(text)
    return found
