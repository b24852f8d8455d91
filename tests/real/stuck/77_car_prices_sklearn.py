# used car price prediction with sklearn
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.model_selection import train_test_split
from sklearn.metrics import mean_squared_error, r2_score

rng = np.random.RandomState(2)
n = 700
km = rng.uniform(1000, 250000, n)
age = rng.randint(0, 20, n)
hp = rng.normal(130, 40, n).clip(50, 400)
doors = rng.randint(2, 6, n)
price = 30000 * np.exp(-age / 9) + 110 * hp - 0.05 * km + 400 * doors + rng.normal(0, 1200, n) + 4000

X = np.array([km, age, hp, doors]).T
y = price

X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

reg = MLPRegressor(hidden_layer_sizes=(50, 50),
                   activation='logistic',
                   solver='adam',
                   learning_rate_init=0.001,
                   max_iter=200,
                   random_state=0)
reg.fit(X_train, y_train)

y_pred = reg.predict(X_test)
print('n_iter', reg.n_iter_, 'loss', reg.loss_)
print('RMSE', np.sqrt(mean_squared_error(y_test, y_pred)))
print('R2 train', reg.score(X_train, y_train))
print('R2 test', r2_score(y_test, y_pred))
print('first predictions', y_pred[:5], y_test[:5])
