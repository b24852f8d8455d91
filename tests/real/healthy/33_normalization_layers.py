import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(23)
rng = np.random.default_rng(23)
n = 1000
area = rng.uniform(20, 180, n)
floor = rng.integers(0, 25, n)
built = rng.integers(1950, 2022, n)
metro_m = rng.lognormal(6.5, 0.6, n)
rent_area = rng.integers(0, 2, n)
price = 2500 * area * np.exp(-metro_m / 4000) * (1 + 0.15 * rent_area) + 1500 * floor + 700 * (built - 1950)
price = price * np.exp(rng.normal(0, 0.08, n))

X = np.column_stack([area, floor, built, metro_m, rent_area]).astype("float32")
y = price.astype("float32")
X_tr, X_te, y_tr, y_te = X[:800], X[800:], y[:800], y[800:]

norm = layers.Normalization()
norm.adapt(X_tr)
inp = keras.Input((5,))
h = norm(inp)
h = layers.Dense(32, activation="relu")(h)
h = layers.Dense(32, activation="relu")(h)
h = layers.Dense(1)(h)
out = layers.Rescaling(scale=float(y_tr.std()), offset=float(y_tr.mean()))(h)
model = keras.Model(inp, out)

scale2 = float(y_tr.var())
model.compile(optimizer=keras.optimizers.Adam(0.005), loss=lambda t, p: keras.ops.mean(keras.ops.square(t - p)) / scale2,
              metrics=["mae", "mape"])
plateau = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=4, factor=0.3)
h = model.fit(X_tr, y_tr, epochs=30, batch_size=32, validation_split=0.15, callbacks=[plateau], verbose=0)
for e in range(0, 30, 5):
    print(e, "loss %.4f val_loss %.4f val_mae %.0f" % (h.history["loss"][e], h.history["val_loss"][e], h.history["val_mae"][e]))

p = model.predict(X_te, verbose=0).ravel()
print("MAE %.0f" % np.abs(p - y_te).mean())
print("R2 %.4f" % (1 - ((p - y_te) ** 2).sum() / ((y_te - y_te.mean()) ** 2).sum()))
