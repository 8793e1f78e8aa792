"""`make bench`: what signpaths gains over what a user would write, as ratios from one run.

Takes the recordings; gives a table on the terminal and the raw numbers as JSON. The two sides of a
ratio take turns, A B A B, and each number is the median of the rounds, because machines are shared:
seconds from two runs cannot be compared, ratios from one can.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import limits
import numpy as np
from signpaths.data.archives import members
from signpaths.data.sequences import sequences
from signpaths.data.splits import read_parts, splits
from signpaths.data.tsd import tsd
from signpaths.stores import open_store, write_json
from workers import STOCK_BATCH, recipe

CORES = os.cpu_count() or 1
WORKER = Path(__file__).with_name("workers.py")
# An autoencoder of the article stops early, but not before so many epochs.
MOST_EPOCHS = recipe("article").autoencoder.epochs
# The goal's accuracy; a trial run sees so many signs.
ACCURACY, FEW_SIGNS = 0.96, 8


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    against: str
    goal: float
    measured: float
    notes: list[str] = field(default_factory=list)
    # Whether the quality that the goal presumes is there; None if it was not measured.
    as_good: bool | None = True

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, if that can be said."""
        if self.measured < self.goal:
            return "missed"
        return {True: "met", False: "missed (quality)", None: "quality unknown"}[self.as_good]


