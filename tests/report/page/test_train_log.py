import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speechbrain.utils.train_logger import FileTrainLogger

from lgc_plugin.report.page.train_log import Series, read_train_log

NAMES = st.sampled_from(["loss", "mean_teacher", "student_event_f1_macro"])
NUMBERS = st.floats(-1e6, 1e6) | st.just(math.nan) | st.integers(0, 10**6)
STATS = st.dictionaries(NAMES, NUMBERS, min_size=1)


@settings(max_examples=15)
@given(epochs=st.lists(st.tuples(STATS, STATS), min_size=1, max_size=4))
def test_what_speechbrain_wrote_is_read(tmp_path_factory, epochs):
    file = tmp_path_factory.mktemp("log") / "train_log.txt"
    logger = FileTrainLogger(str(file), precision=9)
    for number, (train, valid) in enumerate(epochs, start=1):
        logger.log_stats({"epoch": number, "lr": 0.5}, train, valid_stats=valid)
    log = read_train_log(file)
    assert log["schedule"]["lr"].epochs == list(range(1, len(epochs) + 1))
    for stage, index in (("train", 0), ("valid", 1)):
        for number, stats in enumerate(epochs, start=1):
            for name, value in stats[index].items():
                series = log[stage][name]
                read = series.values[series.epochs.index(number)]
                assert read == pytest.approx(value, rel=1e-8, nan_ok=True)
        names = {name for stats in epochs for name in stats[index]}
        assert set(log[stage]) == names


def test_the_last_line_of_an_epoch_counts(tmp_path):
    file = tmp_path / "train_log.txt"
    file.write_text("epoch: 2, lr: 1.0\n\nepoch: 1, lr: 3.0\nepoch: 2, lr: 4\n")
    assert read_train_log(file)["schedule"]["lr"] == Series([1, 2], [3.0, 4.0])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("epoch: 1, lr: abc", "row 1: 'lr: abc' is not 'name: number'"),
        ("hello", "row 1: 'hello' is not"),
        ("lr: 0.1 - train loss: 2.0", "row 1: no epoch"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, message):
    file = tmp_path / "train_log.txt"
    file.write_text(line)
    with pytest.raises(ValueError, match=message) as error:
        read_train_log(file)
    assert str(file) in str(error.value)
