"""Where the state, the records of runs and logins are kept; not what they mean.

On this machine: `statefile` over `journal` and `durable`, its `lock`, `history`. Shared: `backend` says what storage
must be able to do, `objects/`, `terraform/` and `postgres/` do it; `documents`, `shared` and `lease` stand on them.
`place` puts one of each together. `safes/` keep logins, `seal` encrypts what leaves the machine.
"""
