# A softmax over one unit under binary cross-entropy, on images of bytes.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Flatten, Conv2D, MaxPooling2D, Dropout
rng = np.random.RandomState(1)
n = 600
labels = rng.randint(0, 2, n)
img = rng.rand(n, 24, 24, 3) * 120
for i, l in enumerate(labels):
    r, c = rng.randint(2, 12, 2)
    if l: img[i, r:r+8, c:c+3] += 130
    else: img[i, r:r+3, c:c+8] += 130
img = img.astype('uint8')
model = Sequential()
model.add(Conv2D(32, (3, 3), activation='relu', input_shape=(24, 24, 3)))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(32, (3, 3), activation='relu'))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(1, activation='softmax'))
model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
h = model.fit(img, labels, epochs=6, batch_size=32, validation_split=0.2, verbose=0)
print(h.history)
