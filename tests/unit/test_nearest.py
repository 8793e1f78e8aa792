"""What was probably meant."""

import pytest
from signpaths.nearest import nearest


@pytest.mark.parametrize(
    ("given", "known", "meant"),
    [
        ("hiden", ["last", "hidden"], "hidden"),
        ("god", ["science", "God"], "God"),
        ("batch-size", ["batch_size", "bucket"], "batch_size"),
        ("his_hers", ["HIS-HERS", "his_hers"], "HIS-HERS"),
        ("zzz", ["last", "hidden"], None),
        ("hidden", [], None),
        ("", ["a"], None),
    ],
)
def test_the_name_that_is_most_alike_is_meant(
    given: str, known: list[str], meant: str | None
) -> None:
    assert nearest(given, known) == meant
