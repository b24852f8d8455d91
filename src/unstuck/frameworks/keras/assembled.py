"""Keras 3 models, on the backend that Keras runs on: JAX, torch or TensorFlow.

Sequential, functional and subclassed models with one output, built or not, compiled or given a
loss and an optimizer; data as arrays, `tf.data`, `PyDataset` or torch `DataLoader`.

Limits: a train_step of the user's own is not followed (its loss is taken to be the compiled one),
weights of examples and classes are left out, several outputs are refused, and what an optimizer
accumulates over several batches is not: a step is one step.
"""

from typing import Any

from unstuck.errors import UsageError
from unstuck.setups.subject import Given, Subject

_BACKENDS = ("jax", "torch", "tensorflow")


def subject(model: Any, given: Given) -> Subject:
    """The subject for a Keras model.

    Raises:
        UsageError: Keras 2, a backend that cannot train, several outputs, no loss, data that do
            not fit the model.
        DataError: targets that do not fit the loss.
    """
    packages = {ancestor.__module__.split(".")[0] for ancestor in type(model).__mro__}
    import keras

    if "tf_keras" in packages or int(keras.__version__.split(".")[0]) < 3:
        raise UsageError(
            "the model is made with Keras 2",
            "Keras 3 (import keras, version 3.0 or later)",
            "pip install -U keras, and build the model with it",
        )
    backend = keras.backend.backend()
    if backend not in _BACKENDS:
        raise UsageError(
            f"Keras runs on {backend}, which cannot train",
            "one of jax, torch, tensorflow",
            "set the variable KERAS_BACKEND before keras is imported",
        )
    if given.step is not None:
        raise UsageError(
            "step was given with a Keras model",
            "a loss",
            "loss=…; for a loss of several parts override compute_loss of the model",
        )
    from unstuck.frameworks.keras.subject import KerasSubject

    return KerasSubject(model, given)
