"""Sizes that LGC reads from the network, and what does not fit it."""

from dataclasses import replace

import pytest
import torch

from small_lgc import N_FRAMES, make


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="weights"):
        make(cutmix_weight=-1.0)


def test_sizes_are_read_from_the_network():
    """Without n_classes and embedding_dim; a checkpoint has them as well."""
    student, lgc, batch = make(sizes=(None, None))
    assert lgc.bank is None and not lgc.contrasts
    lgc(student, batch, student(batch.features))
    assert lgc.bank.prototypes.shape == (3, 3, 6)
    other = make(sizes=(None, None))[1]
    other.load_state_dict(lgc.state_dict())
    assert other.bank.prototypes.shape == (3, 3, 6)
    initial = make(sizes=(None, None))[1]
    initial.init_prototypes([batch])
    assert initial.contrasts


@pytest.mark.parametrize("sizes", [(3, 6), (2, 5)])
def test_sizes_that_do_not_fit_are_refused(sizes):
    student, lgc, batch = make(sizes=sizes)
    with pytest.raises(ValueError, match="2 classes and embeddings of size 6"):
        lgc(student, batch, student(batch.features))


def test_embeddings_without_a_gradient_are_refused_where_they_should_learn():
    student, lgc, batch = make()
    output = student(batch.features)
    output = output._replace(embedding=output.embedding.detach())
    with pytest.raises(ValueError, match="embeddings have no gradient"):
        lgc(student, batch, output)
    student, lgc, batch = make(contrast_weight=0)
    lgc(student, batch, output)


def test_labels_that_do_not_fit_the_network_are_refused():
    student, lgc, batch = make()
    batch = replace(batch, frame_labels=torch.zeros(6, 2, N_FRAMES - 1))
    with pytest.raises(ValueError, match="labels have 9 frames"):
        lgc(student, batch, student(batch.features))
