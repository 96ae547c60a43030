"""Groups are split so that every set has every class, as far as possible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.own.split import SPLITS, Group, split_groups

SHARES = {"train": 0.7, "valid": 0.15, "test": 0.15}

group_lists = st.lists(
    st.tuples(
        st.integers(1, 1000),
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 50)),
    ),
    min_size=3,
    max_size=20,
).map(lambda x: [Group(f"g{i}", *values) for i, values in enumerate(x)])


@settings(max_examples=30)
@given(group_lists, st.integers(0, 9))
def test_every_group_is_in_one_split_and_no_split_is_empty(groups, seed):
    chosen = split_groups(groups, SHARES, seed)
    assert set(chosen) == {group.name for group in groups}
    assert set(chosen.values()) == set(SPLITS)
    assert split_groups(reversed(groups), SHARES, seed) == chosen


def test_many_equal_groups_are_split_by_the_shares():
    groups = [Group(f"{i}", 60, {"a": 10, "b": i % 3 + 1}) for i in range(100)]
    chosen = list(split_groups(groups, SHARES, 0).values())
    assert 66 <= chosen.count("train") <= 74
    assert 12 <= chosen.count("valid") <= 18
    assert 12 <= chosen.count("test") <= 18


def test_a_class_of_three_recordings_is_in_all_sets():
    groups = [Group(f"{i}", 60, {"often": 10}) for i in range(30)]
    groups += [Group(f"r{i}", 60, {"often": 5, "rare": 4}) for i in range(3)]
    chosen = split_groups(groups, SHARES, 1)
    assert {chosen[f"r{i}"] for i in range(3)} == set(SPLITS)


def test_what_is_given_stays():
    groups = [Group(f"{i}", 60, {"a": 1}) for i in range(6)]
    given_splits = {"0": "test", "1": "test", "2": "valid"}
    chosen = split_groups(groups, SHARES, 0, given_splits)
    assert {name: chosen[name] for name in given_splits} == given_splits
    assert [chosen[name] for name in "345"] == ["train"] * 3


def test_without_shares_all_is_for_training():
    shares = {"train": 1.0, "valid": 0.0, "test": 0.0}
    assert split_groups([Group("a", 5, {})], shares, 0) == {"a": "train"}


def test_one_recording_cannot_be_split():
    message = "1 annotated group of recordings for 3 sets"
    with pytest.raises(ValueError, match=message):
        split_groups([Group("a", 5, {})], SHARES, 0)
