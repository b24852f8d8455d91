import numpy as np
from keras.models import Model
from keras.layers import Input, Dense, concatenate

np.random.seed(9)
n = 2000
current = np.random.uniform(1e-6, 9e-6, (n, 1))     # ampere
pressure = np.random.uniform(0.2e6, 2.0e6, (n, 1))  # pascal
fail = ((current / 5e-6) + (pressure / 1.1e6) > 2.0).astype('float32')

in_a = Input(shape=(1,))
in_b = Input(shape=(1,))
a = Dense(16, activation='relu')(in_a)
b = Dense(16, activation='relu')(in_b)
h = concatenate([a, b])
h = Dense(32, activation='relu')(h)
out = Dense(1, activation='sigmoid')(h)

model = Model(inputs=[in_a, in_b], outputs=out)
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])

model.fit([current[:1600], pressure[:1600]], fail[:1600], epochs=25, batch_size=32, verbose=2,
          validation_data=([current[1600:], pressure[1600:]], fail[1600:]))
print(model.evaluate([current[1600:], pressure[1600:]], fail[1600:], verbose=0))
