"""A Chromium for the tests that look at the pages as people do: the one that is named or on the PATH, else none."""

import os
import shutil

VARIABLE = "CHROMIUM"
"""Names the program; the tests find it there."""

NAMES = ("chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    """The path of a Chromium, or None."""
    if named := os.environ.get(VARIABLE):
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)
