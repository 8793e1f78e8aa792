"""Whether networks do better than a plain linear rival: evidence in, a sentence to beware of out.

Takes `evidence.zarr`; its rival are linear discriminants, learned from the training examples.
"""

import numpy as np
import xarray as xr

from signpaths.spaces import HEADLINE, LDA_SPACE
from signpaths.wording import listed, number, percent, sentence

# Closeness is held against the answers of other networks: nobody's own are read off itself.
FAIR = "other runs"
# What many networks say together, held against one that is none of them.
CONSENSUS = "mean rank"
RECOGNISED = f"{LDA_SPACE.name}_test_accuracy"


def rival_caution(evidence: xr.Dataset) -> str:
    """Say where the plain rival does as well as the networks or better; empty if nowhere.

    It recognises examples as well if its share of the test examples is no smaller than the mean of
    the networks', and foretells mistakes better if the interval of the difference says so.
    """
    found = []
    rival, networks = recognised(evidence)
    if rival is not None and networks is not None and rival >= networks:
        found.append(
            f"recognises {percent(rival)} of the test examples, the networks {percent(networks)} "
            "on average"
        )
    if LDA_SPACE.name in evidence.space.values:
        at = evidence.sel(against=FAIR)
        rival_at = at.sel(space=LDA_SPACE.name)
        if rival_at["ap_gain_high"].item() < 0:
            precision = (one["ap_mean"].item() for one in (rival_at, at.sel(space=HEADLINE)))
            its, that = (number(one, 2) for one in precision)
            found.append(
                "its closeness foretells what networks mix up better than the hidden states of one "
                f"of them (average precision {its} against {that})"
            )
    if not found:
        return ""
    return sentence(
        f"a plain linear method, learned from the same recordings without any network, does as "
        f"well or better here: it {listed(found)}"
    )


def recognised(evidence: xr.Dataset) -> tuple[float | None, float | None]:
    """Give the share of test examples that the rival recognises, and the mean of the networks'."""
    rival = evidence.attrs.get(RECOGNISED)
    known = evidence["test_accuracy"].values
    known = known[np.isfinite(known)]
    return (
        None if rival is None else float(rival),
        float(known.mean()) if known.size else None,
    )
