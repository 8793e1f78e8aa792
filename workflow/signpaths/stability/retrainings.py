"""What all retrainings together say of closeness: the stores of many runs in, plain arrays out.

Takes the folder of stage `closeness`, one network at a time; gives the mutual ranks of every run,
and of what is asked of no single run no more than its mean.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.closeness.ranks import largest_close_rank, mutual_ranks
from signpaths.errors import UserError
from signpaths.runs import check_distinct, of_runs, open_run, open_runs, require
from signpaths.spaces import AUTOENCODER, HEADLINE, Space, described
from signpaths.stability.hubs import occurrences, scaled_locally


@dataclass(frozen=True)
class Retrainings:
    """What all runs together say; pairs in the order of `np.triu_indices`.

    Attributes
    ----------
    networks
        Their names.
    autoencoders
        Of each network.
    signs
        Names, `(sign,)`.
    spaces
        Where closeness was measured.
    k
        The largest mutual rank that counts as close.
    ranks
        Mutual ranks, float32 `(space, network, ae_seed, pair)`.
    means
        Means over all runs by name, such as `energy`, `(space, pair)`.
    close_without, rank_without
        π and mean rank of a pair with one session left out, `(session, space, pair)`; without any
        session if the runs hold none.
    ceiling
        N4: mutual rank of the halves of a sign, `(space, network, ae_seed, sign)`; None if the runs
        hold none.
    held_out_agreement
        Rank correlation of training and held-out examples, mean over runs, `(space,)`; None
        likewise.
    label_close
        In which networks pairs of pseudo-signs are close, bool `(labelling, network, pair)`;
        without any labelling if the runs hold none.
    label_agreement
        Their rank correlation of training and held-out examples, mean over networks,
        `(labelling,)`.
    together_to
        Phase up to which a pair is together from the beginning, mean over a network's runs, float16
        `(space, network, pair)`; NaN where that is not known.
    apart_from
        Phase from which it is apart to the end, likewise.
    parts
        In which share of the runs it is apart at the end, `(space, pair)`; NaN likewise.
    parting
        The separation from which on signs are apart.
    hubness
        Among how many other signs' k nearest each sign is in the hidden states, mean over networks,
        `(sign,)`.
    unhubbed
        In how many networks a pair is close there if distances are first set against those of the
        two signs to their nearest, int `(pair,)`.
    measured
        The options of stage `closeness`, as JSON.
    no_sessions
        Why the runs hold no ranks without a session; empty if they do not say.
    """

    networks: list[str]
    autoencoders: int
    signs: np.ndarray
    spaces: list[Space]
    k: int
    ranks: np.ndarray
    means: dict[str, np.ndarray]
    close_without: np.ndarray
    rank_without: np.ndarray
    ceiling: np.ndarray | None
    held_out_agreement: np.ndarray | None
    label_close: np.ndarray
    label_agreement: np.ndarray
    together_to: np.ndarray
    apart_from: np.ndarray
    parts: np.ndarray
    parting: float
    hubness: np.ndarray
    unhubbed: np.ndarray
    measured: str
    no_sessions: str

    @cached_property
    def mean_ranks(self) -> np.ndarray:
        """Mean over a network's autoencoders, `(space, network, pair)`."""
        return of_runs(self.ranks.swapaxes(1, 2), self.spaces)

    @cached_property
    def close(self) -> np.ndarray:
        """Share of a network's autoencoders in which a pair is close, `(space, network, pair)`.

        0 or 1 in spaces without autoencoders. float32.
        """
        return self.close_up_to(self.k)

    def close_up_to(self, k: int) -> np.ndarray:
        """The same if mutual ranks up to another one counted as close."""
        return of_runs((self.ranks <= k).swapaxes(1, 2), self.spaces, np.float32)

    @property
    def space_names(self) -> list[str]:
        """Names of the spaces, in their order."""
        return [space.name for space in self.spaces]


