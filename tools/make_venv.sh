#!/bin/sh
# Makes a virtual environment, or keeps one that works.
#   sh tools/make_venv.sh FOLDER [PYTHON]
set -eu
folder=$1
tools=$(dirname "$0")

# Without pip it is the rest of an interrupted run, and is made anew below.
if "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    exec "$folder/bin/python" "$tools/check_python.py"
fi
python=$(sh "$tools/find_python.sh" "${2:-}")
echo "Making $folder with $python ($("$python" --version))"
"$python" -m venv --clear "$folder"
# The pip of Python 3.10.0 cannot install a project in place.
"$folder/bin/python" -m pip install --disable-pip-version-check "pip>=22"
