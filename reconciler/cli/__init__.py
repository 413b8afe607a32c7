"""The command line, in reading order: `main` (the one try), `streams`, `lazy`, `options`, `terminal`, `session` (what a
command works with, put together), `planning`, `showing`, `applying`, `progress`, then a file per family of commands in
`commands/`; beside them `events` (what --json makes of a run), `seen` (what an error must not tell), `runner`,
`completion`, `proxy` and `detaching`.

Nothing below this package sees click or the environment.
"""
