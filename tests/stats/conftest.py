"""How the properties are tried: on a busy machine a slow example is no wrong example."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
