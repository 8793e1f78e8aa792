"""Values of the config that do not fit each other, or that a type cannot judge.

Takes a study whose keys and types are right, as far as they are; gives one message a misfit.
"""

import errno
import itertools
import math
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from urllib.parse import urlsplit

from signpaths.faults import did_you_mean, one_of, shown
from signpaths.options import GLOVES, Claim, SimulateOptions, Study
from signpaths.patterns import never_ends
from signpaths.spaces import measured, warped

FEWEST_SIGNS = 3  # that give a pair's rank a meaning
FEWEST_FRAMES = 10  # of a network, in the shared map
# Far above what anyone wants: of simulated signs and recordings, of jobs, of an autoencoder's
# weights, whose four copies in training would take 1.6 GB.
MOST_SIGNS, MOST_RECORDINGS, MOST_AUTOENCODERS, MOST_WEIGHTS = 500, 100_000, 100_000, 100_000_000
# Snakemake's own path variables, and the study's folder.
PATHVARS = (
    *("results", "logs", "study"),
    *("stats", "reports", "temp", "resources", "benchmarks"),
)


def misfits(study: Study, wrong: Iterable[str]) -> list[str]:
    """Name every value that does not fit another one, or that a type cannot judge.

    A check runs only if all of its keys are right: of others it would say what misleads.
    """
    problems: list[str] = []
    for keys, check in CHECKS.items():
        if not any(_touches(key, dotted) for key in keys.split() for dotted in wrong):
            problems += check(*(attrgetter(key)(study) for key in keys.split()))
    return problems


def _touches(key: str, wrong: str) -> bool:
    """Tell whether a wrong value is the key's, a part of it, or its whole section."""
    return wrong in (key, key.partition(".")[0]) or wrong.startswith((f"{key}.", f"{key}["))


def _source(source: str | None) -> Iterator[str]:
    if source is None:
        return
    expected = "expected a folder, an archive, an http:// or https:// address of one, or simulate"
    if scheme := re.match(r"([a-z][a-z0-9+.-]+)://", source, re.IGNORECASE):
        if scheme[1] not in ("http", "https") or not _has_host(source):
            yield f"data.source is {shown(source)}, {expected}"
        return
    if source == "simulate":
        return
    try:
        mode = os.stat(source).st_mode
    except OSError as error:
        # What is not there is said where it is needed: a study that is done needs no recordings.
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            yield f"data.source is {shown(source)}, which cannot be read: {error.strerror}"
        elif hint := did_you_mean(source, ["simulate"]):
            yield f"data.source is {shown(source)}: there is no such file or folder{hint}"
        return
    # Not opened: a device never ends, and a pipe waits for someone to write.
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        yield f"data.source is {shown(source)}, which is neither a file nor a folder; {expected}"


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def _pattern(pattern: str) -> Iterator[str]:
    try:
        groups = set(re.compile(pattern).groupindex)
    except (re.error, OverflowError, RecursionError) as error:
        yield f"data.pattern is no regular expression: {error}"
        return
    if path := never_ends(pattern):
        yield (
            f"data.pattern is {shown(pattern)}, whose search hardly ends on a path such as "
            f"{shown(path)}: what is repeated can be cut into repeats in too many ways. Let no "
            "repeat stand in another, such as (a+)+, and few beside each other, such as .*.*"
        )
    for group in [group for group in ("sign", "take") if group not in groups]:
        yield f"data.pattern has no group {group}; write (?P<{group}>…) around that part"
    for group in sorted(groups - {"sign", "take", "session"}):
        yield f"data.pattern has a group {group}; it may name sign, take and session"


def _aliases(aliases: dict[str, str]) -> Iterator[str]:
    for name, target in sorted(aliases.items()):
        last = aliases.get(target, target)
        if last != target:
            yield (
                f"data.aliases takes {name} to {target}, which goes by another name itself "
                f"({last}); write {name}: {last}"
            )


def _lengths(max_length: int | None, padded_length: int | None) -> Iterator[str]:
    if max_length and padded_length and padded_length < max_length:
        yield (
            f"data.padded_length is {padded_length}, expected at least data.max_length, "
            f"which is {max_length}"
        )


def _planted(source: str | None, simulate: SimulateOptions) -> Iterator[str]:
    if source != "simulate":
        return
    if not FEWEST_SIGNS <= simulate.signs <= MOST_SIGNS:
        bound = (
            f"at least {FEWEST_SIGNS}" if simulate.signs < FEWEST_SIGNS else f"at most {MOST_SIGNS}"
        )
        yield (
            f"the counts of simulate, from twins to others, make {simulate.signs} signs, expected "
            f"{bound}"
        )
    recordings = simulate.signs * simulate.sessions * simulate.takes
    if recordings > MOST_RECORDINGS:
        yield (
            f"simulate makes {recordings:,} recordings (its signs times simulate.sessions times "
            f"simulate.takes), expected at most {MOST_RECORDINGS:,}"
        )


def _simulated_channels(source: str | None, channels: Sequence[str] | None) -> Iterator[str]:
    if source == "simulate" and channels is not None and len(channels) != len(GLOVES):
        yield (
            f"data.channels has {len(channels)} names, but simulated recordings have "
            f"{len(GLOVES)} channels"
        )


def _split(train: float, validation: float) -> Iterator[str]:
    for key, value in (("train", train), ("validation", validation)):
        if value >= 1 and value != int(value):
            yield f"split.{key} is {value}, expected a share below 1 or a whole number"
    # 0.9 + 0.1 must count as 1 whatever the rounding of the sum.
    if train < 1 and validation < 1 and train + validation > 1 - 1e-9:
        yield (
            f"split.train and split.validation are {train} and {validation}, which leaves nothing "
            "for the test set; expected less than 1 together"
        )


