"""What every training shares: one thread, undisturbed, at the learning rate that was asked for."""

import os

import pytest
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
