"""The command line, in reading order: `main` (the one try), `lazy`, `options`, `terminal`, `compose`, `pipeline`, then
a file per family of commands under `commands/`.

Nothing below this package sees click or the environment.
"""
