import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits


class Autoencoder(keras.Model):
    def __init__(self, latent_dim, width=48):
        super().__init__()
        self.encoder = keras.Sequential(
            [layers.Dense(width, activation="relu"), layers.Dense(latent_dim)]
        )
        self.decoder = keras.Sequential(
            [layers.Dense(width, activation="relu"), layers.Dense(64, activation="sigmoid")]
        )

    def call(self, x):
        return self.decoder(self.encoder(x))


keras.utils.set_random_seed(1)
images = load_digits().images.reshape(-1, 64).astype("float32")
train, test = images[:1400], images[1400:]

autoencoder = Autoencoder(16)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(train, train, epochs=15, batch_size=32, validation_data=(test, test), verbose=0)

restored = autoencoder.predict(test, verbose=0)
print("mse", ((restored - test) ** 2).mean(), "of the mean image",
      ((test - train.mean(axis=0)) ** 2).mean())
