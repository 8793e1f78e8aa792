"""Damaged and hostile recordings and archives: read as written, or refused in a user's words."""

from collections import Counter
from pathlib import Path

from hostile_files import misread_archives, misread_recordings


def test_damaged_recordings_are_read_as_a_slow_reader_does_or_listed(tmp_path: Path) -> None:
    assert misread_recordings(tmp_path, count=20_000, seed=0) == []


def test_hostile_archives_are_read_right_or_refused(tmp_path: Path) -> None:
    found = list(misread_archives(tmp_path, count=200, seed=0))
    assert [wrong for _, wrong in found if wrong] == []
    assert min(Counter(how for how, _ in found).values()) >= 40
