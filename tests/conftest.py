"""For every room: no test is timed, however busy the machine is."""

from hypothesis import settings

# On top of whichever profile Hypothesis chose: on a build machine examples are not random.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")
