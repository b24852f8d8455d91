import numpy as np, keras
rng = np.random.default_rng(0)
X = rng.normal(size=(500, 6)).astype("float32"); y = (X @ np.arange(6) / 8 + rng.normal(size=500) * .1).astype("float32")[:, None]
def r2(y_true, y_pred):
    return 1 - keras.ops.mean(keras.ops.square(y_true - y_pred)) / keras.ops.var(y_true)
m = keras.Sequential([keras.Input((6,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
m.compile(optimizer=keras.optimizers.Adam(1e-3), loss=r2)
m.fit(X, y, epochs=15, batch_size=32, verbose=2)