def told(text: str) -> None:
    """Show progress on stderr; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def worker(what: str, folder: Path, epochs: int, seed: int = 0) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, WORKER, what, folder, "--epochs", str(epochs), "--seed", str(seed)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr}")
    return {**json.loads(done.stdout), "process": time.monotonic() - began}


def on_every_core(what: str, folder: Path, epochs: int, first_seed: int) -> list[dict[str, Any]]:
    """Run as many measurements at once as there are cores."""
    with ThreadPoolExecutor(CORES) as pool:
        seeds = range(first_seed, first_seed + CORES)
        return list(pool.map(lambda seed: worker(what, folder, epochs, seed), seeds))


def prepared(raw: Path, folder: Path) -> None:
    """Write sequences, the split of the real study, and the activations of one LSTM."""
    study = recipe("auslan")
    tsd(raw, folder / "recordings.zarr", options=study.data)
    sequences(
        *(folder / name for name in ("recordings.zarr", "sequences.zarr", "excluded.csv")),
        options=study.data,
    )
    splits(folder / "sequences.zarr", folder / "split.csv", seed=0, options=study.split)


def few(raw: Path, folder: Path) -> Path:
    """Unpack the recordings of a few signs, to try this script."""
    pattern = re.compile(recipe("auslan").data.pattern)
    found = [
        (member.path, match["sign"], member.content.read())
        for member in members(raw, recipe("auslan").data.largest_gib)
        if member.content and (match := pattern.search(member.path))
    ]
    signs = sorted({sign for _, sign, _ in found})[:FEW_SIGNS]
    for name, sign, data in found:
        if sign in signs:
            path = folder / "few" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder / "few"


def activations(folder: Path, epochs: int) -> None:
    """Write the activations of one LSTM, trained as recommended."""
    stage = [sys.executable, "-m", "signpaths"]
    model = folder / "networks" / "activations"
    files = [model / name for name in ("model.keras", "untrained.keras", "h.csv", "m.json")]
    inputs = [folder / "sequences.zarr", folder / "split.csv"]
    # The defaults are the recommended regime.
    few = ["--seed", "0", "--epochs", str(epochs)]
    training = [*stage, "lstm", *map(str, [*inputs, *files]), *few]
    subprocess.run(training, stdout=subprocess.DEVNULL, check=True)
    stores = [folder / "activations.zarr", folder / "untrained.zarr"]
    subprocess.run([*stage, "activations", *map(str, [*inputs, *files[:2], *stores])], check=True)


def reading(raw: Path, folder: Path, rounds: int) -> tuple[Row, dict[str, Any]]:
    """Time reading all recordings: the stages against `numpy.genfromtxt` and `np.savez`."""
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    data = recipe("auslan").data
    files = []
    for number, member in enumerate(members(raw, data.largest_gib)):
        if member.content and member.path.endswith(".tsd"):
            path = unpacked / f"{number}.tsd"
            path.write_bytes(member.content.read())
            files.append(path)
    told(f"reading {len(files)} files; pattern {data.pattern}")

    def theirs() -> None:
        frames = [np.genfromtxt(path) for path in files]
        x = np.zeros((len(frames), max(map(len, frames)), frames[0].shape[1]), dtype=np.float32)
        for row, values in zip(x, frames, strict=True):
            row[len(row) - len(values) :] = values
        np.savez(folder / "x.npz", x=x)

    def ours() -> None:
        prepared(raw, folder)

    took = alternate({"genfromtxt": theirs, "signpaths": ours}, rounds)
    ratio = statistics.median(took["genfromtxt"]) / statistics.median(took["signpaths"])
    row = Row("reading all .tsd files into sequences.zarr", "genfromtxt + savez", 10, ratio)
    return row, {"reading": took}


def drawing(folder: Path, rounds: int) -> tuple[Row, dict[str, Any]]:
    """Time figure 3 of all examples, against one `predict`, `plot` and `scatter` an example."""
    took: dict[str, list[float]] = {"article": [], "ours": []}
    for turn in range(rounds):
        for way, seconds in took.items():
            seconds += worker(f"figure-{way}", folder, 0)["seconds"]
            told(f"round {turn + 1}/{rounds}  figure 3, {way}  {seconds[-1]:.1f} s")
    ratio = statistics.median(took["article"]) / statistics.median(took["ours"])
    against = "predict, plot and scatter for each"
    return Row("figure 3 of all examples", against, 20, ratio), {"drawing": took}


def alternate(sides: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Time functions in turns, so that a slow minute of the machine hits all of them."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds):
        for name, function in sides.items():
            began = time.monotonic()
            function()
            took[name].append(time.monotonic() - began)
            told(f"round {turn + 1}/{rounds}  {name}  {took[name][-1]:.1f} s")
    return took


def training_rounds(folder: Path, rounds: int, epochs: int) -> dict[str, list[Any]]:
    """Measure all ways to train in turns: seconds an epoch, and whole autoencoders of ours."""
    found: dict[str, list[Any]] = {}
    for turn in range(rounds):
        for what in ("peak-one", "peak-all"):
            found.setdefault(what, []).append(worker(what, folder, epochs)["gflops"])
        for what in ("lstm-stock", "lstm-article", "autoencoder-article"):
            length = 3 if what.startswith("auto") else epochs
            seconds = worker(what, folder, length)["seconds"]
            found.setdefault(what, []).append(statistics.median(seconds))
            told(f"round {turn + 1}/{rounds}  {what}  {found[what][-1]:.2f} s an epoch")
        for what, length in (("lstm-ours", epochs), ("autoencoder-ours", MOST_EPOCHS)):
            side = on_every_core(what, folder, length, turn * CORES)
            found.setdefault(what, []).append(
                statistics.mean(statistics.median(one["seconds"]) for one in side)
            )
            found.setdefault(f"{what}-runs", []).extend(side)
            told(f"round {turn + 1}/{rounds}  {what}  {found[what][-1]:.2f} s an epoch a core")
    return found


def training_rows(
    found: dict[str, list[Any]], article: list[dict[str, Any]], accuracies: dict[str, list[float]]
) -> list[Row]:
    """Make the three ratios of the table that are about training."""
    middle = {what: statistics.median(found[what]) for what in found if what[-4:] != "runs"}
    ours = middle["lstm-ours"] / CORES
    lengths = {name: recipe(name).lstm.epochs for name in ("article", "auslan")}
    whole = {
        "article": lengths["article"] * middle["lstm-article"],
        "auslan": lengths["auslan"] * ours,
    }
    runs = found["autoencoder-ours-runs"]
    our_epochs = statistics.median(run["epochs"] for run in runs)
    article_epochs = statistics.median(run["epochs"] for run in article)
    autoencoder = article_epochs * middle["autoencoder-article"]
    our_autoencoder = our_epochs * middle["autoencoder-ours"] / CORES
    return [
        Row(
            "LSTMs per hour, all cores, same epochs",
            f"stock LSTM, fit, all threads, batch {STOCK_BATCH}",
            4,
            middle["lstm-stock"] / ours,
            [
                f"an epoch: stock {middle['lstm-stock']:.2f} s, ours {middle['lstm-ours']:.2f} s "
                f"on each of {CORES} cores"
            ],
        ),
        Row(
            "LSTMs per hour to the article's accuracy",
            "the article's regime on the stock layer",
            15,
            whole["article"] / whole["auslan"],
            [
                f"{name}: {lengths[name]} epochs, {whole[name]:.0f} s an LSTM" + accuracy(values)
                for name, values in accuracies.items()
            ],
            statistics.mean(accuracies["auslan"]) >= ACCURACY if accuracies["auslan"] else None,
        ),
        Row(
            "autoencoders per hour at equal held-out quality",
            "the article's regime on stock fit",
            6,
            autoencoder / our_autoencoder,
            [
                f"article: {article_epochs:.0f} epochs, {autoencoder:.0f} s; {judged(article)}",
                f"ours: {our_epochs:.0f} epochs, {our_autoencoder:.0f} s; {judged(runs)}",
            ],
            at_least_as_good(runs, article),
        ),
    ]


def accuracy(values: Sequence[float]) -> str:
    """Say the test accuracies of a regime's seeds."""
    if not values:
        return ""
    spread = f"{min(values):.3f} to {max(values):.3f}"
    return f"; test accuracy {statistics.mean(values):.3f} over {len(values)} seeds ({spread})"


def judged(runs: Sequence[dict[str, Any]]) -> str:
    """Say the quality of autoencoders, the mean over several."""
    mean = mean_quality(runs)
    several = f" (mean of {len(runs)})" if len(runs) > 1 else ""
    said = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in mean.items())
    return said + several


