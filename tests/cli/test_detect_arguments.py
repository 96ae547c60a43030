"""The help of ``lgc-sed detect``."""

from __future__ import annotations

import subprocess
import sys


def test_help_is_there_in_a_moment() -> None:
    code = (
        "import sys; from lgc_plugin.cli import main as cli; "
        "sys.argv = ['lgc-sed', 'detect', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'speechbrain'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "lgc-sed detect cat.wav --model" in ran.stdout
