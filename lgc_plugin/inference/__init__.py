"""Finished detectors on anyone's recordings, files and streams alike."""
