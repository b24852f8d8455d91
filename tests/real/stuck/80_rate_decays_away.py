import numpy as np
from sklearn.datasets import make_moons
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import SGD
from keras.optimizers.schedules import InverseTimeDecay

X, y = make_moons(n_samples=2000, noise=0.15, random_state=3)
X_train, y_train = X[:1500], y[:1500]
X_val, y_val = X[1500:], y[1500:]

model = Sequential([
    Dense(32, activation='relu', input_shape=(2,)),
    Dense(32, activation='relu'),
    Dense(1, activation='sigmoid'),
])

lr = InverseTimeDecay(initial_learning_rate=0.01, decay_steps=1, decay_rate=1.0)
opt = SGD(learning_rate=lr, momentum=0.9)
model.compile(loss='binary_crossentropy', optimizer=opt, metrics=['accuracy'])

hist = model.fit(X_train, y_train, epochs=60, batch_size=32,
                 validation_data=(X_val, y_val), verbose=2)
print(hist.history['val_accuracy'][-5:])
print(hist.history['loss'][-5:])
