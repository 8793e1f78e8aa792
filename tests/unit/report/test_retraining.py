"""Every way to train again has its words."""

from signpaths.options import MethodOptions
from signpaths.report.retraining import AGAIN, DIFFER_IN


def test_every_way_to_train_again_has_its_words() -> None:
    for varies in ("training", "split", "both"):
        assert MethodOptions(seeds_vary=varies)
        assert AGAIN[varies]
        assert DIFFER_IN[varies]
    assert AGAIN.keys() == DIFFER_IN.keys() == {"training", "split", "both"}
