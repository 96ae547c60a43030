"""Scripts in processes of their own that need not import PyTorch again.

A server has imported it once; each script runs in a fork of that server, with
its own arguments, environment, folder and output, as ``python script`` would.
"""

from __future__ import annotations

import gc
import os
import runpy
import socket
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRELOADED = (
    "lgc_plugin.data.loaders",
    "lgc_plugin.data.preparation",
    "lgc_plugin.data.soundscapes.generate",
    "lgc_plugin.inference.detector",
    "lgc_plugin.losses.rct",
    "lgc_plugin.report.run_report",
    "lgc_plugin.training.brain",
    "lgc_plugin.training.imported_run",
    "speechbrain.dataio.dataloader",
    "torch._dynamo",
    "torch.utils.tensorboard",
)
TIMEOUT = 300  # seconds
# Half of the time of a tiny run of the recipe: its pictures, and the list of
# all installed packages. This leaves them out.
QUICK = """
import speechbrain.utils.logger
from matplotlib.figure import Figure
speechbrain.utils.logger.get_environment_description = str
def savefig(self, file, **_):
    if not hasattr(file, "write"):
        open(file, "wb").close()
Figure.savefig = savefig
"""


@dataclass
class Done:
    """As ``subprocess.CompletedProcess``, of one or several processes."""

    returncode: int
    stdout: str
    stderr: str


class Script:
    """``python script words...``, started on ``processes`` processes."""

    def __init__(self, words, cwd=ROOT, processes=1, before=None, **env):
        self.folder = tempfile.TemporaryDirectory()
        env = {**os.environ, "OMP_NUM_THREADS": "1", **env}
        if processes > 1:  # as torchrun does
            env |= {"MASTER_ADDR": "localhost", "MASTER_PORT": _free_port()}
            env |= {"WORLD_SIZE": str(processes)}
        self.processes = []
        for rank in map(str, range(processes)):
            if processes > 1:
                env = {**env, "RANK": rank, "LOCAL_RANK": rank}
            given = (list(map(str, words)), str(cwd), env, before)
            process = fork_context().Process(
                target=_run, args=(*given, f"{self.folder.name}/{rank}")
            )
            process.start()
            self.processes.append(process)

    def poll(self):
        """The exit status of the first process; None while it runs."""
        return self.processes[0].exitcode

    def kill(self):
        """Ends all processes by SIGKILL."""
        for process in self.processes:
            process.kill()
            process.join()

    def wait(self):
        """Waits for the end of all of them."""
        for process in self.processes:
            process.join(TIMEOUT)
            assert process.exitcode is not None, "it takes too long"
        status = max((p.exitcode for p in self.processes), key=abs)
        files = sorted(Path(self.folder.name).iterdir())
        out, err = (
            "".join(f.read_text() for f in files if f.suffix == suffix)
            for suffix in (".out", ".err")
        )
        self.folder.cleanup()
        return Done(status, out, err)


def run_forked(command, stdout=None, **_):
    """In the place of ``subprocess.run``, for ``[python, script, *words]``."""
    done = Script(command[1:]).wait()
    if hasattr(stdout, "write"):
        stdout.write(done.stdout + done.stderr)
    return done


def fork_context():
    """Of ``multiprocessing``, for forks of the server."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    # Read once, when the library of threads is loaded.
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if threads is not None:
            os.environ["OMP_NUM_THREADS"] = threads
    return context


def _run(words, cwd, env, before, output):
    """In the fork."""
    gc.freeze()  # no need to look through all that PyTorch has made
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        stream.flush()
        file = os.open(f"{output}.{name}", os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream.fileno())
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    if before:
        exec(before, {})
    sys.argv = words
    sys.path[0] = str(Path(words[0]).resolve().parent)
    runpy.run_path(words[0], run_name="__main__")


def _free_port():
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return str(one.getsockname()[1])
