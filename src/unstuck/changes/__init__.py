"""Interventions, by what they change: each changes one thing in a fresh copy of the subject.

To add one, write it into the file of what it changes, or a new one, and name it in a cause's
`interventions` or below.
"""
