# %% [markdown] squares vs circles vs crosses
# %%
import numpy as np
import keras
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, Flatten, Dense

np.random.seed(1)
keras.utils.set_random_seed(1)

# %%
def make_image(kind, size=20):
    img = np.random.randint(0, 60, (size, size)).astype("float32")
    cx, cy = np.random.randint(7, 13, 2)
    r = np.random.randint(3, 6)
    yy, xx = np.mgrid[:size, :size]
    if kind == 0:
        mask = (abs(xx - cx) <= r) & (abs(yy - cy) <= r)
    elif kind == 1:
        mask = (xx - cx) ** 2 + (yy - cy) ** 2 <= r ** 2
    else:
        mask = ((abs(xx - cx) <= 1) & (abs(yy - cy) <= r)) | ((abs(yy - cy) <= 1) & (abs(xx - cx) <= r))
    img[mask] = np.random.randint(150, 256)
    return img

labels = np.random.randint(0, 3, 900)
images = np.array([make_image(k) for k in labels])[..., np.newaxis]
x_train, y_train = images[:700], labels[:700]
x_test, y_test = images[700:], labels[700:]
print(x_train.shape, x_train.min(), x_train.max())

# %%
model = Sequential([
    Conv2D(8, (3, 3), activation='relu', input_shape=(20, 20, 1)),
    MaxPooling2D(),
    Conv2D(16, (3, 3), activation='relu'),
    MaxPooling2D(),
    Flatten(),
    Dense(32, activation='relu'),
    Dense(3, activation='softmax'),
])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9),
              loss='sparse_categorical_crossentropy', metrics=['accuracy'])

# %%
model.fit(x_train, y_train, epochs=8, batch_size=32, validation_data=(x_test, y_test), verbose=2)
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])
