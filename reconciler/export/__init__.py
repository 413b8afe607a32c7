"""The live account as YAML that a person would have written, and as a spreadsheet. Pure: it gives texts and values.

In reading order: `naming` (keys), `lifting` (defaults), `describing` (a record as an entry), `scalars` and `writing`
(entries as YAML), `drafting` (a whole account); `taking`, `merging`, `merging_children`, `splicing` (what changed, into
YAML that is there); `checking` (that it says what it should), `binding`, `telling`, `csvs` (spreadsheets).
"""
