"""How the properties are tried: on a busy machine a slow example is no wrong example, and forty will do each time."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None, max_examples=40)
settings.load_profile("untimed")
