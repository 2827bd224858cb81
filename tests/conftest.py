"""Make the slow oracles importable and the tests independent of each other."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
