import torch

from lgc_plugin.data.collate import collate_clips, stack_padded


def item(name, n_samples):
    return {
        "id": name,
        "wav": torch.full((n_samples,), 7, dtype=torch.int16),
        "n_samples": n_samples,
        "frame_labels": torch.ones(2, 3),
        "clip_labels": torch.ones(2),
        "label_kind": 1,
    }


def test_shorter_clips_get_zeros_behind_them():
    batch = collate_clips([item("a", 2), item("b", 4)])
    assert batch.ids == ("a", "b")
    assert batch.wavs.dtype == torch.int16
    assert batch.wavs.tolist() == [[7, 7, 0, 0], [7, 7, 7, 7]]
    assert batch.kinds == (1, 1) and batch.padded
    assert batch.n_samples.tolist() == [2, 4]
    assert batch.frame_labels.shape == (2, 2, 3)
    assert batch.clip_labels.shape == (2, 2)


def test_a_batch_is_a_copy_of_its_clips():
    clip = item("a", 2)
    for n_clips in (1, 2):
        collate_clips([clip] * n_clips).wavs[:] = 0
    assert clip["wav"].tolist() == [7, 7]


def test_everything_that_a_network_needs_moves_with_the_batch():
    batch = collate_clips([item("a", 2), item("b", 2)])
    assert not batch.padded
    batch = batch.to("meta")
    moved = (
        batch.wavs,
        batch.n_samples,
        batch.frame_labels,
        batch.clip_labels,
        batch.label_kind,
    )
    assert all(tensor.is_meta for tensor in moved)


def test_equal_lengths_are_all_whole():
    data, lengths = stack_padded([torch.zeros(3), torch.ones(3)])
    assert data.tolist() == [[0.0] * 3, [1.0] * 3]
    assert lengths.tolist() == [1.0, 1.0]
