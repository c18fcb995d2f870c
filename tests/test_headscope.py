"""`import headscope` loads nothing heavy, and its public names stay what they are."""

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
    assert run(code) == "[0.5, 0.5] <Capture of given weights: self: 1 layer x 1 head, 2 tokens; 0.0 kB> []"


def hidden(package):
    """Return code that makes a package look as if it were not installed."""
    return f"""
import sys
class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {package!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden)
"""


@pytest.mark.parametrize(
    ("missing", "function"),
    [("torch", "capture"), ("torch", "capture_generation"), ("transformers", "capture_generation")],
)
def test_capture_says_what_to_install(missing, function):
    code = f"""{hidden(missing)}
import headscope
try:
    headscope.{function}(None, None, "text")
except ImportError as error:
    print(error)
"""
    assert run(code) == f'capture needs {missing}: pip install "headscope[transformers]"'


def test_a_plain_module_is_captured_without_transformers():
    code = f"""{hidden("transformers")}
import torch
import headscope as hs
torch.manual_seed(0)
encoder = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2).eval()
states = torch.randn(1, 5, 16)
capture = hs.capture(encoder, inputs=states, tokens=list("abcde"))
_, wanted = encoder.layers[0].self_attn(states, states, states, average_attn_weights=False)
print(capture.maps["self"].query_tokens, abs(capture.weights(0) - wanted[0].detach().numpy()).max() < 1e-6)
"""
    assert run(code) == "('a', 'b', 'c', 'd', 'e') True"


@pytest.mark.parametrize(
    "statement",
    [
        "import headscope.tracing.hooks.labels",
        "from headscope.tracing.hooks.interface import observed",
        "import headscope.tracing",
        "from headscope import capture",
    ],
)
def test_capture_stays_the_function(statement):
    code = f"{statement}\nimport headscope\nprint(type(headscope.capture).__name__, headscope.capture.__module__)"
    assert run(code) == "function headscope.api.capturing"


def test_public_names():
    assert sorted(headscope.__all__) == [
        "AttentionMap",
        "Capture",
        "CaptureList",
        "__version__",
        "capture",
        "capture_batch",
        "capture_generation",
        "compare",
        "from_arrays",
        "from_attentions",
        "from_cache",
        "link",
        "load",
        "settings",
    ]
    assert all(hasattr(headscope, name) for name in headscope.__all__)
