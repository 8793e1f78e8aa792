"""`make page` measures a report: the table has every row, whatever this machine's speed."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SCRIPT = CHECKOUT / "tests/benchmarks/page.py"


def measured(*arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_page_is_measured_in_a_browser(browser: str, file: Path) -> None:
    done = measured(file)
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert [row.split()[-2] for row in rows] == ["MB", "s", "ms", "ms", *["frames/s"] * 2], browser
    assert {row.split()[-1] for row in rows} <= {"met", "missed"}
    size = float(rows[0].split()[-3])
    assert abs(size - file.stat().st_size / 1e6) < 0.01


def test_no_page_is_told(tmp_path: Path) -> None:
    done = measured(tmp_path / "report.html")
    assert done.returncode == 1
    assert "there is no such report" in done.stderr
