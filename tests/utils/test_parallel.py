import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lgc_plugin.data.audio_files import audio_header
from lgc_plugin.data.audio_stream import UnreadableError
from lgc_plugin.utils import parallel
from lgc_plugin.utils.parallel import parallel_map, progress_bar

SLEEPERS = """
import time
from lgc_plugin.utils.parallel import parallel_map
if __name__ == "__main__":
    print("started", flush=True)
    parallel_map(time.sleep, [60, 60], n_jobs=2, progress=False)
"""


def descendants(parent):
    """Processes below one, from the kernel's table."""
    below = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            below.append(int(stat.parent.name))
    return below


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(tmp_path, how):
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS)
    process = subprocess.Popen([sys.executable, script])
    # Two workers and what keeps track of their resources.
    wait_until(lambda: len(descendants(process.pid)) == 3)
    time.sleep(1)  # so that they are at work
    workers = descendants(process.pid)
    process.send_signal(how)
    process.wait()
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").is_dir() for pid in workers)
    )


LAUNCHED = """
import time
from lgc_plugin.utils.parallel import end_with_launcher
end_with_launcher()
time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_processes_of_torchrun_end_with_it(tmp_path):
    script = tmp_path / "sleeper.py"
    script.write_text(LAUNCHED)
    launcher = "-m torch.distributed.run --standalone --nproc_per_node=2"
    process = subprocess.Popen([sys.executable, *launcher.split(), script])
    wait_until(lambda: len(descendants(process.pid)) == 2)
    processes = descendants(process.pid)
    threads = [Path(f"/proc/{pid}/task") for pid in processes]
    # Each waits in a second thread.
    wait_until(lambda: all(len(list(each.iterdir())) > 1 for each in threads))
    process.kill()
    process.wait()
    wait_until(lambda: not any(each.is_dir() for each in threads))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_an_interrupt_is_one_traceback(tmp_path):
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS.replace("[60, 60]", "[0.1] * 400"))
    process = subprocess.Popen(
        [sys.executable, script],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(descendants(process.pid)) == 3)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate(timeout=30)
    assert said.count("KeyboardInterrupt") == 1


def test_a_worker_that_dies_is_told_of_in_one_line():
    with pytest.raises(ChildProcessError, match="clips: a worker .* killed"):
        parallel_map(
            os._exit, [1, 1], n_jobs=2, description="clips", progress=False
        )


class OddError(ValueError):
    def __init__(self, path, why):
        super().__init__(f"{path}: {why}")


def test_the_error_of_a_worker_is_raised(tmp_path):
    empty = tmp_path / "a.wav"
    empty.touch()
    with pytest.raises(UnreadableError, match=r"a\.wav: cannot be") as caught:
        parallel_map(audio_header, [empty] * 2, n_jobs=2, progress=False)
    assert "not recognised" in caught.value.why


def test_an_error_that_cannot_be_sent_is_told_of():
    def fail(path):
        raise OddError(path, "is odd")

    with pytest.raises(RuntimeError, match=r"OddError: a\.wav: is odd"):
        parallel._Sendable(fail)("a.wav")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "shown", "drawn"),
    [
        (Terminal(), True, True),
        (Terminal(), False, False),
        (io.StringIO(), True, False),
        (None, True, False),
    ],
)
def test_a_bar_is_for_a_terminal(monkeypatch, stream, shown, drawn):
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(progress_bar([1, 2], desc="clips", shown=shown)) == [1, 2]
    text = "" if stream is None else stream.getvalue()
    assert ("clips" in text) == drawn