def _window(
    frames: str, window: tuple[int, int], padded_length: int | None, max_length: int | None
) -> Iterator[str]:
    first, last = window
    if first > last:
        yield f"autoencoder.window is [{first}, {last}], expected the first step before the last"
    # Without a length to pad to, the longest example's is taken.
    name, steps = ("padded_length", padded_length) if padded_length else ("max_length", max_length)
    if frames == "window" and steps and max(window) >= steps:
        yield (
            f"autoencoder.window is [{first}, {last}], expected steps up to {steps - 1}: "
            f"they are counted from 0, and data.{name} is {steps}"
        )


def _shared_frames(frames: int, reference: int, networks: int) -> Iterator[str]:
    least = FEWEST_FRAMES * min(reference, networks)
    if frames < least:
        yield (
            f"shared.frames is {frames}, expected at least {least}: {FEWEST_FRAMES} of each of the "
            f"{min(reference, networks)} networks that the shared map is made from"
        )


def _thresholds(rare: float, firm: float) -> Iterator[str]:
    if rare >= firm:
        yield f"stability.rare is {rare}, expected less than stability.firm, which is {firm}"


def _reference(reference_seed: int, seeds: int) -> Iterator[str]:
    if reference_seed >= seeds:
        yield (
            f"report.reference_seed is {reference_seed}, but lstm.seeds is {seeds}: expected a "
            f"seed from 0 to {seeds - 1}"
        )


def _runs(runs: Sequence[str], seeds: int) -> Iterator[str]:
    for run in runs:
        if run.isdigit() and int(run) >= seeds:
            yield (
                f"figures.runs names network {run}, but lstm.seeds is {seeds}: expected a seed "
                f"from 0 to {seeds - 1}, or a word"
            )


def _maps(maps: Sequence[str], shared_seeds: int) -> Iterator[str]:
    if "shared_ae" in maps and not shared_seeds:
        yield (
            "figures.maps names shared_ae, but shared.seeds is 0: expected at least 1, or another "
            "map"
        )


def _units(units: int, dims: Sequence[int]) -> Iterator[str]:
    if units < max(dims):
        yield f"lstm.units is {units}, expected at least {max(dims)}, the most of autoencoder.dims"


def _autoencoders(networks: int, seeds: int, dims: Sequence[int]) -> Iterator[str]:
    count = networks * seeds * len(dims)
    if count > MOST_AUTOENCODERS:
        yield (
            f"lstm.seeds, autoencoder.seeds and autoencoder.dims ask for {count:,} autoencoders "
            f"({networks} x {seeds} x {len(dims)}), expected at most {MOST_AUTOENCODERS:,}"
        )


def _weights(units: int, layers: Sequence[int]) -> Iterator[str]:
    # The decoder mirrors the encoder; what the bottleneck adds is little.
    weights = 2 * sum(math.prod(pair) for pair in itertools.pairwise((units, *layers)))
    if weights > MOST_WEIGHTS:
        yield (
            f"autoencoder.layers is {list(layers)}, which makes {weights:,} weights with "
            f"lstm.units {units}, expected at most {MOST_WEIGHTS:,}"
        )


def _compared(study: str, compare: Sequence[str]) -> Iterator[str]:
    if study in compare:
        yield f"report.compare names {study}, which is this study; expected other studies"


def unknown_pathvars(names: Iterable[str]) -> Iterator[str]:
    """Name the path variables that nothing here reads, and what was probably meant."""
    for name in names:
        if name not in PATHVARS:
            yield f"pathvars.{name} is no path variable, expected {one_of(PATHVARS, name)}"


def _warped_spaces(names: Sequence[str], dims: Sequence[int], shared_seeds: int) -> Iterator[str]:
    known = [space.name for space in measured(dims, shared_seeds)]
    for name in names:
        if name not in known:
            yield f"closeness.dtw names the space {name}, expected {one_of(known, name)}"


def _claimed_spaces(claims: Sequence[Claim]) -> Iterator[str]:
    # Those of any study: a claim on one that this study lacks is answered so.
    spaces = measured((2, 3))
    known = [one.name for one in spaces] + [warped(one).name for one in spaces]
    for place, claim in enumerate(claims):
        if claim.space and claim.space not in known:
            yield f"claims[{place}].space is {claim.space}, expected {one_of(known, claim.space)}"


# The keys that each check needs, in the order of its parameters.
CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "data.source": _source,
    "data.pattern": _pattern,
    "data.aliases": _aliases,
    "data.max_length data.padded_length": _lengths,
    "data.source simulate": _planted,
    "data.source data.channels": _simulated_channels,
    "split.train split.validation": _split,
    "autoencoder.frames autoencoder.window data.padded_length data.max_length": _window,
    "lstm.units autoencoder.layers": _weights,
    "lstm.seeds autoencoder.seeds autoencoder.dims": _autoencoders,
    "shared.frames alignment.reference lstm.seeds": _shared_frames,
    "closeness.dtw autoencoder.dims shared.seeds": _warped_spaces,
    "claims": _claimed_spaces,
    "lstm.units autoencoder.dims": _units,
    "stability.rare stability.firm": _thresholds,
    "report.reference_seed lstm.seeds": _reference,
    "study report.compare": _compared,
    "pathvars": unknown_pathvars,
    "figures.runs lstm.seeds": _runs,
    "figures.maps shared.seeds": _maps,
}
