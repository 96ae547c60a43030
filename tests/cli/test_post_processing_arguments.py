"""Options of post-processing, as every command has them."""

import argparse

import pytest

from lgc_plugin.cli.post_processing_arguments import (
    add_post_processing_arguments,
    given_settings,
    post_processing_of,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing

LABELS = ("Cat", "Speech, male")


def parsed(*words: str, several: bool = True) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_post_processing_arguments(parser, words=several)
    return parser.parse_args(words)


def test_nothing_given_is_the_default():
    assert given_settings(parsed()) == {}
    assert post_processing_of(parsed(), LABELS).settings() == {}


@pytest.mark.parametrize("several", [True, False])
def test_numbers_are_of_all_classes_or_by_name(several):
    named = ["Cat=0.4,Speech, male=0.2"]
    if several:
        named = ["Cat=0.4", "Speech, male=0.2"]
    args = parsed("--close-th", *named, "--len-th", "1", several=several)
    found = post_processing_of(args, LABELS)
    assert found.close_th == {"Cat": 0.4, "Speech, male": 0.2}
    assert found.len_th == 1.0


def test_classes_that_are_not_named_keep_their_own():
    start = PostProcessing(
        [3, 7],
        decision_threshold={"Cat": 0.3, "Speech, male": 0.6},
        step_filter_length=0.5,
    )
    words = ["--threshold=Cat=0.2", "--median-windows=Speech, male=9"]
    found = post_processing_of(parsed(*words), LABELS, start)
    assert found.decision_threshold == {"Cat": 0.2, "Speech, male": 0.6}
    assert found.median_windows == (3, 9)
    assert found.step_filter_length == 0.5
    off = parsed("--step-filter-length=none", "--deactivation-th=0.1")
    found = post_processing_of(off, LABELS, start)
    assert not found.finds_boxes and found.deactivation_th == 0.1


def test_none_is_for_what_may_be_off():
    with pytest.raises(ValueError, match="--len-th is 'none': give one number"):
        given_settings(parsed("--len-th=none"))
