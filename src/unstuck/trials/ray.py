"""Ray as an executor: a cluster, or a local Ray that is started for the purpose."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from unstuck.errors import TrialsFailed, UsageError
from unstuck.trials.executor import Job, Pooled, Result
from unstuck.trials.processes import cores

CPUS_EVERY_S = 5.0  # how often a cluster is asked for its size


def on_ray(
    work: Callable[[Job], Result], address: str | None = None, workers: int | None = None
) -> Pooled[Job, Result]:
    """Does jobs on Ray, one CPU each.

    Args:
        work: job ↦ result; importable on every node.
        address: of a cluster, as `ray.init` takes it ("ray://host:10001"); None for the one that
            RAY_ADDRESS names or `ray start` started here, else one that is started here.
        workers: jobs at the same time; None for one a CPU. A local Ray is started of this size.

    Raises:
        UsageError: Ray is not installed.
        TrialsFailed: it cannot be reached.
    """
    pool = RayPool(address, workers)
    return Pooled(work, lambda: pool.opened(), lambda: 2 * (workers or pool.cpus()))


class RayPool:
    """Ray's tasks as futures. Where Ray is in use already, it is used and left as it is."""

    def __init__(self, address: str | None, workers: int | None) -> None:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise UsageError(
                "ray is not installed", "it, beside unstuck", "pip install 'unstuck[ray]'"
            ) from error
        self._ray, self._address, self._workers = ray, address, workers
        self._mine = False
        self._refs: dict[Future[Any], Any] = {}
        self._cpus, self._asked = 1, -CPUS_EVERY_S

    def opened(self) -> "RayPool":
        """Itself, connected.

        Raises:
            TrialsFailed: there is no cluster at the address.
        """
        ray = self._ray
        if not ray.is_initialized():
            try:
                self._start()
            except (ConnectionError, RuntimeError, ValueError, OSError) as error:
                raise TrialsFailed(
                    f"no Ray at {self._address or 'this machine'}: {error}",
                    "a cluster that can be reached, of the same versions of Ray and Python",
                ) from error
            self._mine = True
        # Lost jobs are sent again by who sent them, on whatever executor.
        self._task = ray.remote(num_cpus=1, max_retries=0)(_called)
        return self

    def _start(self) -> None:
        quiet = {"log_to_driver": False, "logging_level": "error"}
        if self._address:
            self._ray.init(self._address, **quiet)
            return
        try:  # one that RAY_ADDRESS names or `ray start` started refuses to be told its size
            count = self._workers or cores()
            self._ray.init(num_cpus=count, include_dashboard=False, **quiet)
        except ValueError:
            self._ray.init(**quiet)

    def cpus(self) -> int:
        """CPUs of the cluster, which may grow and shrink; at least 1."""
        now = time.monotonic()
        if self._ray.is_initialized() and now - self._asked >= CPUS_EVERY_S:
            self._cpus = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
            self._asked = now
        return self._cpus

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of function(*arguments)."""
        ref = self._task.remote(function, *arguments)
        future: Future[Any] = ref.future()
        self._refs[future] = ref
        future.add_done_callback(lambda done: self._refs.pop(done, None))
        return future

    def shutdown(self, wait: bool = False) -> None:
        """Ends what is under way, and Ray, if it was started or reached by this pool."""
        for ref in list(self._refs.values()):
            self._ray.cancel(ref, force=True)
        self._refs.clear()
        if self._mine and self._ray.is_initialized():
            self._ray.shutdown()


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
