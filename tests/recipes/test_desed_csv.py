"""tests/recipes/DESED.csv, the table by which SpeechBrain tests a recipe.

The recipe runs from a copy of its files, as in a checkout of SpeechBrain.
"""

import csv
import operator
import re
import shlex
import shutil
from pathlib import Path

import pytest

from forked import QUICK, ROOT, Script

TABLE = Path(__file__).with_name("DESED.csv")
COLUMNS = (
    "Task,Dataset,Script_file,Hparam_file,Data_prep_file,Readme_file,"
    "Result_url,HF_repo,test_debug_flags,test_debug_checks,performance"
)
with open(TABLE, newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
COMPARE = {"<=": operator.le, ">=": operator.ge}


def test_the_columns_are_speechbrains():
    assert TABLE.read_text().splitlines()[0] == COLUMNS
    for row in ROWS:
        assert None not in row and None not in row.values()
        assert row["Dataset"] == TABLE.stem
        assert row["test_debug_flags"].strip()


@pytest.mark.parametrize("row", ROWS)
def test_the_files_of_a_row_exist(row):
    for column in ("Script_file", "Hparam_file", "Readme_file"):
        assert (ROOT / row[column]).is_file()
    for name in row["Data_prep_file"].split():
        assert (ROOT / name).is_file()


def test_every_hparams_file_of_a_recipe_is_listed():
    """Files of overrides (mini.yaml) are none: they cannot stand alone."""
    listed = {row["Hparam_file"] for row in ROWS}
    found = {
        str(file.relative_to(ROOT))
        for folder in ("hparams", "recipes/DESED")
        for file in (ROOT / folder).rglob("*.yaml")
        if re.search("^seed:", file.read_text(), re.MULTILINE)
    }
    assert found == listed


@pytest.mark.parametrize("row", ROWS)
def test_the_readme_links_what_the_row_reports(row):
    readme = (ROOT / row["Readme_file"]).read_text()
    for link in f"{row['Result_url']} {row['HF_repo']}".split():
        assert link in readme
    if not row["Result_url"]:
        # A number without the run it comes from is no result.
        assert row["performance"] == ""
        assert "No result on DESED itself is reported yet" in readme
    for number in re.findall(r"\d+\.\d+", row["performance"]):
        assert number in readme


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The recipe's files elsewhere; lgc_plugin is an installed package."""
    folder = tmp_path_factory.mktemp("checkout")
    leave = shutil.ignore_patterns("__pycache__", "results")
    shutil.copytree(ROOT / "recipes", folder / "recipes", ignore=leave)
    shutil.copytree(ROOT / "hparams", folder / "hparams")
    return folder


def run(place, command, before=None, **environment):
    words = shlex.split(command)
    done = Script(words, cwd=place, before=before, **environment).wait()
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def without(row, option):
    """The flags of a row but one."""
    return re.sub(rf"--{option}=\S+", "", row["test_debug_flags"])


def check(checks, output):
    """What a row requires of the folder of a run."""
    (files,) = re.findall(r"file_exists=\[(.*?)\]", checks)
    missing = [f for f in files.split(",") if not (output / f).is_file()]
    assert missing == []
    for asked in re.findall(r"performance_check=\[(.*?)\]", checks):
        name, variable, bound, epoch = (x.strip() for x in asked.split(","))
        lines = (output / name).read_text().splitlines()
        (line,) = [x for x in lines if f"{epoch}," in x]
        value = float(re.search(rf"{variable}: ([-\d.e+]+)", line)[1])
        sign, limit = re.fullmatch(r"([<>]=)(\S+)", bound).groups()
        assert COMPARE[sign](value, float(limit)), line


@pytest.mark.parametrize("row", ROWS)
def test_the_flags_of_a_row_leave_what_it_promises(checkout, row):
    """From the root of a checkout, as SpeechBrain's own tests call it."""
    output = checkout / "tests" / "tmp" / "DESED_row_02"
    words = f"{row['Hparam_file']} {row['test_debug_flags']} --device=cpu"
    run(
        checkout,
        f"{row['Script_file']} {words} --output_folder={output}",
        PYTHONPATH=str(checkout / Path(row["Script_file"]).parent),
    )
    check(row["test_debug_checks"], output)
    with pytest.raises(AssertionError, match="nowhere"):
        check("file_exists=[nowhere]", output)


def test_it_runs_with_its_hparams_beside_it(checkout, tmp_path):
    """cd recipes/DESED && python train.py hparams/lgc.yaml"""
    place = tmp_path / "recipes" / "DESED"
    shutil.copytree(checkout / "recipes" / "DESED", place)
    shutil.copytree(checkout / "hparams", place / "hparams")
    made = checkout / "tests" / "tmp" / "DESED_soundscapes"
    if made.is_dir():  # by the test before: it takes seconds
        shutil.copytree(made, place / "results" / "toy_dataset" / "42")
    printed = run(
        place,
        f"train.py hparams/lgc.yaml {without(ROWS[0], 'toy_folder')} "
        "--device=cpu --n_mels=16 --pooling=[[2,4],[2,4]] --filters=[4,8]",
        before=QUICK,
    )
    assert "with the small profile" in printed
    assert (place / "results/mini/42/debug/results.json").is_file()
    # Nothing was written elsewhere.
    assert {p.name for p in tmp_path.iterdir()} == {"recipes"}
