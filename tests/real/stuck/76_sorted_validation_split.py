import numpy as np
import keras
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import to_categorical
from sklearn.datasets import load_iris

keras.utils.set_random_seed(10)
iris = load_iris()
X = iris.data
Y = to_categorical(iris.target, 3)

model = Sequential()
model.add(Dense(8, input_dim=4, activation='relu'))
model.add(Dense(3, activation='softmax'))
sgd = keras.optimizers.SGD(learning_rate=0.001)
model.compile(loss='categorical_crossentropy', optimizer=sgd, metrics=['accuracy'])

history = model.fit(X, Y, epochs=50, batch_size=8, validation_split=0.33, verbose=0)
for e in range(0, 50, 5):
    print("epoch %d - loss %.4f - acc %.4f - val_loss %.4f - val_acc %.4f" % (
        e + 1, history.history['loss'][e], history.history['accuracy'][e],
        history.history['val_loss'][e], history.history['val_accuracy'][e]))

scores = model.evaluate(X, Y, verbose=0)
print("%s: %.2f%%" % (model.metrics_names[-1], scores[1] * 100))
print("final val_acc", history.history['val_accuracy'][-1])