def read_retrainings(folder: Path, networks: list[str], close_fraction: float) -> Retrainings:
    """Read the closeness of all runs, one network at a time.

    Parameters
    ----------
    folder
        With the stores of stage `closeness`, `<network>.zarr`.
    networks
        Names.
    close_fraction
        A pair is close if its mutual rank is at most this share of the other signs, at least 1.

    Raises
    ------
    UserError
        If a store is not there or not of this study, or there is one sign only.
    """
    check_distinct(folder, networks)
    first = open_run(folder, networks[0], "closeness")
    require(
        first,
        ["parting", "options", "together_to", "apart_from"],
        str(folder / f"{networks[0]}.zarr"),
    )
    spaces, signs = described(first), first.sizes["sign"]
    if signs < 2:
        raise UserError("one sign has no pair; the study needs two signs or more.")
    upper = np.triu_indices(signs, 1)
    k = largest_close_rank(signs, close_fraction)
    count = len(networks)
    sessions = _sessions(first)
    measured = (len(spaces), upper[0].size)
    ranks = np.empty((len(spaces), count, first.sizes["ae_seed"], upper[0].size), dtype=np.float32)
    means = {name: np.zeros(measured) for name in ("energy", "crossing") if name in first}
    close_without = np.zeros((len(sessions), *measured))
    rank_without = np.zeros_like(close_without)
    ceiling, agreement = [], []
    labellings = first.sizes.get("labelling", 0)
    label_close = np.zeros((labellings, count, upper[0].size), dtype=bool)
    label_agreement = np.zeros(labellings)
    together_to = np.full((len(spaces), count, upper[0].size), np.nan, dtype=np.float16)
    apart_from, parts = np.full_like(together_to, np.nan), np.zeros(measured)
    hubness, unhubbed = np.zeros(signs), np.zeros(upper[0].size, dtype=int)
    for index, (path, one) in enumerate(
        open_runs(folder, networks, "closeness", ("sign", "space", "ae_seed"))
    ):
        if (set(one.variables) ^ set(first.variables)) - {"rank_without", "session"}:
            raise UserError(f"{path}: it holds other measures than the other runs. Make it again.")
        ranks[:, index] = one.mutual_rank.values[:, :, *upper]
        for name, mean in means.items():
            mean += of_runs(one[name].values, spaces)[:, *upper] / count
        # Runs with splits of their own may compare examples of other sessions.
        if _sessions(one) != sessions:
            sessions = []
        if sessions:
            without = np.moveaxis(one.rank_without.values[..., *upper], 2, 0)
            for row, values in enumerate(without):
                close_without[row] += of_runs(values <= k, spaces) / count
                rank_without[row] += of_runs(values, spaces) / count
        if "ceiling" in first:
            ceiling.append(one.ceiling.values)
        if labellings:
            label_close[:, index] = one.label_rank.values[:, *upper] <= k
            label_agreement += one.label_agreement.values / count
        together_to[:, index] = of_runs(one.together_to.values, spaces)
        apart_from[:, index] = of_runs(one.apart_from.values, spaces)
        apart = one.apart_from.values.astype(float)
        parts += of_runs(np.where(np.isnan(apart), np.nan, apart < 1), spaces) / count
        distance = one.distance.sel(space=HEADLINE).values[0].astype(np.float64)
        hubness += occurrences(distance, k) / count
        unhubbed += mutual_ranks(scaled_locally(distance, k))[upper] <= k
        if "held_out_agreement" in first:
            agreement.append(of_runs(one.held_out_agreement.values, spaces))
    return Retrainings(
        networks=networks,
        autoencoders=max([one.runs for one in spaces if one.kind == AUTOENCODER], default=1),
        signs=first.sign.values,
        spaces=spaces,
        k=k,
        ranks=ranks,
        means=means,
        close_without=close_without[: len(sessions)],
        rank_without=rank_without[: len(sessions)],
        ceiling=np.stack(ceiling, axis=1) if ceiling else None,
        held_out_agreement=np.mean(agreement, axis=0) if agreement else None,
        label_close=label_close,
        label_agreement=label_agreement,
        together_to=together_to,
        apart_from=apart_from,
        # A sum of shares can be more than 1 by rounding.
        parts=np.minimum(parts, 1),
        parting=float(first.attrs["parting"]),
        hubness=hubness,
        unhubbed=unhubbed,
        measured=str(first.attrs["options"]),
        no_sessions=str(first.attrs.get("jackknife", "")),
    )


def _sessions(run: xr.Dataset) -> list[str]:
    """Give the sessions that a run can do without, one at a time."""
    return run.session.values.tolist() if "session" in run else []
