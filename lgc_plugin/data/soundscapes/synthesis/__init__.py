"""Sounds made by code, one file per physical family.

``curves``, ``sources`` and ``filters`` are the tools; ``bells``, ``motors``,
``animals``, ``impacts``, ``water``, ``speech`` and ``backgrounds`` use them.
Every sound is a function of a random generator and a sample rate, and returns
a mono signal of any level: :mod:`.soundscapes.toy_bank` sets the level.
"""
