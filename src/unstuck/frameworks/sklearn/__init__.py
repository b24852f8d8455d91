"""scikit-learn's networks, alone, in pipelines and searches."""
