# Two embeddings and their product in Keras's functional form; ratings 1 to 5.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
u, v = rng.normal(size=(200, 4)), rng.normal(size=(300, 4))
who, what = rng.integers(0, 200, 12000), rng.integers(0, 300, 12000)
rating = np.clip(3 + 0.7 * (u[who] * v[what]).sum(1) + 0.3 * rng.normal(size=12000), 1, 5)
a, b = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
flat = keras.layers.Flatten()
dot = keras.layers.Dot(1)([flat(keras.layers.Embedding(200, 8)(a)), flat(keras.layers.Embedding(300, 8)(b))])
net = keras.Model([a, b], keras.layers.Dense(1)(dot))
net.compile(keras.optimizers.Adam(5e-3), "mse")
done = net.fit([who[:10000, None], what[:10000, None]], rating[:10000], batch_size=100, epochs=12, validation_split=0.1, verbose=0)
print(done.history["val_loss"][-1], rating.var())
