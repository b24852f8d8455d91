# A deep network of sigmoids on digits stays at 10 %.
import numpy as np, keras
from keras.models import Sequential
from keras.layers import Dense
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(3)
X, y = load_digits(return_X_y=True)
X = X / 16.0
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
model = Sequential()
model.add(Dense(64, activation='sigmoid', input_shape=(64,)))
for _ in range(7):
    model.add(Dense(64, activation='sigmoid'))
model.add(Dense(10, activation='softmax'))
model.compile(loss='sparse_categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
model.fit(X_train, y_train, epochs=30, batch_size=32, verbose=2)
print(model.evaluate(X_test, y_test, verbose=0))
