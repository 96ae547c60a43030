"""``lgc-sed`` as a script."""

import sys

from lgc_plugin.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
