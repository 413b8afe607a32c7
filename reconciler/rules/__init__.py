"""House rules: a user's own JSON Schemas, which every client must also meet.

Read in this order: `sources` (what the settings name), `reading` (files to schemas), `walking` and `checking` (what
makes a schema unusable), `holding` (clients held against them), `words` and `messages` (why one breaks a rule),
`places` (where). It knows no vendor's field, and fetches nothing.
"""
