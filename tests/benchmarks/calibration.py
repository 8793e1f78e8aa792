"""Are the statistics right? Studies with known truth, drawn on the level of distances.

Takes nothing. For each scene it simulates a pool of networks, with hubs, families of signs and
pairs that come and go together, and draws studies from the pool with replacement: each network of a
study is then independent of the others, and the share of the pool in which a pair is close is its π
exactly. Gives realised false discovery rates, power, coverage of every interval, calibration of
shrinkage and planner, as tables and as JSON; exits with 1 if a promise is broken.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import binom, false_discovery_control, sem
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks, sensitivity_ranks
from signpaths.options import StabilityOptions
from signpaths.stability import betting, inference, shrinkage
from signpaths.stability.intervals import mean_interval
from signpaths.stability.planning import expected_verdicts
from signpaths.stability.verdicts import UNDECIDED, VERDICTS, verdict_of_counts
from signpaths.stores import write_json

SIGNS = 94
UPPER = np.triu_indices(SIGNS, 1)
POOL = 4000
SIZES = (8, 10, 15, 20, 30, 50)
OPTIONS = StabilityOptions()
K = largest_close_rank(SIGNS, OPTIONS.close_fraction)
POWER_AT = (0.95, 0.85, 0.75)
# Where no share is planted, pairs so near to it count.
NEAR = 0.03
AUTOENCODERS = 5
# A promise is broken if simulation noise explains it with a probability below 0.1 % only.
NOISE = 3.1
# Power that is asked for: networks, π, share of the pairs found.
GOALS = ((20, 0.85, 0.80), (20, 0.75, 0.35), (10, 0.95, 0.70))


@dataclass(frozen=True)
class Scene:
    """How signs lie to each other, and how that varies from network to network.

    Attributes
    ----------
    name
        For people.
    planted
        Groups of signs that are each other's nearest together or not at all, by the share of
        networks in which they are. Up to τ the null hypothesis holds, and at τ it is hardest to
        keep to.
    size
        Signs of a planted group.
    together
        Correlation between groups: how far they come and go in the same networks.
    placed
        Whether signs have places of their own, in families and around hubs, that networks vary.
        If not, only what is planted is ever the same in two networks.
    dims
        Of the space that signs lie in; in few, everything is near to something.
    hubs
        Signs near the middle, and so among the nearest of many.
    restless
        How far signs move from network to network.
    """

    name: str
    planted: dict[float, int] = field(default_factory=dict)
    size: int = 2
    together: float = 0.0
    placed: bool = True
    dims: int = 10
    hubs: int = 8
    restless: float = 0.35


HUBS = Scene("hubs and families")
SCENES = (
    HUBS,
    Scene("and 30 pairs, 15 at τ", {0.95: 10, 0.85: 10, 0.75: 10, 0.5: 15}, 2, 0.3),
    Scene("and 9 groups of 5, 6 at τ", {0.95: 3, 0.85: 3, 0.75: 3, 0.5: 6}, 5, 0.3),
    Scene("30 pairs, 15 at τ, no more", {0.95: 10, 0.85: 10, 0.75: 10, 0.5: 15}, 2, 0.3, False),
    Scene("47 pairs at τ, no more", {0.5: 47}, 2, 0.0, False),
    Scene("the same, together", {0.5: 47}, 2, 0.5, False),
    Scene("18 groups of 5 at τ, no more", {0.5: 18}, 5, 0.0, False),
)
# The interval of the mean rank was chosen on scenes like the first two, the steps of shrinkage on
# the first. The last played no part in either.
NATURAL = (
    HUBS,
    Scene("restless, more hubs", dims=6, hubs=15, restless=0.5),
    Scene("flat, many hubs", dims=4, hubs=20, restless=0.45),
)


class Report:
    """What is printed, and which promises are broken."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.broken: list[str] = []

    def table(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Print rows as they come."""
        kept = self.tables.setdefault(name, [])
        print(f"\n{name}\n")
        for row in rows:
            if not kept:
                print(f"| {' | '.join(row)} |\n|{' --- |' * len(row)}")
            print(f"| {' | '.join(map(shown, row.values()))} |", flush=True)
            kept.append(row)

    def at_most(self, what: str, values: np.ndarray, limit: float) -> float:
        """Give the mean over studies of what was promised to be at most a limit."""
        mean, error = float(np.mean(values)), float(sem(values))
        if mean - NOISE * error > limit:
            self.broken.append(f"{what}: {mean:.4f} ± {error:.4f}, at most {limit:g} was promised")
        return mean


def shown(value: object) -> str:
    """Show shares as percentages, and what does not exist as a dash."""
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if isinstance(value, float) else str(value)


def pool(scene: Scene, networks: int, autoencoders: int = 0) -> np.ndarray:
    """Simulate the mutual ranks of a scene, float32 `(network, pair)`.

    With autoencoders: `(network, autoencoder, pair)`, each a map of its own of its network.
    """
    seed = (*SCENES, *NATURAL).index(scene)
    generator = np.random.default_rng([seed, autoencoders])
    dims = scene.dims
    family = np.arange(SIGNS) // 4
    centre = generator.normal(size=(family.max() + 1, dims))
    place = 0.95 * centre[family] + 0.3 * generator.normal(size=(SIGNS, dims))
    place[generator.choice(SIGNS, scene.hubs, replace=False)] *= 0.4
    # Some signs move more than others.
    restless = scene.restless * generator.lognormal(0, 0.4, size=(SIGNS, 1))
    fixed = float(scene.placed)
    group, state = planted_groups(scene, networks, generator)
    same = (group[:, None] == group) & (group[:, None] >= 0)
    ranks = np.empty((networks, max(autoencoders, 1), UPPER[0].size), dtype=np.float32)
    for network in range(networks):
        moved = place + 0.3 * generator.normal(size=centre.shape)[family]
        signs = fixed * moved + restless * generator.normal(size=place.shape)
        reach = np.exp(0.1 * generator.normal(size=SIGNS))
        for autoencoder in range(max(autoencoders, 1)):
            seen = signs
            if autoencoders:
                seen = signs @ generator.normal(size=(dims, 4)) / 2
            distance = cdist(seen, seen) * reach * reach[:, None]
            if state.size:
                near = state[network][np.maximum(group, 0)][:, None]
                tiny = 1e-3 * generator.uniform(1, 2, size=(SIGNS, SIGNS))
                planted = np.where(near, tiny + tiny.T, 100.0)
                distance = np.where(same, planted, distance)
            ranks[network, autoencoder] = mutual_ranks(distance)[UPPER]
    return ranks if autoencoders else ranks[:, 0]


def planted_groups(
    scene: Scene, networks: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give the planted group of each sign, -1 for none, and in which networks each is together.

    A group is together in exactly its share of the networks: in those with the lowest values of a
    normal variable, part of which all groups share.
    """
    share = [value for value, count in scene.planted.items() for _ in range(count)]
    group = np.full(SIGNS, -1)
    group[: len(share) * scene.size] = np.repeat(np.arange(len(share)), scene.size)
    common = generator.normal(size=(networks, 1))
    own = generator.normal(size=(networks, len(share)))
    latent = np.sqrt(scene.together) * common + np.sqrt(1 - scene.together) * own
    order = latent.argsort(axis=0).argsort(axis=0)
    return generator.permutation(group), order < np.round(np.array(share) * networks)


def drawn(pooled: np.ndarray, networks: int, studies: int) -> Iterator[np.ndarray]:
    """Draw studies, each with networks of the pool."""
    generator = np.random.default_rng(networks)
    for _ in range(studies):
        yield pooled[generator.integers(len(pooled), size=networks)]


def tables_of_counts(networks: int) -> np.ndarray:
    """Give one pair for every count, as `betting` takes them: `(network, count)`."""
    return np.arange(networks)[:, None] < np.arange(networks + 1)


def discoveries(
    scene: Scene, pooled: np.ndarray, studies: int, report: Report
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Realised false discovery rates, and power, by number of networks."""
    truth = pooled.mean(axis=0)
    margin = 1e-9 if scene.planted else NEAR
    at = {share: np.abs(truth - share) <= margin for share in POWER_AT}
    for networks in SIZES:
        false: dict[str, list[float]] = {}
        power: dict[str, list[list[float]]] = {}
        found: dict[str, list[int]] = {}
        least: dict[str, list[int]] = {}
        rules = decided(networks)
        for close in drawn(pooled, networks, studies):
            count = close.sum(axis=0, dtype=np.int64)
            for name, rule in rules.items():
                passed = rule(count)
                null = truth >= OPTIONS.tau if name == "N1a" else truth <= OPTIONS.tau
                false.setdefault(name, []).append((passed & null).sum() / max(1, passed.sum()))
                found.setdefault(name, []).append(int(passed.sum()))
                # In how many networks a pair must be close to be found.
                least.setdefault(name, []).extend([count[passed].min()] if passed.any() else [])
                power.setdefault(name, []).append(
                    [passed[those].mean() if those.any() else np.nan for those in at.values()]
                )
        start = {"scene": scene.name, "networks": networks}
        rates = {
            name: report.at_most(
                f"FDR of {name}, {scene.name}, {networks} networks", np.array(values), OPTIONS.fdr
            )
            for name, values in false.items()
        }
        means = {name: np.mean(values, axis=0) for name, values in power.items()}
        yield (
            start
            | rates
            | {"N1 finds": round(float(np.mean(found["N1"])))}
            | {
                f"{name} from": int(np.median(least[name])) if least[name] else None
                for name in ("N1", "N1, adaptive")
            },
            start
            | {
                f"{name}, π = {share:g}": None
                if np.isnan(means[name][column])
                else float(means[name][column])
                for column, share in enumerate(POWER_AT)
                for name in ("N1", "N1, BY", "N1, adaptive", "not conditioned", "N1e")
            },
        )


def decided(networks: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Give the tests, each from counts to the pairs that it discovers."""
    tau, fdr = OPTIONS.tau, OPTIONS.fdr
    plain_p = binom.sf(np.arange(networks + 1) - 1, networks, tau)
    log_e = betting.log_e_values(tables_of_counts(networks), tau)
    p = inference.conditioned_p(networks, tau)

    def by(count: np.ndarray) -> np.ndarray:
        tested = inference.count_tested(count, networks, tau=tau, confidence=OPTIONS.confidence)
        return tested.q_by <= fdr

    def adaptive(count: np.ndarray) -> np.ndarray:
        # Storey, Taylor & Siegmund (2004): the null hypotheses are counted by what lies above 1/2.
        # More power with few networks, but it needs pairs that hang together weakly.
        kept = inference.looked_at(count, networks, tau)
        true = min(1.0, 2 * (1 + (p[count[kept]] > 0.5).sum()) / max(1, kept.sum()))
        return kept & (inference.stays_close_q(count, networks, tau) * true <= fdr)

    return {
        "N1": lambda count: inference.stays_close_q(count, networks, tau) <= fdr,
        "N1, BY": by,
        "N1, adaptive": adaptive,
        "not conditioned": lambda count: false_discovery_control(plain_p[count]) <= fdr,
        "N1e": lambda count: betting.discovered(log_e[count], fdr),
        "N1a": lambda count: inference.apart_q(count, networks, tau) <= fdr,
    }


def other_ranks(ranks: np.ndarray, studies: int, report: Report) -> Iterator[Any]:
    """N1 at half and at double the rank that counts as close."""
    half, double = sensitivity_ranks(K, SIGNS)
    for k in (half, K, double):
        pooled = ranks <= k
        truth = pooled.mean(axis=0)
        for networks in (10, 20):
            false, found = [], []
            for close in drawn(pooled, networks, studies):
                count = close.sum(axis=0, dtype=np.int64)
                passed = inference.stays_close_q(count, networks, OPTIONS.tau) <= OPTIONS.fdr
                false.append((passed & (truth <= OPTIONS.tau)).sum() / max(1, passed.sum()))
                found.append(passed.sum())
            yield {
                "close up to rank": k,
                "networks": networks,
                "FDR N1": report.at_most(
                    f"FDR of N1 at k = {k}, {networks} networks", np.array(false), OPTIONS.fdr
                ),
                "found": round(float(np.mean(found))),
                "truly above τ": int((truth > OPTIONS.tau).sum()),
            }


def shares_covered(pooled: np.ndarray, studies: int, report: Report) -> Iterator[Any]:
    """Coverage of π by Clopper and Pearson's interval and by the confidence sequence."""
    truth = pooled.mean(axis=0)
    asked = (truth > 0.1) & (truth < 0.9)
    pooled, truth = pooled[:, asked], truth[asked]
    longest = max(SIZES)
    exact = [inference.clopper_pearson(a, OPTIONS.confidence) for a in range(1, longest + 1)]
    always = [
        betting.confidence_sequence(tables_of_counts(a), OPTIONS.confidence)
        for a in range(1, longest + 1)
    ]
    missed: dict[str, list[np.ndarray]] = {"exact": [], "always": []}
    for close in drawn(pooled, longest, studies):
        counts = close.cumsum(axis=0, dtype=np.int64)
        for name, ends in (("exact", exact), ("always", always)):
            outside = [
                (truth < low[count]) | (truth > high[count])
                for count, (low, high) in zip(counts, ends, strict=True)
            ]
            # By networks: the share of pairs that are missed now, or have ever been.
            series = np.array(outside)
            if name == "always":
                series = np.logical_or.accumulate(series, axis=0)
            missed[name].append(series.mean(axis=1))
    for networks in SIZES:
        row: dict[str, Any] = {"networks": networks}
        for name, heading in (
            ("exact", "Clopper–Pearson"),
            ("always", "confidence sequence, up to here"),
        ):
            values = np.array(missed[name])[:, networks - 1]
            row[heading] = 1 - report.at_most(
                f"{heading}: misses at {networks} networks", values, 1 - OPTIONS.confidence
            )
        yield row


def pictures_covered(studies: int, report: Report) -> Iterator[Any]:
    """Coverage of π in projections, where a network counts by the share of its autoencoders."""
    pooled = (pool(HUBS, POOL // 4, AUTOENCODERS) <= K).mean(axis=1, dtype=np.float32)
    truth = pooled.mean(axis=0, dtype=np.float64)
    # The pairs of all shares alike, not only the many that are nearly never close.
    order = np.argsort(truth)
    levels = np.linspace(0.02, min(0.98, truth.max()), 150)
    chosen = np.unique(
        order[np.searchsorted(truth[order], levels, side="left").clip(max=order.size - 1)]
    )
    pooled, truth = pooled[:, chosen], truth[chosen]
    for networks in SIZES:
        missed, width = [], []
        for close in drawn(pooled, networks, studies):
            low, high = betting.confidence_sequence(close, OPTIONS.confidence)
            missed.append(((truth < low) | (truth > high)).mean())
            width.append((high - low).mean())
        yield {
            "networks": networks,
            "by bets, mean of 5 autoencoders": 1
            - report.at_most(
                f"bets: misses at {networks} networks", np.array(missed), 1 - OPTIONS.confidence
            ),
            "mean width": f"{np.mean(width):.2f}",
        }


def ranks_covered(scene: Scene, studies: int, report: Report) -> Iterator[Any]:
    """Coverage of the mean mutual rank, over pairs that are close as often as said."""
    ranks = pool(scene, POOL)
    truth, often = ranks.mean(axis=0, dtype=np.float64), (ranks <= K).mean(axis=0)
    groups = {
        "in > 90 %": often > 0.9,
        "in 50 to 90 %": (often > 0.5) & (often <= 0.9),
        "in 10 to 50 %": (often > 0.1) & (often <= 0.5),
    }
    for networks in (6, *SIZES):
        missed: dict[str, list[float]] = {name: [] for name in groups}
        all_close, worst, width = [], np.zeros(truth.size), []
        close = often > 0.5
        for drawn_ranks in drawn(ranks, networks, studies):
            low, high = mean_interval(drawn_ranks, largest=SIGNS - 1, confidence=OPTIONS.confidence)
            outside = (truth < low) | (truth > high)
            for name, those in groups.items():
                missed[name].append(outside[those].mean())
            all_close.append(outside[close].mean())
            worst += outside / studies
            width.append(np.median((high - low)[close]))
        report.at_most(
            f"mean rank, {scene.name}: misses of close pairs at {networks} networks",
            np.array(all_close),
            0.07,
        )
        yield {
            "scene": scene.name,
            "networks": networks,
            "close in > 50 %": 1 - float(np.mean(all_close)),
            **{name: 1 - float(np.mean(values)) for name, values in missed.items()},
            "worst tenth of the close": float(1 - np.quantile(worst[close], 0.9)),
            "median width": f"{np.mean(width):.1f}",
        }


def shrunk(scene: Scene, studies: int) -> Iterator[Any]:
    """Shrinkage: is what is believed of π true, and nearer than the raw share?"""
    pooled = pool(scene, POOL) <= K
    truth = pooled.mean(axis=0)
    for networks in SIZES:
        believed, true, errors, halves = [], [], [], []
        for close in drawn(pooled, networks, min(studies, 60)):
            count = close.sum(axis=0, dtype=np.int64)
            mixture = shrinkage.fitted(count, networks)
            above = mixture.posterior_above(OPTIONS.tau, networks)[count]
            unsure = (above > 0.2) & (above < 0.8)
            believed.append([above.sum(), above[unsure].sum()])
            true.append([(truth > OPTIONS.tau).sum(), (truth[unsure] > OPTIONS.tau).sum()])
            mean = mixture.posterior_mean(networks)[count]
            seen = count > 0.2 * networks
            errors.append(
                [
                    np.sqrt(((values - truth)[seen] ** 2).mean())
                    for values in (count / networks, mean)
                ]
            )
            halves.append(shrinkage.split_half(close))
        error, shrunk_error = np.mean(errors, axis=0)
        all_believed, unsure_believed = np.mean(believed, axis=0)
        all_true, unsure_true = np.mean(true, axis=0)
        yield {
            "scene": scene.name,
            "networks": networks,
            "error of π, raw": f"{error:.3f}",
            "shrunk": f"{shrunk_error:.3f}",
            "pairs believed above τ": f"{all_believed:.1f}",
            "are": f"{all_true:.0f}",
            "of the unsure": f"{unsure_believed:.1f}",
            "are ": f"{unsure_true:.1f}",
            "other half, raw": f"{np.mean([one.raw_error for one in halves]):.3f}",
            "other half, shrunk": f"{np.mean([one.error for one in halves]):.3f}",
        }


def foretold(scene: Scene, studies: int) -> Iterator[Any]:
    """The planner: do so many open pairs get decided?"""
    pooled = pool(scene, POOL) <= K

    def decide(count: np.ndarray, networks: int) -> np.ndarray:
        return verdict_of_counts(count, networks, OPTIONS)

    for networks in (8, 10, 15, 20):
        for more in (5, 10, 50):
            said, came = [], []
            for close in drawn(pooled, networks + more, min(studies, 40)):
                count = close[:networks].sum(axis=0, dtype=np.int64)
                still_open = decide(count, networks) == UNDECIDED
                chance = expected_verdicts(
                    count, networks, decide, VERDICTS, more=(more,), futures=20
                )[0]
                words = decide(close.sum(axis=0, dtype=np.int64), networks + more)
                said.append([still_open.sum(), *chance[:, still_open].sum(axis=1)])
                came.append([(words[still_open] == word).sum() for word in VERDICTS])
            today, *expected = np.mean(said, axis=0)
            yield {
                "scene": scene.name,
                "networks": networks,
                "more": more,
                "open": f"{today:.0f}",
                **{
                    f"then {word}: said, came": f"{one:.1f}, {other:.1f}"
                    for word, one, other in zip(
                        VERDICTS, expected, np.mean(came, axis=0), strict=True
                    )
                },
            }


def goals(report: Report, name: str) -> Iterator[Any]:
    """Hold N1's power against what is asked for, scene by scene."""
    for networks, share, wanted in GOALS:
        row: dict[str, Any] = {"networks": networks, "π": f"{share:g}", "asked for": wanted}
        for line in report.tables[name]:
            power = line[f"N1, π = {share:g}"]
            if line["networks"] == networks and power is not None:
                row[line["scene"]] = power
        yield row


def main() -> None:
    """Simulate, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("results/calibration.json"))
    arguments = parser.parse_args()
    studies, report = arguments.studies, Report()
    print(f"{SIGNS} signs, {studies} studies a line, close: mutual rank up to {K}")

    rates, powers = [], []
    for scene in SCENES:
        for rate, power in discoveries(scene, pool(scene, POOL) <= K, studies, report):
            rates.append(rate)
            if power[f"N1, π = {POWER_AT[0]:g}"] is not None:
                powers.append(power)
    report.table("False discovery rate", rates)
    report.table("Power", powers)
    report.table("Power that is asked for", goals(report, "Power"))
    ranks = pool(HUBS, POOL)
    close = ranks <= K
    report.table("Half and double k", other_ranks(ranks, studies, report))
    report.table("Coverage of π", shares_covered(close, studies, report))
    report.table("Coverage of π in projections", pictures_covered(studies, report))
    report.table(
        "Coverage of the mean rank",
        (row for scene in NATURAL for row in ranks_covered(scene, studies, report)),
    )
    report.table("Shrinkage", (row for scene in NATURAL[::2] for row in shrunk(scene, studies)))
    report.table("Planner", (row for scene in NATURAL[::2] for row in foretold(scene, studies)))
    write_json(
        arguments.out,
        {"signs": SIGNS, "studies": studies, "tables": report.tables, "broken": report.broken},
    )
    if report.broken:
        sys.exit("\nBroken promises:\n" + "\n".join(report.broken))


if __name__ == "__main__":
    main()
