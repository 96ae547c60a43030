"""From sounds to batches: banks, soundscapes, manifests, labels, datasets."""
