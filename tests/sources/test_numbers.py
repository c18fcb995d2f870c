"""Arrays of any library as attention weights and as numbers of axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.sources.numbers import as_array, holds_parts

WEIGHTS = np.array([[[0.5, 0.5, 0], [0.25, 0, 0.75], [0, 0, 1]], [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]], "f4")
TOKENS = list("abc")


class ArrayLike:
    """An array of a library that NumPy can read, such as JAX."""

    ndim = 3

    def __array__(self, dtype=None, copy=None):
        return WEIGHTS if dtype is None else WEIGHTS.astype(dtype)


class DLPack:
    """An array of a library that shares memory, but that NumPy can't read by `__array__`."""

    ndim = 3

    def __array__(self, dtype=None, copy=None):
        raise TypeError("implicit conversion is not allowed")

    def __dlpack__(self, **options):
        return WEIGHTS.__dlpack__(**options)

    def __dlpack_device__(self):
        return WEIGHTS.__dlpack_device__()


class OwnMethod(DLPack):
    """An array of a library that must be asked for a copy."""

    def __dlpack__(self, **options):
        raise BufferError("on another device")

    def numpy(self):
        return WEIGHTS


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(ArrayLike(), id="__array__"),
        pytest.param(DLPack(), id="__dlpack__"),
        pytest.param(OwnMethod(), id="numpy()"),
        pytest.param(memoryview(WEIGHTS), id="memoryview"),
        pytest.param(WEIGHTS.astype(object), id="objects"),
        pytest.param(WEIGHTS.astype(np.longdouble), id="long double"),
        pytest.param(list(WEIGHTS), id="heads in a list"),
        pytest.param([torch.tensor(head) for head in WEIGHTS], id="tensors in a list"),
        pytest.param(torch.tensor(WEIGHTS).to_sparse(), id="sparse"),
        pytest.param(torch.nn.Parameter(torch.tensor(WEIGHTS)), id="parameter"),
    ],
)
def test_numbers_of_any_origin(layer):
    np.testing.assert_array_equal(hs.from_attentions([layer], TOKENS).weights(0), WEIGHTS)


@pytest.mark.filterwarnings("ignore:.*quant:UserWarning", "ignore:.*quant:DeprecationWarning")
def test_quantized_tensors_are_read_in_their_precision():
    layer = torch.quantize_per_tensor(torch.tensor(WEIGHTS), scale=0.01, zero_point=0, dtype=torch.quint8)
    np.testing.assert_allclose(hs.from_attentions([layer], TOKENS).weights(0), WEIGHTS, atol=0.005)


def test_masked_weights_are_missing():
    weights = hs.from_attentions([np.ma.masked_less(WEIGHTS, 0.4)], TOKENS).weights(0)
    np.testing.assert_array_equal(np.isnan(weights), WEIGHTS < 0.4)
    np.testing.assert_array_equal(weights[WEIGHTS >= 0.4], WEIGHTS[WEIGHTS >= 0.4])


def test_types_of_ml_dtypes():
    """Types of other packages have the kind "V" in NumPy, like raw bytes, which are not numbers."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    layer = WEIGHTS.astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(hs.from_attentions([layer], TOKENS).weights(0), layer.astype(np.float32))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (WEIGHTS.astype(complex), r"attentions\[0\] must hold real numbers, not ndarray of complex128"),
        (torch.tensor(WEIGHTS).to(torch.complex64), r"attentions\[0\] must hold real numbers.*complex64"),
        (WEIGHTS.astype("V4"), r"attentions\[0\] must hold real numbers"),
        (WEIGHTS.astype("U4"), r"attentions\[0\] must hold real numbers"),
        (np.full((2, 3, 3), object()), r"attentions\[0\]\S* must hold real numbers, not object"),
        (object(), r"attentions\[0\] must hold numbers: a object can't be read as an array"),
        ({"weights": WEIGHTS}, r"attentions\[0\] must hold numbers: a dict can't be read"),
        (0.5, r"attentions has shape \(1,\)"),
    ],
)
def test_what_is_not_an_array_of_real_numbers(layer, message):
    with pytest.raises((TypeError, ValueError), match=message):
        hs.from_attentions([layer], TOKENS)


def test_tensors_without_numbers():
    with pytest.raises(ValueError, match=r"attentions\[0\] is on the meta device"):
        hs.from_attentions([torch.empty(2, 3, 3, device="meta")], TOKENS)
    nested = torch.nested.nested_tensor([torch.rand(2, 3, 3), torch.rand(4, 3, 3)], layout=torch.jagged)
    with pytest.raises(TypeError, match=r"attentions\[0\] is a nested tensor"):
        hs.from_attentions([nested], TOKENS)


def test_arrays_and_tensors_are_not_copied():
    tensor = torch.tensor(WEIGHTS, requires_grad=True)
    assert np.shares_memory(as_array(WEIGHTS, "x"), WEIGHTS)
    assert as_array(tensor, "x").data_ptr() == tensor.data_ptr()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([WEIGHTS], True),
        (iter([WEIGHTS]), True),
        (np.array([WEIGHTS, None], dtype=object), True),
        (WEIGHTS, False),
        (torch.tensor(WEIGHTS), False),
        ("ab", False),
        ({"a": 1}, False),
    ],
)
def test_what_holds_parts(value, expected):
    assert holds_parts(value) is expected
