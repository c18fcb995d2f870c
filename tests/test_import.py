"""`import headscope` is light, and its names are what they say."""

from __future__ import annotations

import subprocess
import sys

import pytest

import headscope

HEAVY = ("torch", "transformers", "IPython", "ipywidgets", "anywidget", "traitlets")


def run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_import_loads_nothing_heavy():
    found = run(f"import sys, headscope; print([name for name in {HEAVY!r} if name in sys.modules])")
    assert found == "[]"


def test_arrays_need_neither_torch_nor_transformers():
    code = f"""
import sys
for name in ("torch", "transformers"):
    sys.modules[name] = None  # an import of it fails
import headscope as hs
capture = hs.from_attentions([[[[1.0, 0.0], [0.5, 0.5]]]], ["a", "b"])
print(capture.weights(0, 0, 1).tolist(), capture, [name for name in {HEAVY[2:]!r} if name in sys.modules])
"""
    assert run(code) == "[0.5, 0.5] <Capture of attention: self: 1 layers x 1 heads, 2 tokens; 0.0 kB> []"


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_capture_says_what_to_install(missing):
    code = f"""
import sys
class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden)
import headscope
try:
    headscope.capture(None, None, "text")
except ImportError as error:
    print(error)
"""
    assert run(code) == f'capture needs {missing}: pip install "headscope[transformers]"'


@pytest.mark.parametrize(
    "statement",
    [
        "import headscope.capture.labels",
        "from headscope.capture.interface import NAME",
        "import headscope.capture",
        "from headscope import capture",
    ],
)
def test_capture_stays_the_function(statement):
    code = f"{statement}\nimport headscope\nprint(type(headscope.capture).__name__, headscope.capture.__module__)"
    assert run(code) == "function headscope.attention"


def test_public_names():
    assert sorted(headscope.__all__) == [
        "AttentionMap",
        "Capture",
        "__version__",
        "capture",
        "capture_generation",
        "from_attentions",
        "link",
        "load",
        "settings",
    ]
    assert all(hasattr(headscope, name) for name in headscope.__all__)
