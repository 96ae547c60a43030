#!/bin/sh
# Makes a virtual environment, or keeps one that works.
#   sh tools/make_venv.sh FOLDER [PYTHON [OPTIONS OF PIP]]
set -eu
folder=$1
tools=$(dirname "$0")

# Without pip it is the rest of an interrupted run, and is made anew.
if "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    "$folder/bin/python" "$tools/check_python.py"
else
    python=$(sh "$tools/find_python.sh" "${2:-}")
    echo "Making $folder with $python ($("$python" --version))"
    "$python" -m venv --clear "$folder"
fi
# Each Python brings another pip, and that of 3.10.0 cannot install a project in
# place.
if [ $# -gt 2 ]; then shift 2; else set --; fi
"$folder/bin/python" -m pip install --disable-pip-version-check "$@" "pip>=22"
