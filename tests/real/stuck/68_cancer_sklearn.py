# Raw features of very different sizes into MLPClassifier with sgd: it predicts one class only.
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
clf = MLPClassifier(hidden_layer_sizes=(30, 30), solver='sgd', learning_rate_init=0.01, max_iter=200, random_state=1)
clf.fit(X_train, y_train)
print(clf.score(X_train, y_train), clf.score(X_test, y_test), set(clf.predict(X_test)))
