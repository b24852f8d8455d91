# All kernels start at zero: every hidden unit stays at zero.
import keras
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
keras.utils.set_random_seed(0)
x, y = load_breast_cancer(return_X_y=True)
x = StandardScaler().fit_transform(x)
model = keras.Sequential([
    keras.Input((30,)),
    layers.Dense(16, activation="relu", kernel_initializer="zeros"),
    layers.Dense(16, activation="relu", kernel_initializer="zeros"),
    layers.Dense(1, activation="sigmoid", kernel_initializer="zeros"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=30, batch_size=32, validation_split=0.2, verbose=2)
