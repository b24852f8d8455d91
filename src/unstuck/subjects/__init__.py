"""Training set-ups in their own frameworks, behind one protocol (`subject.Subject`).

One file a framework; `recognize` picks the one that a model belongs to.
"""
