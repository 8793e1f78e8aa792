"""Where pairs part over networks: the interval of the median covers, and counts are the stores'."""

import numpy as np
import pytest
from scipy.stats import binom
from signpaths.stability.parting import lower_rank


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
