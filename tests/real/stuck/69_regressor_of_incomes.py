# MLPRegressor on incomes of about 50,000: R2 below zero.
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
rng = np.random.RandomState(0)
age = rng.uniform(18, 65, 500); years = rng.uniform(0, 20, 500); city = rng.randint(0, 2, 500)
X = np.c_[age, years, city]
y = 20000 + 500 * age + 1500 * years + 8000 * city + rng.normal(0, 2000, 500)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
reg = MLPRegressor(hidden_layer_sizes=(20,), max_iter=300, random_state=0)
reg.fit(X_train, y_train)
print("R2:", reg.score(X_test, y_test))
