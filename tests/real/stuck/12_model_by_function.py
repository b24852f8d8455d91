# A sigmoid output for targets 0..100, the model made by a function that is called for each fold.
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.uniform(-10, 10, (400, 1))
y = 50 + 5 * x[:, 0]


def build():
    inputs = keras.Input((1,))
    hidden = keras.layers.ReLU()(keras.layers.Dense(8)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile("adam", "mse")
    return model


for fold in range(2):
    model = build()
    model.fit(x[fold::2], y[fold::2], batch_size=16, epochs=20, verbose=0)
    print(model.evaluate(x, y, verbose=0))
