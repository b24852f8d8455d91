"""Losses handed on to whoever watches a training; on an accelerator several together, since reading
one waits for it."""

from typing import Any

from unstuck.frameworks.torch.watch.graph import single

READ = 64  # losses on an accelerator that are read together


class Reading:
    """Reads the losses of all trainings of a run."""

    def __init__(self) -> None:
        self._unread: list[tuple[Any, Any]] = []

    def feed(self, training: Any, last: Any, times: int) -> None:
        """One more loss of a training.

        Args:
            last: what was differentiated; anything but one number is no loss.
            times: it is told as this many times as much.
        """
        loss = single(last)
        if loss is None:
            return
        if loss.is_cpu:
            training.watch.loss(loss.item() * times)
        else:
            self.later(training, loss.detach() * times)

    def later(self, training: Any, loss: Any) -> None:
        """One on an accelerator."""
        self._unread.append((training, loss.reshape(())))
        if len(self._unread) >= READ:
            self.read()

    def read(self) -> None:
        """Hands on the losses that wait on an accelerator; to be called once more at the end."""
        unread, self._unread = self._unread, []
        for training, loss in unread:
            training.watch.loss(loss.item())
