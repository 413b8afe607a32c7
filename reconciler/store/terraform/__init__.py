"""A state behind the Terraform HTTP protocol, as GitLab and Gitea keep it.

To be read in this order: where it is (`address`), what is said (`words`), how it is sent (`calls`), who has it
(`padlock`), what is there (`document`), and both ports filled (`storage`). Nothing here knows what a document says.
"""
