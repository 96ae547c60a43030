"""What audio lies in a folder, and what the headers say of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import soundfile

from lgc_plugin.utils.parallel import progress_bar

# The first is preferred where a clip comes in several formats.
SUFFIXES = (".wav", ".flac")

# Other endings of formats that libsndfile may know.
_ALIASES = {
    "AIFF": ("aif", "aifc"),
    "AU": ("snd",),
    "MP3": ("mp2",),
    "NIST": ("sph",),
    "OGG": ("oga", "opus"),
    "SVX": ("iff",),
    "WAV": ("wave", "bwf"),
}

# Opening files on a network disk is waiting, not computing.
_READERS = 16


@dataclass(frozen=True)
class AudioFile:
    """An audio file, and what changes when it is replaced.

    Arguments
    ---------
    path : Path
        The file.
    size : int
        In bytes.
    modified : int
        Time of the last change, in nanoseconds.
    """

    path: Path
    size: int
    modified: int


@dataclass(frozen=True)
class AudioHeader:
    """What the header of an audio file says.

    Arguments
    ---------
    sample_rate : int
        Samples per second.
    channels : int
        Number of channels.
    frames : int
        Samples per channel.
    subtype : str
        How samples are stored, in libsndfile's words (``PCM_16``).
    """

    sample_rate: int
    channels: int
    frames: int
    subtype: str

    @property
    def seconds(self) -> float:
        """Length of the audio in seconds."""
        return self.frames / self.sample_rate

    def is_ready(self, sample_rate: int) -> bool:
        """Whether training can read the file as it is.

        Arguments
        ---------
        sample_rate : int
            The rate wanted.

        Returns
        -------
        bool
            True for mono PCM of that rate that is not empty.
        """
        return (
            self.sample_rate == sample_rate
            and self.channels == 1
            and self.frames > 0
            and self.subtype.startswith("PCM_")
        )


def audio_suffixes() -> frozenset[str]:
    """Endings of the files that are taken for audio in a folder.

    Returns
    -------
    frozenset[str]
        In lower case, with a dot: the formats of this libsndfile. Raw samples
        are not among them, as nothing says what they are.

    Example
    -------
    >>> audio_suffixes() >= {".wav", ".flac", ".ogg", ".aif"}
    True
    """
    formats = set(soundfile.available_formats()) - {"RAW"}
    aliases = [_ALIASES.get(name, ()) for name in formats]
    endings = {name.lower() for name in formats}.union(*aliases)
    return frozenset(f".{ending}" for ending in endings)


def clip_id(filename: str) -> str:
    """Name of a clip: its file name without ``.wav`` or ``.flac``.

    Names such as ``Y0A1_16.000_26.000`` keep every dot: only a suffix that
    means audio is taken off.

    Arguments
    ---------
    filename : str
        A file name as annotations give it.

    Returns
    -------
    str

    Example
    -------
    >>> clip_id("Y-0A1_JR5f34_16.000_26.000.wav")
    'Y-0A1_JR5f34_16.000_26.000'
    >>> clip_id("Y-0A1_JR5f34_16.000_26.000")
    'Y-0A1_JR5f34_16.000_26.000'
    """
    stem, suffix = os.path.splitext(filename)
    return stem if suffix.lower() in SUFFIXES else filename


def list_audio(folder: str | Path) -> dict[str, AudioFile]:
    """The audio files of a folder, without its subfolders.

    Arguments
    ---------
    folder : str or Path
        A folder; one that does not exist holds nothing.

    Returns
    -------
    dict[str, AudioFile]
        By clip ID, in alphabetical order. Hidden files are left out: they
        are not finished, or another system's notes.

    Example
    -------
    >>> list_audio("no/such/folder")
    {}
    """
    folder = Path(folder)
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        files = [entry for entry in entries if _is_audio(entry)]
    files.sort(key=_preference)
    clips: dict[str, AudioFile] = {}
    for entry in files:
        stat = entry.stat()
        clips.setdefault(
            clip_id(entry.name),
            AudioFile(Path(entry.path), stat.st_size, stat.st_mtime_ns),
        )
    return clips


def read_headers(
    paths: Iterable[Path], *, description: str = "", progress: bool = True
) -> list[AudioHeader | None]:
    """Reads the headers of many audio files.

    Arguments
    ---------
    paths : Iterable[Path]
        The files.
    description : str
        What the progress bar says.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    list[AudioHeader or None]
        In the order of the files; None for a file that cannot be read.

    Example
    -------
    >>> read_headers([Path("no_such.wav")], progress=False)
    [None]
    """
    paths = list(paths)
    bar = {"desc": description, "unit": "clip", "shown": progress}
    with ThreadPoolExecutor(_READERS) as pool:
        headers = pool.map(_read_header, paths)
        return list(progress_bar(headers, total=len(paths), **bar))


def _is_audio(entry: os.DirEntry[str]) -> bool:
    suffix = os.path.splitext(entry.name)[1].lower()
    hidden = entry.name.startswith(".")
    return suffix in SUFFIXES and not hidden and entry.is_file()


def _preference(entry: os.DirEntry[str]) -> tuple[str, int, str]:
    suffix = os.path.splitext(entry.name)[1].lower()
    return clip_id(entry.name), SUFFIXES.index(suffix), entry.name


def _read_header(path: Path) -> AudioHeader | None:
    try:
        with soundfile.SoundFile(path) as file:
            return AudioHeader(
                file.samplerate, file.channels, file.frames, file.subtype
            )
    except (soundfile.LibsndfileError, OSError):
        return None
