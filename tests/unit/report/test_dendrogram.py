"""The tree of the signs: its sets are those of the table, and every set has a colour of its own."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import leaves_list, to_tree
from signpaths.report.drawing.dendrogram import ALONE, GREY, colours_of_sets, draw_dendrogram
from signpaths.stability.groups import groups_of, tree_of


def stability_of(names: Sequence[str], close: Mapping[tuple[str, str], float]) -> xr.Dataset:
    """As much of the store as is drawn: in what share of ten networks each pair is close."""
    pi = [close.get(pair, 0.0) for pair in combinations(names, 2)]
    return xr.Dataset(
        {"pi": (("space", "pair"), [pi]), "network": ("network", np.arange(10))},
        coords={"space": ["hidden"], "sign": list(names)},
        attrs={"tau": 0.5},
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 12), st.integers(2, 9), st.integers(0, 2**31))
def test_a_branch_has_the_colour_of_a_set_if_all_its_signs_are_of_it(
    signs: int, networks: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    pi = generator.integers(0, networks + 1, signs * (signs - 1) // 2) / networks
    tree, group = tree_of(pi), groups_of(pi, 0.5)
    leaves = leaves_list(tree)
    colours = colours_of_sets(tree, group, leaves)
    assert len(colours) == 2 * signs - 1
    _, nodes = to_tree(tree, rd=True)
    for node in nodes:
        members = {int(group[leaf]) for leaf in node.pre_order()}
        in_set = len(members) == 1 and 0 not in members
        assert (colours[node.id] not in (ALONE, GREY)) == in_set
    in_order = [int(group[leaf]) for leaf in leaves]
    for one, other in pairwise(in_order):
        if one and other and one != other:
            assert colours[leaves[in_order.index(one)]] != colours[leaves[in_order.index(other)]]


def test_every_sign_has_its_name_and_joins_where_its_pairs_are_close() -> None:
    names = ["a", "b", "c", "d"]
    # a and b in 9 of 10 networks, c and d in 6, the two pairs in 1 on average.
    close = {("a", "b"): 0.9, ("c", "d"): 0.6, ("a", "c"): 0.2, ("b", "d"): 0.2}
    axes = draw_dendrogram(stability_of(names, close)).axes[0]
    assert sorted(label.get_text() for label in axes.get_yticklabels()) == names
    (branches,) = axes.collections
    joins = sorted(round(float(one[:, 0].min()), 6) for one in branches.get_segments())
    assert joins == [10, 60, 90]
    bold = {label.get_text() for label in axes.get_yticklabels() if label.get_weight() == "bold"}
    assert bold == set(names)
