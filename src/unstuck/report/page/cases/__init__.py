"""The pages of the published cases: one each, and an overview."""
