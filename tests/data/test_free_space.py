import math

import pytest

from lgc_plugin.data.free_space import free_disk, free_memory


def system(root, group_line, **files):
    """A folder that looks like the ``proc`` and ``sys`` of a machine."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(
        "MemTotal: 4000 kB\nMemAvailable: 2000 kB\nHugePages_Total: 0\n"
    )
    (root / "proc/self/cgroup").write_text(f"3:cpu:/x\n{group_line}\n")
    for path, text in files.items():
        file = root / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_without_limits_the_machine_counts(tmp_path):
    root = system(
        tmp_path,
        "0::/job",
        **{"job/memory.max": "max\n", "job/memory.current": "5\n"},
    )
    assert free_memory(root) == 2000 * 1024


@pytest.mark.parametrize("limited", ["job", "job/step"])
def test_the_tightest_group_counts_less_what_files_hold(tmp_path, limited):
    root = system(
        tmp_path,
        "0::/job/step",
        **{
            f"{limited}/memory.max": "1000000\n",
            f"{limited}/memory.current": "700000\n",
            f"{limited}/memory.stat": "anon 4\ninactive_file 50000\n",
        },
    )
    assert free_memory(root) == 350000


def test_groups_of_version_1_count_too(tmp_path):
    root = system(
        tmp_path,
        "4:memory:/job",
        **{
            "memory/job/memory.limit_in_bytes": "1000000\n",
            "memory/job/memory.usage_in_bytes": "700000\n",
            "memory/job/memory.stat": (
                "inactive_file 1\ntotal_inactive_file 60000\n"
            ),
        },
    )
    assert free_memory(root) == 360000


def test_an_unknown_system_has_no_limit(tmp_path):
    assert free_memory(tmp_path) == math.inf


def test_the_disk_of_a_folder_to_be_made(tmp_path):
    assert free_disk(tmp_path / "a" / "b") > 0
