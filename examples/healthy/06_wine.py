"""Wines by their chemistry, scaled robustly: a scikit-learn pipeline."""

import warnings

from sklearn.datasets import load_wine
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

warnings.filterwarnings("ignore")  # of convergence


def main():
    X, y = load_wine(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    network = MLPClassifier((32,), solver="adam", max_iter=100, random_state=0)
    pipeline = make_pipeline(SimpleImputer(), RobustScaler(), network)
    pipeline.fit(X_train, y_train)
    print(f"test accuracy: {pipeline.score(X_test, y_test):.3f}")


if __name__ == "__main__":
    main()
