"""Pseudo-signs against signs that are really dealt out, and the agreement of what is not there."""

import numpy as np
from signpaths.closeness.distances import example_distances
from signpaths.closeness.labellings import labelled_at_random
from signpaths.closeness.measures import held_out_agreement
from signpaths.closeness.ranks import mutual_ranks


def made(seed: int = 0, signs: int = 8, takes: int = 6) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(seed)
    label = np.repeat(np.arange(signs), takes)
    place = generator.normal(size=(signs, 5))[label] * 3 + generator.normal(size=(label.size, 5))
    return example_distances(place[:, None]), label, np.tile([False] * 4 + [True] * 2, signs)


def test_pseudo_signs_are_measured_like_signs() -> None:
    between, label, held_out = made()
    found = labelled_at_random(between, label, held_out, 3)
    for labelling in range(3):
        dealt = np.random.default_rng(labelling).permutation(label)
        distance = np.zeros((8, 8))
        for a, b in np.ndindex(8, 8):
            rows, columns = np.flatnonzero(dealt == a), np.flatnonzero(dealt == b)
            values = [between[i, j] for i in rows for j in columns if i != j]
            distance[a, b] = np.mean(values)
        np.testing.assert_allclose(found.mutual_rank[labelling], mutual_ranks(distance))


def test_the_same_labelling_comes_back_and_more_leave_the_first_as_they_are() -> None:
    between, label, held_out = made()
    few, more = (labelled_at_random(between, label, held_out, count) for count in (2, 5))
    np.testing.assert_array_equal(few.mutual_rank, more.mutual_rank[:2])
    other, _, _ = made(1)
    # Another network: other distances, the same examples under the same names.
    again = labelled_at_random(other, label, held_out, 2)
    assert (again.mutual_rank != few.mutual_rank)[:, 0, 1:].any()


def test_without_any_labelling_there_is_nothing() -> None:
    assert labelled_at_random(*made(), 0).mutual_rank.shape == (0, 8, 8)


def test_pseudo_signs_do_not_agree_on_held_out_examples_but_signs_do() -> None:
    between, label, _ = made(signs=12, takes=9)
    held_out = np.tile([False] * 6 + [True] * 3, 12)
    found = labelled_at_random(between, label, held_out, 20)
    assert abs(found.held_out_agreement.mean()) < 0.1
    assert held_out_agreement(between, label, held_out) > 0.9


def test_pseudo_signs_have_as_many_examples_as_signs() -> None:
    """With as many groups as examples each example is a group: ranks only change places."""
    between = made()[0]
    label = np.arange(len(between))
    (found,) = labelled_at_random(between, label, label < 0, 1).mutual_rank
    dealt = np.random.default_rng(0).permutation(label)
    np.testing.assert_array_equal(found[np.ix_(dealt, dealt)], mutual_ranks(between))
