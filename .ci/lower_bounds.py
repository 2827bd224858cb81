"""Print the oldest versions that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["plot"], *extras["test"]]:
    bound = re.match(r"([\w.-]+)>=([\w.]+)", requirement)
    if bound:
        print("{}=={}".format(*bound.groups()))
