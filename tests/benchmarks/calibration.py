"""Are the statistics right? Studies with planted truth, drawn on the level of ranks.

Takes nothing; simulates studies in which it is known how often each pair of signs is close, runs
test N1 with its correction on them, and gives the realised false discovery rate with its interval
and the power, by number of networks, as a table and as JSON.
"""

import argparse
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.stats import false_discovery_control
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks
from signpaths.options import StabilityOptions
from signpaths.stability.inference import count_close
from signpaths.stores import write_json

SIGNS = 94
NETWORKS = (10, 15, 20, 30)
LINE = "{:<34} {:>8} {:>9} {:>16} {:>13} {:>8} {:>8} {:>8}"


@dataclass(frozen=True)
class Scene:
    """How signs group together.

    Attributes
    ----------
    name
        For people.
    size
        Signs in a group; all pairs of a group are close when the group is together.
    groups
        Groups by the share of retrainings in which they are together. Up to τ the null hypothesis
        holds for their pairs, and at τ itself it is hardest to keep to.
    """

    name: str
    size: int
    groups: dict[float, int]


SCENES = (
    Scene("30 stable pairs, 17 at tau", 2, {0.95: 15, 0.85: 10, 0.75: 5, 0.5: 17}),
    Scene("9 stable families of 6, 6 at tau", 6, {0.95: 4, 0.85: 3, 0.75: 2, 0.5: 6}),
    Scene("nothing stable, 47 pairs at tau", 2, {0.5: 47}),
)


@dataclass(frozen=True)
class Outcome:
    """What N1 did over all studies of a scene."""

    scene: str
    networks: int
    studies: int
    fdr: float
    fdr_low: float
    fdr_high: float
    false_studies: float
    power: dict[str, float]


def study(scene: Scene, networks: int, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw one study; give q and the true share of every pair."""
    options = StabilityOptions()
    upper = np.triu_indices(SIGNS, 1)
    group = np.full(SIGNS, -1)
    share = np.array([value for value, count in scene.groups.items() for _ in range(count)])
    group[: share.size * scene.size] = np.repeat(np.arange(share.size), scene.size)
    same = (group[upper[0]] == group[upper[1]]) & (group[upper[0]] >= 0)
    truth = np.where(same, share[group[upper[0]]], 0.0)
    k = largest_close_rank(SIGNS, options.close_fraction)
    close = np.empty((networks, upper[0].size), dtype=bool)
    for network in range(networks):
        together = generator.random(share.size) < share
        distance = generator.uniform(1, 2, upper[0].size)
        # A group that is not together is far apart, so that chance adds nothing to its share.
        within = generator.uniform(0, 0.5, upper[0].size)
        own = np.where(together[group[upper[0]]], within, 3 + within)
        distance = np.where(same, own, distance)
        square = np.zeros((SIGNS, SIGNS))
        square[upper] = distance
        close[network] = mutual_ranks(square + square.T)[upper] <= k
    counted = count_close(close[None], tau=options.tau, confidence=options.confidence)
    return false_discovery_control(counted.p[0]), truth


def outcome(scene: Scene, networks: int, studies: int) -> Outcome:
    """Simulate many studies of one scene."""
    options = StabilityOptions()
    generator = np.random.default_rng([networks, SCENES.index(scene)])
    false_share: list[float] = []
    found: dict[float, list[float]] = {s: [] for s in scene.groups if s > options.tau}
    for _ in range(studies):
        q, truth = study(scene, networks, generator)
        passed = q <= options.fdr
        false_share.append((passed & (truth <= options.tau)).sum() / max(1, passed.sum()))
        for share, values in found.items():
            values.append(passed[truth == share].mean())
    mean = float(np.mean(false_share))
    reach = 1.96 * float(stats.sem(false_share))
    return Outcome(
        scene=scene.name,
        networks=networks,
        studies=studies,
        fdr=mean,
        fdr_low=max(0.0, mean - reach),
        fdr_high=mean + reach,
        false_studies=float(np.mean(np.array(false_share) > 0)),
        power={f"{share:g}": float(np.mean(values)) for share, values in found.items()},
    )


def main() -> None:
    """Simulate, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("results/calibration.json"))
    arguments = parser.parse_args()
    print(
        LINE.format(
            *(
                "planted",
                "networks",
                "FDR",
                "95 % interval",
                "studies with",
                "power",
                "power",
                "power",
            )
        )
    )
    print(LINE.format("", "", "", "", "a false pair", "at 0.95", "at 0.85", "at 0.75"))
    found = []
    for scene in SCENES:
        for networks in NETWORKS:
            one = outcome(scene, networks, arguments.studies)
            found.append(asdict(one))
            print(
                LINE.format(
                    scene.name,
                    networks,
                    f"{100 * one.fdr:.2f} %",
                    f"{100 * one.fdr_low:.2f} to {100 * one.fdr_high:.2f} %",
                    f"{100 * one.false_studies:.1f} %",
                    *(
                        f"{100 * one.power[share]:.0f} %" if share in one.power else "-"
                        for share in ("0.95", "0.85", "0.75")
                    ),
                ),
                flush=True,
            )
    write_json(arguments.out, {"signs": SIGNS, "outcomes": found})
    if not all(one["fdr_low"] <= StabilityOptions().fdr for one in found):
        sys.exit("the false discovery rate is above what was asked for")


if __name__ == "__main__":
    main()
