"""The same of every executor: real processes, and a real local Ray of two workers."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from joblib.externals.loky import get_reusable_executor

from trials.children import our_children
from trials.jobs import died_on_3, died_once, double, mistaken, raised, xla_threads
from unstuck.errors import DataNotFound, TrialsFailed, UsageError
from unstuck.trials import executor
from unstuck.trials.executor import Lost, Pooled
from unstuck.trials.processes import Workers, processes


@pytest.fixture(autouse=True, scope="module")
def importable():
    """Workers that are programs of their own find the modules of these tests, too."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        yield


@pytest.fixture(scope="module")
def ray(importable):
    ray = pytest.importorskip("ray")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


def on_ray(work, request):
    request.getfixturevalue("ray")
    from unstuck.trials.ray import on_ray

    return on_ray(work, workers=2)


def on_loky(work, request):
    return Pooled(work, lambda: get_reusable_executor(max_workers=2), 4)


def on_dask(work, request):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    client = distributed.Client(cluster)
    request.addfinalizer(lambda: (client.close(), cluster.close()))
    return Pooled(work, client.get_executor, 4)


def on_submitit(work, request):
    submitit = pytest.importorskip("submitit")
    folder = request.getfixturevalue("tmp_path") / "jobs"
    return Pooled(work, lambda: submitit.LocalExecutor(folder), 4)


ON = {
    "processes": lambda work, request: processes(work, 2),
    "ray": on_ray,
    "loky": on_loky,
    "dask": on_dask,
    "submitit": on_submitit,
}
SLOW = ("dask", "submitit")  # seconds a worker: before a release
PARAMS = [pytest.param(on, marks=pytest.mark.acceptance if on in SLOW else ()) for on in ON]


@pytest.fixture(params=PARAMS)
def made(request):
    """Work ↦ an executor of two workers, which is stopped in the end."""
    running = []

    def make(work):
        running.append(ON[request.param](work, request))
        return running[-1]

    yield make
    for one in running:
        one.stop()
        one.stop()


def test_every_job_once_whatever_becomes_of_workers(made, tmp_path):
    assert sorted(made(partial(died_once, tmp_path)).run(range(9))) == [
        0,
        2,
        4,
        6,
        8,
        10,
        12,
        14,
        16,
    ]


def test_a_job_that_kills_its_workers_is_lost_and_no_other(made):
    outcomes = list(made(died_on_3).run(range(7)))
    (lost,) = [one for one in outcomes if isinstance(one, Lost)]
    assert lost.job == 3
    assert lost.reason
    assert sorted(one for one in outcomes if one != lost) == [0, 2, 4, 8, 10, 12]


def test_what_the_work_raises_ends_the_run(made):
    with pytest.raises(DataNotFound) as caught:
        list(made(raised).run([1]))
    assert caught.value.todo == "look for it"
    with pytest.raises(TrialsFailed, match="KeyError: 1"):
        list(made(mistaken).run([1]))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_have_one_thread(made):
    before = dict(os.environ)
    assert list(made(xla_threads).run([1])) == [1]
    assert dict(os.environ) == before


def test_few_jobs_are_held_however_many_there_are():
    taken = []

    def jobs():
        for i in range(10**9):
            taken.append(i)
            yield i

    threads = Pooled(double, lambda: ThreadPoolExecutor(2), 4)
    going = threads.run(jobs())
    assert len([next(going) for _ in range(100)]) == 100
    assert len(taken) <= 100 + 4
    threads.stop()


def test_threads_of_this_process_change_nothing_in_it():
    before = dict(os.environ)
    assert sorted(Pooled(double, lambda: ThreadPoolExecutor(2), 4).run(range(3))) == [0, 2, 4]
    assert dict(os.environ) == before


def test_where_no_worker_lives_the_run_ends():
    dying = processes(died_on_3, 1)
    with pytest.raises(TrialsFailed, match="BrokenProcessPool") as caught:
        list(dying.run([3] * 1000))
    assert "fewer workers" in caught.value.todo
    dying.stop()
    assert our_children() == []


def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(executor, "__version__", "0.0.1")
    workers = processes(double, 1)
    with pytest.raises(UsageError, match=r"who sent it trials has 0\.0\.1"):
        list(workers.run([1]))
    workers.stop()


def test_stopping_kills_what_is_busy_and_may_be_done_twice():
    workers = processes(double, 2)
    going = workers.run(range(9))
    next(going)
    assert len(our_children()) == 2
    workers.stop()
    workers.stop()
    assert our_children() == []


def test_no_more_processes_than_jobs():
    workers = processes(double, 8)
    assert list(workers.run([])) == []
    assert our_children() == []
    assert list(workers.run([4])) == [8]
    assert len(our_children()) == 1
    workers.stop()


def test_a_pool_that_is_shut_down_is_made_anew():
    pools = []
    pooled = Pooled(double, lambda: pools.append(Workers(1)) or pools[-1], 2)
    assert list(pooled.run([1])) == [2]
    pools[0].shutdown()
    assert list(pooled.run([2])) == [4]
    assert len(pools) == 2
    pooled.stop()


def test_a_pool_that_takes_nothing_is_told():
    class Closed:
        def submit(self, function, *arguments):
            raise ConnectionError("nobody there")

    with pytest.raises(TrialsFailed, match="ConnectionError: nobody there"):
        list(Pooled(double, Closed, 2).run([1]))
