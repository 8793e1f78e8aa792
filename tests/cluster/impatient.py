"""Snakemake that asks SLURM each second what has become of its jobs.

The plugin waits 10 s longer each time that no job has ended, which no setting changes: most of a
test would be waiting. All else is as `python -m snakemake` does it.
"""

import asyncio

import snakemake_executor_plugin_slurm
from snakemake.cli import main


async def _short_sleep(executor: object) -> None:
    await asyncio.sleep(1)


if __name__ == "__main__":
    snakemake_executor_plugin_slurm.Executor.sleep = _short_sleep
    main()
