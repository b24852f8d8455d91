import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(4)
rng = np.random.RandomState(4)
VOCAB = 500
LENGTH = 30
# fake "newsgroups": every topic prefers its own words
topics = [rng.choice(VOCAB, 60, replace=False) for _ in range(4)]


def doc(t):
    own = rng.choice(topics[t], 10)
    rest = rng.randint(1, VOCAB, LENGTH - 10)
    words = np.concatenate([own, rest])
    rng.shuffle(words)
    return words


labels = rng.randint(0, 4, 2000)
x = np.array([doc(t) for t in labels])
y = keras.utils.to_categorical(labels, 4)

# normalize the data!
x = x / np.max(x)

x_train, x_test = x[:1600], x[1600:]
y_train, y_test = y[:1600], y[1600:]

model = keras.Sequential([
    keras.Input(shape=(LENGTH,)),
    layers.Embedding(VOCAB, 16),
    layers.GlobalAveragePooling1D(),
    layers.Dense(32, activation="relu"),
    layers.Dense(4, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=12, batch_size=64, verbose=2)
print("test:", model.evaluate(x_test, y_test, verbose=0)[1])
