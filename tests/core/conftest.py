"""Settings of the property tests: the same examples on every run, and no time limit for slow machines."""

from hypothesis import settings

settings.register_profile("core", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("core")
