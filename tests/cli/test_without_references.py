"""Commands that score need none of the reference libraries."""

import subprocess
import sys

from references import hidden
from scoring_files import frame_scores, write_detections, write_truth


def test_commands_score_without_the_libraries(tmp_path):
    truth = write_truth(tmp_path)
    found = write_detections(tmp_path / "net", thresholds=(0.3, 0.5, 0.7))
    scores = tmp_path / "scores.npz"
    frame_scores().save(scores)
    runs = [
        ["evaluate", f"--predictions={found}", *truth, "--n-bootstrap=20"],
        ["evaluate", f"--predictions={scores}", *truth, "--n-bootstrap=20"],
        ["compare", str(found), str(scores), *truth, "--n-bootstrap=20"],
        [
            "tune",
            f"--scores={scores}",
            *truth,
            f"--output={tmp_path / 't.yaml'}",
        ],
    ]
    code = (
        f"{hidden()}; from lgc_plugin.cli.main import main; "
        f"sys.exit(max(main(words) for words in {runs!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PSDS1") >= 3
