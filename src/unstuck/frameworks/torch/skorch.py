"""skorch: a net's module, criterion, optimizer and batches, looked at as a torch set-up.

The loss is what the net's own `infer` and `get_loss` make of a batch (its classifier takes the
logarithm of probabilities where the criterion is `NLLLoss`). A net that is not initialised is
initialised as a clone. Limits: callbacks, which may clip gradients or change learning rates, are
not called; the part that `train_split` holds out is looked at like the rest.
"""

from dataclasses import replace
from typing import Any

import torch
from sklearn.base import clone

from unstuck.frameworks.torch.assembled import TorchSubject, assembled, step_of
from unstuck.frameworks.torch.setup import loss_of, maker, seeded
from unstuck.setups.subject import Given


def subject(net: Any, given: Given) -> TorchSubject:
    """A skorch `NeuralNet`, fitted or not.

    Args:
        net: gives loss, optimizer, batch size and shuffling, except where `given` has them.
        given: `x` and `y` as for `net.fit`.
    """
    if not net.initialized_:
        with seeded(torch.device("cpu")):
            net = clone(net).initialize()
    iterator = {"batch_size": net.batch_size, "shuffle": False}
    iterator |= net.get_params_for("iterator_train")
    size = iterator["batch_size"]
    given = replace(
        given,
        batch_size=given.batch_size or (size if size > 0 else 2**31 - 1),  # -1: all in one batch
        shuffle=iterator["shuffle"] if given.shuffle is None else given.shuffle,
    )

    def step(model: Any, loss: Any, batch: Any) -> Any:
        view = object.__new__(type(net))  # the net with the copied module and criterion
        vars(view).update(vars(net), module_=model, criterion_=loss)
        x, y = batch
        return view.get_loss(view.infer(x), y, X=x, training=True)

    own = given.step is None and given.loss is None
    return assembled(
        net.module_,
        given,
        step if own else step_of(given.step),
        net.optimizer_ if given.optimizer is None else maker(given.optimizer),
        net.criterion_ if own else None if given.loss is None else loss_of(given.loss),
    )
