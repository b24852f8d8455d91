# A ReLU where cross-entropy wants probabilities, and Adam at 0.1.
import numpy as np
from sklearn.datasets import load_digits
import keras
from keras import layers
d = load_digits()
x = d.data.astype('float32'); y = d.target
model = keras.Sequential([layers.Dense(64, activation='relu', input_shape=(64,)), layers.Dense(64, activation='relu'), layers.Dense(10, activation='relu')])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.1), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(x, y, epochs=5, batch_size=32, verbose=0)
print(model.evaluate(x, y, verbose=0))
