"""``lgc-sed detect``: which sounds happen in recordings, and when."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast

from lgc_plugin.cli.detect_notes import (
    band_note,
    done_note,
    end_notes,
    warnings_in_lines,
)
from lgc_plugin.cli.detect_options import (
    DESCRIPTION,
    EPILOG,
    STREAM,
    add_detect_arguments,
    check_detect_arguments,
    pictures_folder,
    results_path,
    stream_format,
)
from lgc_plugin.cli.post_processing_arguments import post_processing_of
from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.inference.detector import SoundEventDetector
    from lgc_plugin.inference.files.batch_detection import (
        DetectionPictures,
        Outcome,
    )
    from lgc_plugin.inference.files.event_writers import EventWriter
    from lgc_plugin.inference.files.recordings import Source


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "detect",
        help="find the events of recordings, or of a stream",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    add_detect_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the command; the status is 1 if a recording cannot be read."""
    check_detect_arguments(args)
    with warnings_in_lines():
        if args.recordings == [STREAM]:
            return _run_stream(args)
        return _run_files(args)


def _run_stream(args: argparse.Namespace) -> int:
    from lgc_plugin.cli.detect_stream import print_stream

    if sys.stdin.isatty():
        raise ValueError(
            "standard input is a terminal: pipe raw samples into it, as the "
            "last example of --help does"
        )
    rate, channels = stream_format(args)
    print_stream(_detector(args), rate, channels, args.format)
    return 0


def _run_files(args: argparse.Namespace) -> int:
    from lgc_plugin.inference.files.batch_detection import detect_recordings
    from lgc_plugin.inference.files.recordings import find_recordings
    from lgc_plugin.inference.files.results import open_results

    # Before the model, which takes long to load.
    sources, passed_over = find_recordings(args.recordings)
    detector = _detector(args)
    _check_writable(args.format, sources, detector.labels)
    facts = _facts(args, detector)
    pictures = _pictures(args, detector, facts["thresholds"])
    path = results_path(args)

    def is_made(source: Source) -> bool:
        """Whether the files of a recording are there."""
        made = [pictures.path(source)] if pictures else []
        suffix = RECORDING_SUFFIXES.get(args.format)
        if path is not None and suffix is not None:
            made.append(path / f"{source.name}{suffix}")
        return all(each.exists() for each in made)

    command = _command(args)
    with (
        _telling_partial(args),
        open_results(
            args.format, path, facts, sources, command, is_made
        ) as results,
    ):
        done = results.done
        if done:
            print(done_note(path, len(done), len(sources)), file=sys.stderr)
        for each in done:
            _tell_problem(each.problem)
        outcomes = detect_recordings(
            detector,
            sources,
            watch=pictures.watch if pictures else None,
            progress=not args.quiet,
            n_done=len(done),
        )
        n_events = sum(each.n_events for each in done)
        n_read = sum(each.decoded for each in done)
        n_failed = sum(bool(each.problem) for each in done)
        rates: list[int] = [each.sample_rate for each in done]
        with closing(cast("Generator[Outcome]", outcomes)):
            for outcome in outcomes:
                _write(outcome, results.writer)
                if pictures and outcome.decoded:
                    pictures.draw(outcome)
                results.mark(outcome)
                n_events += len(outcome.events)
                n_read += outcome.decoded
                n_failed += bool(outcome.problem)
                rates.append(outcome.sample_rate)
    for line in (
        *passed_over,
        band_note(rates, detector.settings.front_end["f_max"]),
        *end_notes(args, len(sources), n_read, n_failed, n_events),
    ):
        if line:
            print(printable(line), file=sys.stderr)
    return 1 if n_failed or passed_over else 0


def _check_writable(
    kind: str, sources: Sequence[Source], labels: Sequence[str]
) -> None:
    """Refuses names that a format cannot hold, before hours of work."""
    from lgc_plugin.inference.files.event_writers import check_writable

    # Those with control characters are passed over, one by one.
    names = [x.name for x in sources if x.name.isprintable()]
    check_writable(kind, names, labels)


def _command(args: argparse.Namespace) -> dict[str, Any]:
    """What else determines the results: they go on only if it is the same."""
    from lgc_plugin.inference.model.model_files import model_digest
    from lgc_plugin.utils.versions import package_versions

    return {
        "digest": model_digest(args.model, args.network),
        "hop": args.hop,
        "batch_size": args.batch_size,
        "device": args.device,
        "precision": args.precision,
        "pictures": str(pictures_folder(args)),
        "now": package_versions(),
    }


def _detector(args: argparse.Namespace) -> SoundEventDetector:
    from lgc_plugin.inference.detector import SoundEventDetector
    from lgc_plugin.training.allocator import keep_freed_memory

    keep_freed_memory()  # a quarter of the time on a CPU
    detector = SoundEventDetector.from_hparams(
        args.model,
        args.network,
        hop_seconds=args.hop,
        batch_size=args.batch_size,
        encoder_weights=args.encoder_weights,
        run_opts={"device": args.device, "precision": args.precision},
    )
    detector.post_processing = post_processing_of(
        args, detector.labels, detector.post_processing
    )
    return detector


def _facts(
    args: argparse.Namespace, detector: SoundEventDetector
) -> dict[str, Any]:
    """The settings that determine the events, for the JSON file."""
    from lgc_plugin.evaluation.postprocess.class_settings import (
        labeled_settings,
    )

    labels = detector.labels
    return {
        "folder": args.model,
        "network": detector.network_name,
        "labels": list(labels),
        "frame_seconds": detector.frame_seconds,
        **labeled_settings(detector.post_processing, labels),
        "versions": detector.settings.versions,
    }


def _pictures(
    args: argparse.Namespace,
    detector: SoundEventDetector,
    thresholds: dict[str, float],
) -> DetectionPictures | None:
    folder = pictures_folder(args)
    if folder is None:
        return None
    from lgc_plugin.inference.files.batch_detection import DetectionPictures

    return DetectionPictures(
        folder, thresholds, detector.sample_rate, detector.frame_seconds
    )


def _write(outcome: Outcome, writer: EventWriter) -> None:
    """Writes what was detected, and reports why not all was."""
    from tqdm import tqdm

    name = outcome.source.name
    # Bars make room for what is printed.
    with tqdm.external_write_mode():
        if outcome.decoded:
            writer.add(name, outcome.seconds, outcome.events)
        if outcome.problem:
            writer.fail(name, outcome.problem)
        _tell_problem(outcome.problem)


def _tell_problem(problem: str) -> None:
    if problem:
        print(f"error: {printable(problem)}", file=sys.stderr)


@contextmanager
def _telling_partial(args: argparse.Namespace) -> Iterator[None]:
    """Prints where partial results are after an interrupt."""
    from lgc_plugin.inference.files.results import partial_path
    from lgc_plugin.utils.locks import LockedError

    try:
        yield
    except LockedError:
        raise
    except BaseException:
        path = results_path(args)
        partial = path and partial_path(path, args.format)
        if partial and partial.is_file():
            print(
                f"what was done is in {partial}; the same command goes on "
                "from there",
                file=sys.stderr,
            )
        raise
