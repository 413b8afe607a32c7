"""The pure core, in reading order. No file, network, clock, randomness, logging or print; no vendor's name.

Nouns: `diagnostic`, `kind`, `resource`, `state`, `policy`, `change`, `outcome`, `ports`, `questions`, `matching`,
`decisions`.
Verbs: `validate` (2); `identity`, `children`, `stops`, `match` (4); `diff`, `attributes` (5); `decide`,
`decide_children`, `leave`, `plan`, `guard` (6); `codec`; `remember` (9).
"""
