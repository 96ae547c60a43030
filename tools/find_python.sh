#!/bin/sh
# Prints a Python that can run the project, or says why there is none.
#   sh tools/find_python.sh          the first that works of a few usual names
#   sh tools/find_python.sh PYTHON   this one or none
check=$(dirname "$0")/check_python.py
wanted=${1:-}

if [ -n "$wanted" ]; then
    "$wanted" "$check" >&2 || {
        echo "$wanted was refused or does not run; name another with" \
            "'make PYTHON=...'." >&2
        exit 1
    }
    echo "$wanted"
    exit 0
fi

# A name that exists need not work: pyenv leaves names that only print an
# error. So each is run.
for name in python3 python3.12 python3.11 python3.13 python3.14 python3.10; do
    if "$name" "$check" >/dev/null 2>&1; then
        echo "$name"
        exit 0
    fi
done
python3 "$check" >&2
echo "Neither python3 nor python3.10 to python3.14 can be used; name one with" \
    "'make PYTHON=/path/to/python3.12'." >&2
exit 1
