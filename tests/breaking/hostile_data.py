"""Many damaged recordings and hostile archives, more than the unit tests read.

`python tests/breaking/hostile_data.py --recordings 100000 --archives 1000 --seed 1`
"""

import argparse
import resource
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "unit" / part) for part in ("", "data")]
sys.path[:0] = [str(Path(__file__).parents[2] / "workflow")]

from hostile_files import misread_archives, misread_recordings  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--archives", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        (Path(folder) / "recordings").mkdir()
        wrong += misread_recordings(Path(folder) / "recordings", given.recordings, given.seed)
        began = time.monotonic()
        for _, said in misread_archives(Path(folder), given.archives, given.seed):
            slowest = max(slowest, time.monotonic() - began)
            began = time.monotonic()
            wrong += [said] if said else []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.recordings} recordings, {given.archives} archives, seed {given.seed}:", end=" ")
    print(f"{len(wrong)} misread; slowest archive {slowest:.1f} s, peak {peak:.0f} MiB")
    print("\n".join(wrong[:20]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
