import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import oracles
from lgc_plugin.models.mean_teacher import MeanTeacher


@settings(max_examples=30)
@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=12),
    st.floats(0, 0.999),
)
def test_teacher_is_the_average_of_the_equation(states, decay):
    student = nn.Linear(1, 1, bias=False).double()
    teacher = MeanTeacher(student, decay)
    for state in states:
        student.weight.data.fill_(state)
        teacher.update(student)
    expected = oracles.moving_average(states, decay)
    assert teacher.network.weight.item() == pytest.approx(expected, abs=1e-10)


def test_student_is_copied_not_kept():
    student = nn.Linear(2, 2)
    teacher = MeanTeacher(student)
    assert not any(p.requires_grad for p in teacher.parameters())
    assert all(p.requires_grad for p in student.parameters())
    before = copy.deepcopy(teacher.network.weight)
    student.weight.data.zero_()
    assert torch.equal(teacher.network.weight, before)


def test_buffers_are_the_teachers_own_unless_shared():
    student = nn.BatchNorm1d(1)
    teacher = MeanTeacher(student)
    student(torch.full((4, 1), 8.0))
    teacher.update(student)
    assert teacher.network.running_mean.item() == 0.0
    teacher.update(student, copy_buffers=True)
    assert teacher.network.running_mean.item() == pytest.approx(0.8)


def test_step_travels_with_the_state():
    student = nn.Linear(1, 1)
    teacher = MeanTeacher(student)
    teacher.update(student)
    teacher.update(student)
    restored = MeanTeacher(student)
    restored.load_state_dict(teacher.state_dict())
    assert restored.step == 2


def test_decay_is_checked():
    with pytest.raises(ValueError, match="decay"):
        MeanTeacher(nn.Linear(1, 1), 1.0)


HALF = (torch.bfloat16, torch.float16)


def mixed_network(dtype):
    """An encoder in half precision below a head in float32."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(8, 16, bias=False).to(dtype), nn.Linear(16, 2)
    )


@pytest.mark.parametrize("dtype", HALF)
def test_a_teacher_of_a_student_that_stands_still_stands_still(dtype):
    student = mixed_network(dtype)
    teacher = MeanTeacher(student)
    for _ in range(1500):
        teacher.update(student)
    for mine, theirs in zip(
        teacher.network.parameters(), student.parameters(), strict=True
    ):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("dtype", HALF)
def test_the_average_of_half_precision_is_that_of_float32(dtype):
    """Small steps add up, though each is below the precision of a weight."""
    student = nn.Linear(16, 16, bias=False).to(dtype)
    teacher, steps = MeanTeacher(student, decay=0.99), 300
    states = torch.rand(steps, 16, 16).to(dtype)
    for state in states:
        student.weight.data.copy_(state)
        teacher.update(student)
    expected = torch.tensor(
        [
            oracles.moving_average(values, 0.99)
            for values in states.double().reshape(steps, -1).T.tolist()
        ]
    )
    found = teacher.network.weight.flatten()
    torch.testing.assert_close(found, expected.to(dtype))


@pytest.mark.parametrize("dtype", HALF)
def test_a_restored_average_goes_on_to_the_last_bit(dtype):
    student = mixed_network(dtype)
    teacher = MeanTeacher(student)
    for _ in range(5):
        student[0].weight.data.mul_(1.01)
        teacher.update(student)
    restored = MeanTeacher(student)
    restored.load_state_dict(teacher.state_dict())
    for _ in range(5):
        student[0].weight.data.mul_(1.01)
        for other in (teacher, restored):
            other.update(student)
    first, second = teacher.state_dict(), restored.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[k], second[k]) for k in first)


def test_casting_the_network_keeps_the_average():
    student = nn.Linear(4, 4)
    teacher = MeanTeacher(student)
    before = teacher.network.weight.clone()
    teacher.bfloat16()
    student.bfloat16()
    assert teacher.network.weight.dtype == torch.bfloat16
    assert torch.equal(teacher._averages()[0], before)
    teacher.bfloat16()
    assert torch.equal(teacher._averages()[0], before)
    teacher.update(student)
    teacher.float()
    assert torch.equal(teacher.network.weight, student.weight.float())
    assert list(teacher.state_dict()) == list(
        MeanTeacher(student.float()).state_dict()
    )


def test_a_student_that_grew_is_refused():
    student = nn.Sequential(nn.Linear(2, 2))
    teacher = MeanTeacher(student)
    student.append(nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"adapters, a new head.*before"):
        teacher.update(student)


def test_weight_norm_is_copied_or_refused_with_advice():
    student = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    MeanTeacher(student).update(student)
    old = nn.utils.weight_norm(nn.Linear(2, 2))
    old(torch.rand(1, 2))
    with pytest.raises(ValueError, match=r"parametrizations\.weight_norm"):
        MeanTeacher(old)
