"""Names that options offer, without what they stand for: it loads pandas."""

#: Of the formats of annotations.
FORMAT_NAMES = (
    "tsv",
    "realdesed",
    "audioset",
    "raven",
    "textgrid",
    "elan",
    "rttm",
    "jams",
    "vad",
    "birdsong",
    "json",
    "audacity",
    "dcase",
    "csv",
)
#: With which the files of those formats end that have one for each recording.
RECORDING_SUFFIXES = {
    "audacity": ".txt",
    "raven": ".Table.1.selections.txt",
    "textgrid": ".TextGrid",
    "elan": ".eaf",
    "jams": ".jams",
}
#: What more than half of the annotators of a clip marked; what any did; all
#: events side by side.
ANNOTATORS = ("majority", "union", "all")
TIME_UNITS = ("s", "ms", "samples")
