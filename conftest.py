"""What every test run needs, wherever the tests are."""

from speechbrain.utils.importutils import LazyModule

# Hypothesis asks every loaded module for its __file__. SpeechBrain's lazy
# modules answer by importing themselves, and those that wrap a package that is
# not installed (k2, flair) end the test run. A plain attribute stops that.
LazyModule.__file__ = None
