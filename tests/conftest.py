"""What all tests share."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")  # a commit is judged by what it changed: new examples are drawn where people work
