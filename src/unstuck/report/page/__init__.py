"""The page that people look at: one record as one file of HTML, one picture a file."""
