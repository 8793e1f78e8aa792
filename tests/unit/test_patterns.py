"""Patterns whose search hardly ends are found before anything is searched with them."""

import re
import subprocess

import pytest
from signpaths import patterns
from signpaths.options import TsdOptions
from signpaths.patterns import never_ends


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<sign>(a+)+)-(?P<take>\d+)$",
        r"take(?P<take>\d+)/(?P<sign>([a-z]+)+)\.tsd$",
        r"(?P<sign>(.+)+)x(?P<take>\d)$",
        r"(?P<sign>([^/]+)*)\.(?P<take>\d)$",
        r"(?P<sign>(a|aa)+)(?P<take>\d)$",
        r"(?P<sign>(?:\w+\s?)*)(?P<take>\d)$",
        r"(?P<sign>(a?b?)*)(?P<take>\d)$",
        r"(?P<sign>\w+(?:[-_ ]\w+)*)/(?P<take>\d+)\.tsd$",
        r"(?P<sign>(?:a{1,30}){1,30})(?P<take>\d)$",
        r".*.*.*.*.*(?P<sign>x)(?P<take>\d)",
        r"(?i)(?P<sign>(?:[A-Z]+)*)(?P<take>\d)$",
        r"(?P<sign>x(?:y(?:a|ab|b)*)+)-(?P<take>\d)$",
    ],
)
def test_a_pattern_that_never_ends_is_shown_on_a_path(pattern: str) -> None:
    path = never_ends(pattern)
    assert path is not None
    assert len(path) > 30


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<sign>(?:[a-z]+_)*[a-z]+)(?P<take>\d+)\.tsd",
        r"^(?P<session>[^/]+)/(?P<who>[^/]+)/(?P<sign>[^/_]+)_+(?P<take>\d+)\.tsd$",
        r"(?P<sign>(?:[a-z]{2}-){3}x)(?P<take>\d{1,2})(?:\.tsd|\.txt)?$",
        r"(?P<sign>(?>a+)+)(?P<take>\d)$",
        r"(?P<sign>(?:one|two|three)+)(?P<take>\d+)(?(sign)x|y)(?=z)\b",
    ],
)
def test_a_pattern_that_ends_is_taken(pattern: str) -> None:
    re.compile(pattern)
    assert never_ends(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        TsdOptions().pattern,
        r"(?P<sign>\w+)/(?P<take>\d+)\.tsd",
        r"(?P<session>s\d+)_(?P<sign>[a-z]+)_(?P<take>\d{2,3})(_[lr])?\.(tsd|txt)$",
    ],
)
def test_an_ordinary_pattern_is_not_tried(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", tried)
    patterns.never_ends.cache_clear()
    assert never_ends(pattern) is None
