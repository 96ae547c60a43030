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


def test_buffers_are_the_teachers_own_unless_asked_for():
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
