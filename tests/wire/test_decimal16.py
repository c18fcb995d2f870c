import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headscope.wire import decimal16 as decimals

WEIGHTS = st.floats(0, 1, width=32) | st.floats(-8, 0).map(lambda power: np.float32(10**power).item())


def written(weight: float) -> str:
    """Format a weight as `src/core/look/format.ts` does: three significant digits and at most four decimals."""
    if weight < 0.0005:
        return "0" if weight < 1e-7 else "< 0.0005"
    digits = 2 - int(np.floor(np.log10(float(f"{weight:.2e}"))))
    return f"{weight:.{min(4, digits)}f}"


def is_near_half_a_digit(weight: float) -> bool:
    """Return whether single precision can't tell on which side of half a digit a weight is."""
    return written(weight * (1 - 2e-7)) != written(weight * (1 + 2e-7))


@given(arrays(np.float32, st.integers(0, 50), elements=WEIGHTS))
def test_a_decoded_weight_shows_the_same_digits(weights: np.ndarray) -> None:
    decoded = decimals.TABLE[decimals.encode(weights)]
    for weight, again in zip(weights.tolist(), decoded.tolist(), strict=True):
        assert is_near_half_a_digit(weight) or written(again) == written(weight)


@given(arrays(np.float32, st.integers(1, 50), elements=WEIGHTS))
def test_errors_are_small_and_codes_rise_with_the_weights(weights: np.ndarray) -> None:
    weights = np.sort(weights)
    codes = decimals.encode(weights)
    assert (np.diff(codes.astype(int)) >= 0).all()
    decoded = decimals.TABLE[codes]
    error = np.abs(decoded - weights)
    assert (error[weights >= 1e-5] <= 3.6e-4 * weights[weights >= 1e-5]).all()
    assert (error <= np.maximum(4e-3 * weights, 1e-7)).all()


def test_zero_one_and_missing_weights_are_exact() -> None:
    weights = np.array([[0, 1, np.nan, np.inf, -np.inf, 1 + 1e-7]], dtype=np.float32)
    decoded = decimals.TABLE[decimals.encode(weights)]
    np.testing.assert_array_equal(decoded, [[0, 1, np.nan, np.nan, np.nan, 1]])


def test_every_code_survives_a_round_trip() -> None:
    used = np.arange(decimals.ONE + 1)
    np.testing.assert_array_equal(decimals.encode(decimals.TABLE[used]), used)
    assert np.isnan(decimals.TABLE[decimals.ONE + 1 :]).all()


@pytest.mark.parametrize("keys", [510, 4096, 32768])
def test_a_uniform_row_of_many_keys_does_not_vanish(keys: int) -> None:
    row = np.full((1, 1, keys), 1 / keys, dtype=np.float32)
    assert decimals.TABLE[decimals.encode(row)].sum() == pytest.approx(1, rel=4e-4)


def test_arrays_that_are_not_contiguous_keep_their_order() -> None:
    weights = np.random.default_rng(0).random((3, 400, 500), dtype=np.float32).transpose(0, 2, 1)
    np.testing.assert_array_equal(decimals.encode(weights), decimals.encode(weights.copy()))


@given(arrays(np.float32, st.integers(0, 50), elements=st.one_of(WEIGHTS, st.just(np.nan))))
def test_rounded_up_codes_are_near_bounds_and_keep_the_largest(weights: np.ndarray) -> None:
    codes = decimals.encode(weights)
    rounded = decimals.rounded_up(codes)
    before, after = decimals.decode(codes), decimals.decode(rounded)
    there = np.isfinite(before)
    assert np.array_equal(there, np.isfinite(after))
    assert np.all(rounded >= codes)
    assert np.all(after[there] <= before[there] * np.where(before[there] < 1e-5, 1.13, 1.0121))
    assert np.array_equal(codes == 0, rounded == 0)
    assert after[there].max(initial=0) == before[there].max(initial=0)
    assert rounded.dtype == codes.dtype
