"""Says whether this Python can run the project: exit status 0, or a sentence.

Run before anything is installed, by whatever Python there is. So it is written
in what Python 2.7 and 3.14 have in common.
"""

import sys

OLDEST = (3, 10)
NEWEST = (3, 14)


def refusal(version, has_pip=True):
    """Why a Python cannot run the project, or None if it can.

    Arguments
    ---------
    version : tuple of int
        Its major and minor version; more is ignored.
    has_pip : bool
        Whether it can put pip into a virtual environment.

    Returns
    -------
    str or None

    Example
    -------
    >>> refusal((3, 9))
    'Python 3.9 cannot run lgc_plugin: use Python 3.10 to 3.14.'
    >>> refusal((3, 14))
    """
    name = "Python %d.%d" % tuple(version[:2])
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        return "%s cannot run lgc_plugin: use Python %d.%d to %d.%d." % (
            (name,) + OLDEST + NEWEST
        )
    if not has_pip:
        return (
            "%s cannot make a virtual environment, since its ensurepip is "
            "missing: install it (Debian and Ubuntu: apt install "
            "python3.%d-venv)." % (name, version[1])
        )
    return None


def has_ensurepip():
    """Whether pip can be put into a new virtual environment.

    Returns
    -------
    bool
    """
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(refusal(sys.version_info, has_ensurepip()))
