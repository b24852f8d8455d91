import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split

rng = np.random.RandomState(0)
years = rng.uniform(0, 30, 1200)
level = rng.randint(1, 6, 1200)
city = rng.randint(0, 3, 1200)
salary = 28000 + 1500 * years + 6000 * level ** 1.3 + np.array([0, 8000, -3000])[city] + rng.normal(0, 3000, 1200)
X = np.column_stack((years, level, city == 1, city == 2)).astype(float)

X_train, X_test, y_train, y_test = train_test_split(X, salary, random_state=0)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

reg = MLPRegressor(hidden_layer_sizes=(50, 50), max_iter=150, random_state=0)
reg.fit(X_train, y_train)
print("score:", reg.score(X_test, y_test))
