"""A training set-up behind one protocol (`subject.Subject`), what it is trained on and by whom,
and how it is left without a trace."""
