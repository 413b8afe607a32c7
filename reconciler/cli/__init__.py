"""The command line, in reading order: `main` (the one try), `streams`, `lazy`, `options`, `terminal`, `session` (what a
command works with, put together), `planning`, `showing`, `applying`, then a file per family of commands in `commands/`;
beside them `completion`, `proxy` and `detaching`.

Nothing below this package sees click or the environment.
"""
