"""Plans, outcomes and problems, for every reader. Pure: nothing here prints, asks or reads.

In reading order: `formats` (the table), `rendering` (the one way to a format), `hiding` (what may be shown), `safe`
(and how), then a file for each format and for what several share: `text`, `lines`, `diagnostics`, `terraform`,
`markdown`, `gitlab`, `github`, `sarif`, `validation`; `events` and `outcomes` while a plan is carried out; `words`,
`paint`, `encode`.
"""
