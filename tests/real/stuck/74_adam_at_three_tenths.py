# Adam with lr=0.3 on a deeper ReLU net: accuracy stuck at chance.
import keras
from keras import layers
from sklearn.datasets import load_digits
keras.utils.set_random_seed(1)
x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
model = keras.Sequential([keras.Input((64,)), layers.Dense(128, activation="relu"), layers.Dense(128, activation="relu"), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=8, batch_size=32, validation_split=0.1, verbose=2)
