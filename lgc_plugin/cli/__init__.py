"""The commands of ``lgc-sed``, one module each.

A module has ``add_parser(subparsers) -> None``, which adds its options and
sets ``run`` as the default of the same name, and ``run(args) -> int``, which
returns the exit status. What takes long to import is imported in ``run``.
"""
