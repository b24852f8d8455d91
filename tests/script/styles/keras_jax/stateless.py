"""stateless_call and stateless_apply, as in Keras's guide to JAX loops."""

import jax
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(2)])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(0.01)
optimizer.build(model.trainable_variables)
variables = model.trainable_variables, model.non_trainable_variables, optimizer.variables


def compute_loss(trainable, non_trainable, x, y):
    y_pred, non_trainable = model.stateless_call(trainable, non_trainable, x)
    return loss_fn(y, y_pred), non_trainable


@jax.jit
def train_step(state, x, y):
    trainable, non_trainable, opt = state
    grad_fn = jax.value_and_grad(compute_loss, has_aux=True)
    (loss, non_trainable), grads = grad_fn(trainable, non_trainable, x, y)
    trainable, opt = optimizer.stateless_apply(opt, grads, trainable)
    return loss, (trainable, non_trainable, opt)


state = tuple([v.value for v in held] for held in variables)
for epoch in range(12):
    for i in range(0, 600, 50):
        loss, state = train_step(state, x[i : i + 50], y[i : i + 50])
print(float(loss))