def at_least_as_good(runs: Sequence[dict[str, Any]], article: Sequence[dict[str, Any]]) -> bool:
    """Tell whether autoencoders are on average no worse than the article's, in every respect."""
    ours, theirs = mean_quality(runs), mean_quality(article)
    lower = ours.pop("reconstruction_error") <= theirs["reconstruction_error"]
    return lower and all(value >= theirs[name] for name, value in ours.items())


def mean_quality(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Average the measures of quality over autoencoders."""
    names = ("reconstruction_error", "trustworthiness", "continuity")
    return {name: statistics.mean(run[name] for run in runs) for name in names}


def shares(found: dict[str, list[Any]], folder: Path) -> list[str]:
    """Say which share of the matrix-product peak each engine reaches."""
    examples = open_store(folder / "sequences.zarr")
    parts = read_parts(folder / "split.csv", examples.sizes["example"])
    train = int((parts == "train").sum())
    units = recipe("auslan").lstm.units
    # Floating-point operations of one step of one example: a product forward, two backward.
    of_step = 3 * 2 * (examples.sizes["channel"] + units) * 4 * units
    padded = train * examples.sizes["time"] * of_step / 1e9
    real = train * float(examples.length.mean()) * of_step / 1e9
    middle = {what: statistics.median(found[what]) for what in found if what[-4:] != "runs"}
    one, every = middle["peak-one"], middle["peak-all"]
    stock, ours = padded / middle["lstm-stock"], real / middle["lstm-ours"]
    return [
        f"matrix products peak at {one:.0f} GFLOP/s on one thread, {every:.0f} on all",
        f"stock LSTM: {stock:.0f} GFLOP/s, {stock / every:.0%} of all threads' peak, "
        f"{1 - real / padded:.0%} of it on padding",
        f"ours: {ours:.0f} GFLOP/s on real frames, {ours / one:.0%} of one thread's peak",
    ]


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out as text."""
    lines = [f"{'what':<50} {'against':<42} {'goal':>6} {'measured':>9}"]
    for row in rows:
        lines.append(
            f"{row.what:<50} {row.against:<42} {row.goal:>5.0f}x {row.measured:>8.1f}x  "
            f"{row.verdict}"
        )
        lines += [f"    {note}" for note in row.notes]
    return "\n".join(lines)


def test_accuracies(study: Path | None) -> list[float]:
    """Read the test accuracies of a study's networks."""
    metrics = sorted(study.glob("networks/*/metrics.json")) if study else []
    return [json.loads(path.read_text("utf-8"))["test_accuracy"] for path in metrics]


def main() -> None:
    """Measure, print the table, write the raw numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="archive or folder of recordings")
    parser.add_argument("--out", type=Path, default=Path("results/bench.json"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5, help="epochs of an LSTM measurement")
    parser.add_argument(
        "--article-autoencoder-epochs",
        type=int,
        default=MOST_EPOCHS,
        help="stop the article's autoencoder early, to try this script",
    )
    for name in ("auslan", "article"):
        parser.add_argument(f"--{name}", type=Path, help="a finished study, to say what it reached")
    parser.add_argument("--quick", action="store_true", help="a trial: few signs, one round")
    given = parser.parse_args()
    activation_epochs = recipe("auslan").lstm.epochs
    runs = (given.rounds, limits.NETWORKS, limits.SIGNS)
    if given.quick:
        given.rounds, given.epochs, given.article_autoencoder_epochs = 1, 2, 2
        activation_epochs, runs = 2, (1, 6, 20)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        recordings = few(given.raw, folder) if given.quick else given.raw
        row, raw = reading(recordings, folder, given.rounds)
        told("training the LSTM whose activations the autoencoders see")
        activations(folder, activation_epochs)
        found = training_rounds(folder, given.rounds, given.epochs)
        told("training autoencoders of the article to their end, one for each core")
        length = given.article_autoencoder_epochs
        article = on_every_core("autoencoder-article-judged", folder, length, first_seed=0)
        accuracies = {name: test_accuracies(getattr(given, name)) for name in ("article", "auslan")}
        drawing_row, drawing_raw = drawing(folder, given.rounds)
        rows = [*training_rows(found, article, accuracies), row, drawing_row]
        summary = shares(found, folder)
    bounds = [limits.study_limit(given.auslan), *limits.runs_limits(*runs)]
    print(table(rows), limits.table(bounds), *summary, sep="\n")
    write_json(
        given.out,
        {
            "cores": CORES,
            "rounds": given.rounds,
            "ratios": {row.what: row.measured for row in rows},
            "verdicts": {row.what: row.verdict for row in rows},
            "limits": limits.raw_numbers(bounds),
            "autoencoders_article": article,
            **raw,
            **drawing_raw,
            **found,
        },
    )
    print(f"raw numbers: {given.out}")


if __name__ == "__main__":
    main()
