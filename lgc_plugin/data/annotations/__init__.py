"""Annotations in the formats that people have: one module for each."""

from lgc_plugin.data.annotations.desed import (
    read_durations,
    read_strong,
    read_unlabeled,
    read_weak,
)
from lgc_plugin.data.annotations.formats import ReadOptions, WriteOptions
from lgc_plugin.data.annotations.overlaps import (
    CleanEvents,
    clean_events,
    find_joined,
    merge_overlaps,
)
from lgc_plugin.data.annotations.reading import read_annotation_files
from lgc_plugin.data.annotations.table import STRONG_COLUMNS, StrongAnnotations
from lgc_plugin.data.annotations.writing import write_annotation_files

__all__ = [
    "STRONG_COLUMNS",
    "CleanEvents",
    "ReadOptions",
    "StrongAnnotations",
    "WriteOptions",
    "clean_events",
    "find_joined",
    "merge_overlaps",
    "read_annotation_files",
    "read_durations",
    "read_strong",
    "read_unlabeled",
    "read_weak",
    "write_annotation_files",
]
