"""Old scripts: (what fails on Keras 3, what is to be written). The last line is the one."""

_FIT = """import keras, numpy as np
x, y = np.ones((4, 2)), np.ones(4)
m = keras.Sequential([keras.layers.Dense(1)])
m.compile("sgd", "mse", metrics=["accuracy"])
"""

RENAMED = {
    "from keras.optimizers import SGD\nSGD(lr=0.1)": "SGD(learning_rate=0.1)",
    "import keras\nkeras.optimizers.Adam(lr=0.1, epsilon=1e-8)": "keras.optimizers.Adam("
    "learning_rate=0.1, epsilon=1e-8)",
    "import tensorflow as tf\ntf.keras.optimizers.SGD(lr=1.0)": "tf.keras.optimizers.SGD("
    "learning_rate=1.0)",
    "from keras import optimizers as o\no.legacy.SGD(lr=1.0)": "o.SGD(learning_rate=1.0)",
    f"{_FIT}m.fit(x, y, nb_epoch=1, verbose=0)": "m.fit(x, y, epochs=1, verbose=0)",
    f"{_FIT}m.fit_generator((b for b in [(x, y)]), steps_per_epoch=1)": (
        "m.fit((b for b in [(x, y)]), steps_per_epoch=1)"
    ),
    f"{_FIT}m.predict_generator(x)": "m.predict(x)",
    f"{_FIT}h = m.fit(x, y, verbose=0)\nh.history['acc']": "h.history['accuracy']",
    f'{_FIT}h = m.fit(x, y, verbose=0, validation_split=0.5).history\nh["val_acc"]': (
        'h["val_accuracy"]'
    ),
    f"{_FIT}m.optimizer.lr": "m.optimizer.learning_rate",
    "from keras.utils import np_utils": "from keras import utils as np_utils",
    "import keras\nkeras.utils.np_utils.to_categorical([1])": "keras.utils.to_categorical([1])",
    "from keras.utils.np_utils import to_categorical": "from keras.utils import to_categorical",
    "from keras.utils.vis_utils import plot_model": "from keras.utils import plot_model",
    "from keras.layers.core import Dense, Dropout": "from keras.layers import Dense, Dropout",
    "from tensorflow.keras.layers.core import Dense": "from tensorflow.keras.layers import Dense",
    "from keras.layers.normalization import BatchNormalization": (
        "from keras.layers import BatchNormalization"
    ),
    "from keras.layers.convolutional import Conv2D": "from keras.layers import Conv2D",
    "from keras.layers.recurrent import LSTM as L": "from keras.layers import LSTM as L",
    "from keras.layers.advanced_activations import LeakyReLU": "from keras.layers import LeakyReLU",
    "from keras.layers import CuDNNLSTM": "from keras.layers import LSTM as CuDNNLSTM",
    "from keras.engine.topology import Layer": "from keras.layers import Layer",
    "from keras.optimizers import adam": "from keras.optimizers import Adam as adam",
    "from keras.layers import Dense\nDense(3, init='uniform')": (
        "Dense(3, kernel_initializer='uniform')"
    ),
    "from keras.layers import Dense\nDense(output_dim=3, W_regularizer='l2')": (
        "Dense(units=3, kernel_regularizer='l2')"
    ),
    "from keras import layers\nlayers.Conv2D(3, 3, border_mode='same')": (
        "layers.Conv2D(3, 3, padding='same')"
    ),
    "from keras.preprocessing.image import ImageDataGenerator": (
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator"
    ),
    "import tensorflow as tf\ntf.set_random_seed(1)": "tf.random.set_seed(1)",
}

# What fails -> words of the advice.
ADVISED = {
    f"{_FIT}m.predict_classes(x)": "argmax(axis=-1)",
    f"{_FIT}m.predict_proba(x)": "model.predict(x)",
    f"{_FIT}m.fit(x, y, samples_per_epoch=1)": "steps_per_epoch=",
    f"{_FIT}m.fit(x, y, workers=2)": "leave it out",
    "from keras.wrappers.scikit_learn import KerasClassifier": "SKLearnClassifier",
    "from keras.preprocessing.text import Tokenizer": "TextVectorization",
    "from keras import backend as K\nK.set_session(None)": "Keras 3 has none",
    "from keras.backend.tensorflow_backend import set_session": "Keras 3 has none",
    "import keras.backend as K\nK.mean([1.0])": "keras.ops.mean",
    "import tensorflow as tf\ntf.Session()": "Keras 3 has none",
    "import tensorflow as tf\ntf.placeholder(tf.float32)": "TensorFlow 1",
    "import tensorflow as tf\ntf.train.AdamOptimizer(0.1)": "TensorFlow 1",
    "from tensorflow.examples.tutorials.mnist import input_data": "mnist.load_data()",
    "from keras.utils import multi_gpu_model": "DataParallel",
    f"{_FIT}m.save('model')": ".keras",
    "from keras import backend as K\nK.function([1], [2])": "write keras.Model(inputs, outputs)",
    "from keras import backend\nbackend.Variable([0.0])": "write keras.Variable",
    "from keras import backend as K\nK.dropout(1, 0.5)": "write keras.random.dropout",
    "from keras.backend import permute_dimensions": "write keras.ops.transpose",
    "from keras.layers import merge": "was removed",
    "from keras.models import Dense": "write keras.layers.Dense",
    "from keras.layers import LocallyConnected2D": "Conv2D",
    "import time\ntime.clock()": "write time.perf_counter",
    "import numpy as np\nnp.zeros(3, dtype=np.float)": "write float",
    "from collections import Mapping": "write collections.abc.Mapping",
    "from sklearn.cross_validation import train_test_split": "write sklearn.model_selection",
    "for i in xrange(3): pass": "write range",
    "{}.iteritems()": "write items()",
}

# What is right as it is, or no matter of Keras.
LEFT = [
    "import torch\ntorch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.1)",
    "import keras\nfrom torch.optim import SGD\nimport torch\n"
    "SGD([torch.zeros(1, requires_grad=True)], lr=0.1)",
    _FIT.replace('"accuracy"', '"acc"') + "m.fit(x, y, verbose=0).history['acc']",
    "import keras\nscores = {'acc': 1}\nscores['acc']",
    "import keras\ndef train(lr, nb_epoch): return lr\ntrain(lr=1, nb_epoch=2)",
    "import keras\nkeras.layers.Embedding(input_dim=3, output_dim=2)",
    "import keras\nkeras.layers.Dense(3, 'relu')",
]
