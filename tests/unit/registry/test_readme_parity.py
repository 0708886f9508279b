"""registry-factory's README examples run with nothing changed but the imports."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from recado import registry

TEXT = (Path(__file__).parent / "readme_examples.md").read_text()
EXAMPLES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
BLOCK = re.compile(r"^```python(.*?)\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package, nn = ModuleType("torch"), ModuleType("torch.nn")
    vars(nn)["Module"] = type("Module", (), {})
    vars(package)["nn"] = nn
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch.nn", nn)
    return iter(())


def expectations(marks: str) -> SimpleNamespace:
    found = re.fullmatch(r"(?: then)?(?: warns=(.+?))?(?: raises=(\w+))?", marks)
    assert found, f"a block is marked {marks!r}"
    return SimpleNamespace(warns=found[1], raises=found[2])


def run(code: str, namespace: dict[str, object], marks: str) -> None:
    expected = expectations(marks)
    with ExitStack() as stack:
        if expected.warns:
            stack.enter_context(
                pytest.warns(registry.RegistrationWarning, match=expected.warns)
            )
        if expected.raises:
            error = getattr(registry, expected.raises, RuntimeError)
            stack.enter_context(pytest.raises(error))
        exec(compile(code, "readme_examples.md", "exec", dont_inherit=True), namespace)


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("title", EXAMPLES)
def test_a_readme_example_does_what_it_says(
    title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, object] = {
        "__name__": "readme",
        "printed": lambda: capsys.readouterr().out,
    }
    blocks = BLOCK.findall(EXAMPLES[title])

    for marks, code in blocks:
        run(code, namespace, marks)

    assert any("then" in marks for marks, _ in blocks)


def test_every_readme_example_is_here() -> None:
    assert list(EXAMPLES) == [
        "A basic registry",
        "Shared modules",
        "Arguments",
        "Versioning",
        "Accreditation",
        "Factory pattern",
        "Testing",
        "Hooks",
        "Compatibility wrapper",
    ]
