"""The whole table: every key of the config, and the exact set of rules that run again for it.

A key without a row fails, and so does a row without its key.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from after import (
    AFTER_ACTIVATIONS,
    AFTER_ALIGNMENT,
    AFTER_AUTOENCODER,
    AFTER_CLOSENESS,
    AFTER_LSTM,
    AFTER_RECORDINGS,
    AFTER_SEQUENCES,
    AFTER_SPLITS,
    AFTER_STABILITY,
    BOTTLENECKS,
    DRAWN,
    EVERYTHING,
    NAMED,
    PAGE,
    SHARED,
    SIMULATED,
    UNITS,
)
from running import MICRO, changed, planned
from signpaths.schema import Schema, schema

# Another value for the key, and what runs again.
TABLE: dict[str, tuple[Any, set[str]]] = {
    "study": ("other", {"simulate"} | EVERYTHING),
    "pathvars": ({"results": "elsewhere"}, {"simulate"} | EVERYTHING),
    # The first network is trained on the first split by the first seed, whatever varies.
    "seeds_vary": ("both", AFTER_SPLITS - BOTTLENECKS - {"closeness_raw"}),
    "claims": ([{"claim": "hands", "kind": "handedness"}], {"evidence", "method"} | PAGE),
    "data.source": ("results/micro/simulated", EVERYTHING - {"networks"}),
    "data.pattern": (r"(?P<sign>[^/]+)-(?P<take>\d+)\.tsd$", AFTER_RECORDINGS),
    "data.channels": ([f"c{number}" for number in range(22)], AFTER_RECORDINGS),
    "data.on_bad_file": ("skip", AFTER_RECORDINGS),
    "data.largest_gib": (5.0, AFTER_RECORDINGS),
    "data.aliases": ({"anchor": "copper"}, AFTER_SEQUENCES),
    "data.exclude": (["anchor"], AFTER_SEQUENCES),
    "data.max_length": (70, AFTER_SEQUENCES),
    "data.padded_length": (200, AFTER_SEQUENCES),
    "data.padding": ("post", AFTER_SEQUENCES),
    "data.two_handed": (0.2, AFTER_SEQUENCES),
    "simulate.seed": (1, SIMULATED),
    "simulate.twins": (1, SIMULATED),
    "simulate.prefixes": (1, SIMULATED),
    "simulate.crossings": (1, SIMULATED),
    "simulate.learned": (2, SIMULATED),
    "simulate.trembling": (2, SIMULATED),
    "simulate.flickering": (2, SIMULATED),
    "simulate.others": (1, SIMULATED),
    "simulate.sessions": (3, SIMULATED),
    "simulate.takes": (4, SIMULATED),
    "simulate.noise": (0.02, SIMULATED),
    "simulate.drift": (0.06, SIMULATED),
    "split.by": ("session", AFTER_SPLITS),
    "split.train": (0.7, AFTER_SPLITS),
    "split.validation": (0.2, AFTER_SPLITS),
    "split.seed": (1, AFTER_SPLITS),
    # One more, of which no other hangs.
    "lstm.seeds": (3, {"networks"} | AFTER_LSTM - {"reference", "shared"} - BOTTLENECKS),
    "lstm.units": (9, AFTER_LSTM),
    "lstm.epochs": (3, AFTER_LSTM),
    "lstm.batch_size": (32, AFTER_LSTM),
    "lstm.bucket": (4, AFTER_LSTM),
    "lstm.learning_rate": (0.005, AFTER_LSTM),
    "lstm.schedule": ("constant", AFTER_LSTM),
    "lstm.clipnorm": (2.0, AFTER_LSTM),
    "lstm.patience": (3, AFTER_LSTM),
    "lstm.standardise": (False, AFTER_LSTM),
    "lstm.mask": (False, AFTER_LSTM),
    "lstm.noise": (0.2, AFTER_LSTM),
    "lstm.gain": (0.2, AFTER_LSTM),
    "lstm.offset": (0.1, AFTER_LSTM),
    "lstm.engine": ("keras", AFTER_LSTM),
    "activations.mantissa_bits": (10, AFTER_ACTIVATIONS),
    "autoencoder.seeds": (2, AFTER_AUTOENCODER - BOTTLENECKS),
    "autoencoder.dims": ([2, 3], {"shared"} | AFTER_AUTOENCODER - BOTTLENECKS),
    # The shared map's autoencoders are of the same make, but for their own regime.
    "autoencoder.layers": ([9], {"shared"} | AFTER_AUTOENCODER),
    "autoencoder.activation": ("tanh", {"shared"} | AFTER_AUTOENCODER),
    "autoencoder.bottleneck": ("tanh", {"shared"} | AFTER_AUTOENCODER),
    "autoencoder.noise": (0.2, {"shared"} | AFTER_AUTOENCODER),
    "autoencoder.noise_draw": ("fixed", {"shared"} | AFTER_AUTOENCODER),
    "autoencoder.epochs": (2, AFTER_AUTOENCODER),
    "autoencoder.batch_size": (128, AFTER_AUTOENCODER),
    "autoencoder.learning_rate": (0.001, AFTER_AUTOENCODER),
    "autoencoder.schedule": ("one_cycle", AFTER_AUTOENCODER),
    "autoencoder.patience": (3, AFTER_AUTOENCODER),
    "autoencoder.frames": ("window", AFTER_AUTOENCODER),
    "autoencoder.window": ([5, 20], AFTER_AUTOENCODER),
    "autoencoder.thin_steps": (2, AFTER_AUTOENCODER),
    "autoencoder.thin_speed": (0.1, AFTER_AUTOENCODER),
    "autoencoder.validation": ("frame", AFTER_AUTOENCODER),
    # Of two networks the reference is made of both, whatever more it might be made of.
    "alignment.reference": (10, PAGE),
    "shared.frames": (500, SHARED | AFTER_ALIGNMENT),
    "shared.epochs": (2, {"shared"} | AFTER_ALIGNMENT),
    "shared.batch_size": (128, {"shared"} | AFTER_ALIGNMENT),
    "shared.learning_rate": (0.01, {"shared"} | AFTER_ALIGNMENT),
    "shared.schedule": ("constant", {"shared"} | AFTER_ALIGNMENT),
    "shared.patience": (3, {"shared"} | AFTER_ALIGNMENT),
    "shared.seeds": (2, {"shared"} | AFTER_ALIGNMENT),
    # Bottlenecks are compared by the same measures, and drawn.
    "quality.frames": (
        2000,
        {"quality", "shared_map", "bottlenecks", "figures", "method", "explorer"} | DRAWN | PAGE,
    ),
    # The reference is a mean of each sign at these phases.
    "closeness.phases": (16, {"closeness_raw"} | SHARED | AFTER_ALIGNMENT),
    "closeness.examples": ("train", {"closeness", "closeness_raw"} | AFTER_CLOSENESS),
    "closeness.crossing_examples": (5, {"closeness", "closeness_raw"} | AFTER_CLOSENESS),
    "closeness.dtw_band": (0.2, {"closeness", "closeness_raw"} | AFTER_CLOSENESS),
    "closeness.labellings": (3, {"closeness"} | AFTER_CLOSENESS),
    "closeness.parting": (2.0, {"closeness"} | AFTER_CLOSENESS),
    "closeness.dtw": (["hidden"], {"closeness"} | AFTER_CLOSENESS),
    "stability.close_fraction": (0.1, AFTER_CLOSENESS),
    "stability.tau": (0.6, AFTER_STABILITY),
    "stability.fdr": (0.1, AFTER_STABILITY),
    "stability.rare": (0.2, AFTER_STABILITY),
    "stability.firm": (0.8, AFTER_STABILITY),
    "stability.equivalence": (0.2, AFTER_STABILITY),
    "stability.present": (0.6, AFTER_STABILITY),
    "stability.confidence": (0.9, AFTER_STABILITY),
    "stability.reliability": (0.8, AFTER_STABILITY),
    "stability.resampled_studies": (100, AFTER_STABILITY),
    "stability.halves": (50, AFTER_STABILITY),
    "stability.permutations": (500, AFTER_STABILITY),
    "agreement.examples": (400, {"agreement", "figures", "method", "explorer"} | DRAWN | PAGE),
    "agreement.permutations": (100, {"agreement", "figures", "method", "explorer"} | DRAWN | PAGE),
    "evidence.confused_fraction": (0.05, {"evidence", "method"} | PAGE),
    "units.lags": (2, {"responses"} | UNITS),
    "units.least": (0.2, UNITS),
    "units.fdr": (0.1, UNITS),
    "units.rotations": (40, UNITS),
    "figures.pairs": ([["a", "b"]], NAMED),
    "figures.signs": ([["a", "b"]], NAMED),
    "figures.transform": ("log1p", {"figures", "run_figures", "film"} | PAGE),
    "figures.film_seconds": (2, {"film"} | PAGE),
    "figures.film_gif": (True, {"film"} | PAGE),
    "figures.runs": (["best"], DRAWN | PAGE),
    "figures.maps": (["pca"], {"run_figures", "film"} | PAGE),
    "figures.bottlenecks": (["tanh"], BOTTLENECKS | {"figures"} | PAGE),
    "explorer.largest_mib": (5.0, {"explorer"} | PAGE),
    "report.title": ("Twelve signs", PAGE),
    # It is drawn as a run, and its bottlenecks are compared.
    "report.reference_seed": (1, BOTTLENECKS | DRAWN | {"figures", "method"} | PAGE),
    "report.compare": (["finished"], {"report", "provenance", "all"}),
}


def keys(own: Schema, before: str = "") -> set[str]:
    """Give every key of the config, with dots."""
    return {
        key
        for name, value in own["properties"].items()
        for key in (
            keys(value, f"{before}{name}.") if "properties" in value else {f"{before}{name}"}
        )
    }


@pytest.fixture(scope="module", autouse=True)
def finished_study(micro: Path) -> Iterator[None]:
    """Another study, for the report to compare; only that it is there counts."""
    study = micro / "results/finished"
    (study / "stability.zarr").mkdir(parents=True)
    (study / "provenance.json").write_text("{}")
    yield
    shutil.rmtree(study)


def test_every_key_has_a_row() -> None:
    assert TABLE.keys() == keys(schema())


@pytest.mark.parametrize("key", TABLE)
def test_a_key_runs_again_what_it_changes_and_nothing_else(micro: Path, key: str) -> None:
    value, rules = TABLE[key]
    section, _, name = key.partition(".")
    overlay = changed(**{section: {name: value}}) if name else {**MICRO, section: value}
    assert planned(micro, overlay).keys() == rules
