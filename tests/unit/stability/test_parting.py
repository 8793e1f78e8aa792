"""Where pairs part over networks: the interval of the median covers, and counts are the stores'."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom
from signpaths.options import StabilityOptions
from signpaths.stability.parting import lower_rank, parting_statistics


@pytest.mark.parametrize("networks", [6, 7, 10, 11, 20, 50, 200])
def test_the_interval_of_the_median_covers_as_often_as_it_says(networks: int) -> None:
    rank = lower_rank(networks, 0.95)

    def coverage(place: int) -> float:
        # The median is missed if too few, or too many, of the networks lie below it.
        return 1 - 2 * float(binom.cdf(place, networks, 0.5))

    assert coverage(rank) >= 0.95
    assert coverage(rank + 1) < 0.95


def test_the_interval_covers_in_simulation() -> None:
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.exponential(size=(4000, 20)), axis=1)
    rank = lower_rank(20, 0.95)
    covered = (drawn[:, rank] <= np.log(2)) & (np.log(2) <= drawn[:, -1 - rank])
    assert covered.mean() > 0.945


@pytest.mark.parametrize("networks", [1, 2, 5])
def test_few_networks_give_their_whole_range(networks: int) -> None:
    assert lower_rank(networks, 0.95) == 0


def test_each_pair_has_its_medians_with_the_ordered_values_about_them() -> None:
    """Eleven networks: the interval of 95 % goes from the second to the tenth."""
    rng = np.random.default_rng(1)
    together = rng.random((2, 11, 5)).astype(np.float16)
    apart = np.minimum(together + rng.random(together.shape), 1).astype(np.float16)
    together[1, 3, 2] = apart[1, 3, 2] = np.nan
    parts = rng.random((2, 5))
    read = SimpleNamespace(
        networks=list(range(11)), together_to=together, apart_from=apart, parts=parts, parting=1.5
    )
    found = parting_statistics(read, StabilityOptions())
    for name, start, values in (
        ("together_to", "together", together),
        ("parts_at", "parts", apart),
    ):
        for space, pair in np.ndindex(2, 5):
            ordered = sorted(values[space, :, pair].astype(float).tolist())
            expected = [np.nan] * 3 if (space, pair) == (1, 2) else [ordered[i] for i in (5, 1, 9)]
            at = found.isel(space=space, pair=pair)
            told = [float(at[one]) for one in (name, f"{start}_low", f"{start}_high")]
            # The ends of what is not known may be numbers; nothing is said without a middle.
            known = slice(None) if np.isfinite(expected[0]) else slice(1)
            np.testing.assert_allclose(told[known], expected[known])
    np.testing.assert_array_equal(found.parts_in, parts)
