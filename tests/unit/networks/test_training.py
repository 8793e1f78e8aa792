"""What every training shares: one thread, undisturbed, at the learning rate that was asked for."""

import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from signpaths.errors import UserError
from signpaths.networks import training
from signpaths.options import AutoencoderOptions
from trained import after_start


def test_a_training_job_keeps_to_one_thread() -> None:
    threads = after_start(
        "from tensorflow import config\n"
        "print(config.threading.get_intra_op_parallelism_threads())\n"
        "print(config.threading.get_inter_op_parallelism_threads())"
    )
    assert threads == ["1", "1"]


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="a way of scheduling that Linux has")
def test_short_lived_threads_do_not_interrupt_a_training_job() -> None:
    assert after_start("import os\nprint(os.sched_getscheduler(0))") == [str(os.SCHED_BATCH)]


def test_one_cycle_rises_for_a_tenth_of_the_steps_and_falls_to_zero() -> None:
    # 300 steps: the rate is at its height at step 30, and at half of that midway to the end.
    rates = after_start(
        "from signpaths.options import AutoencoderOptions\n"
        "options = AutoencoderOptions(\n"
        "    epochs=3, batch_size=10, learning_rate=0.02, schedule='one_cycle')\n"
        "rate = training.learning_rate(options, 1000)\n"
        "print(*(float(rate(step)) for step in (0, 15, 30, 165, 299)))"
    )
    assert [float(rate) for rate in rates] == pytest.approx([0, 0.01, 0.02, 0.01, 0], abs=1e-5)


def fitted(monkeypatch: pytest.MonkeyPatch, **history: list[float]) -> Any:
    """Train what has such a history; a network that says always the same has a loss of 0.5."""
    monkeypatch.setattr(training, "_callbacks", lambda *_: [])
    epochs = list(range(len(history["loss"])))
    network: Any = SimpleNamespace(
        optimizer=SimpleNamespace(build=lambda _: None),
        trainable_variables=[],
        fit=lambda *_, **__: SimpleNamespace(history=history, epoch=epochs),
    )
    data = (np.zeros((1, 1)), np.zeros((1, 1)))
    return training.fit(network, data, data, AutoencoderOptions(), chance=0.5)


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([0.3, np.nan], "the validation loss is not finite"),
        ([np.inf, 0.3], "the validation loss is not finite"),
        ([8e29, 9e29], "the validation loss is 8e[+]29 at best, that of answering always the same"),
        ([5.1, 6.0], "is 5.1 at best, that of answering always the same 0.5. Lower the learning"),
    ],
)
def test_training_that_diverged_is_an_error(
    losses: list[float], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=message):
        fitted(monkeypatch, loss=[0.4, 0.4], val_loss=losses)


@pytest.mark.parametrize("last", [5.1, 1e30, np.nan])
def test_training_that_went_astray_keeps_its_best_weights_and_says_so(
    last: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(fitted(monkeypatch, loss=[0.4, last], val_loss=[0.3, 0.6])) == 2
    said = capsys.readouterr().out
    assert "warning: training went astray" in said
    assert "the weights of epoch 1 are kept" in said


def test_training_that_only_learns_nothing_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(fitted(monkeypatch, loss=[5.0, 4.9], val_loss=[5.0, 4.8]).epoch) == [1, 2]
    assert capsys.readouterr().out == ""
