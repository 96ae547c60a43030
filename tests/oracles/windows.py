"""Where the windows of a recording begin."""


def plan_windows(n_samples, window, hop):
    """The last is the first that reaches the end, and may be shorter."""
    starts = [0]
    while starts[-1] + window < n_samples:
        starts.append(starts[-1] + hop)
    return starts
