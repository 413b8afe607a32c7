"""A FreshBooks account on this machine: a real HTTP server whose every guessed behaviour is a named switch.

It imports nothing of the reconciler, so that an error in the mapping there cannot cancel out in this fake.
"""
