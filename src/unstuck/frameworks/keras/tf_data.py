"""A `tf.data.Dataset` read without moving on its shuffling.

Each pass over a shuffled dataset takes the next seeds from a generator inside it, so a look at
it would change the order of the training that follows; and what a look reads of a cached dataset
stays in the cache. From the first such step on the dataset is therefore put together anew, with
seeds and a cache of its own; steps before that are shared, and no data are copied.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import tensorflow as tf

from unstuck.errors import UsageError

_OF_PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
_STATEFUL = ("Shuffle", "Cache", "Random", "Interleave", "Sample", "FromGenerator")
_ADVANCED = (
    "the dataset shuffles inside a step that cannot be put together anew: looking at it advanced"
    " its shuffling by one pass"
)


def harmless(dataset: Any) -> tuple[Any, list[str]]:
    """A dataset that can be read without a trace on this one, and what falls short of it.

    Raises:
        UsageError: reading it would run the user's Python, which need not give the same again.
    """
    if _calls_python(dataset):
        raise UsageError(
            "the data are a tf.data.Dataset that calls Python (from_generator, py_function or"
            " numpy_function), which may be able to give them only once",
            "data that can be read again, so that looking leaves them as they were",
            "hand over arrays, or a dataset of TensorFlow's own operations",
        )
    replica = _replica(dataset)
    if replica is not None:
        return replica, []
    return dataset, [_ADVANCED] if _has(dataset, _STATEFUL) else []


def _replica(dataset: Any) -> Any:
    """One pass over it; the dataset itself where that is one; None where it cannot be done."""
    if not _has(dataset, (*_STATEFUL, "Repeat")):
        return dataset
    rebuild = _REBUILD.get(type(dataset).__name__.lstrip("_"))
    if rebuild is None:
        return None
    source = _replica(dataset._input_dataset)
    return None if source is None else rebuild(dataset, source)


def _calls_python(dataset: Any) -> bool:
    """Whether a function of any step, or one that it calls, is Python at run time.

    The graph of the whole dataset would tell as well, but holds copies of its arrays: only
    datasets that are known by their variant alone are asked for it.
    """
    functions = [wrapper.function for wrapper in dataset._functions()]
    if any(_has_python(function.graph.as_graph_def()) for function in functions):
        return True
    unknown = [t for f in functions for t in f.captured_inputs if t.dtype == tf.variant]
    if type(dataset).__name__ == "_VariantDataset":
        unknown.append(dataset._variant_tensor)
    return any(map(_is_of_python, unknown)) or any(map(_calls_python, dataset._inputs()))


def _has_python(graph: Any) -> bool:
    own, functions = attrgetter("node", "library.function")(graph)
    bodies = [own, *(function.node_def for function in functions)]
    return any(node.op in _OF_PYTHON for nodes in bodies for node in nodes)


def _is_of_python(variant: Any) -> bool:
    """Whether the graph of a dataset calls Python; so it is taken to where it has none."""
    try:
        made = tf.raw_ops.DatasetToGraphV2(input_dataset=variant, external_state_policy=1)
        return _has_python(tf.compat.v1.GraphDef.FromString(made.numpy()))
    except Exception:  # of whatever kind TensorFlow has for it
        return True


def _has(dataset: Any, steps: tuple[str, ...]) -> bool:
    own = any(word in type(dataset).__name__ for word in steps)
    return own or any(_has(source, steps) for source in dataset._inputs())


def _mapped(step: Any, source: Any) -> Any:
    """The same traced function on another source: the user's Python does not run again."""
    from tensorflow.python.data.util import structure

    function = step._map_func

    def apply(*element: Any) -> Any:
        value = element if isinstance(source.element_spec, tuple) else element[0]
        tensors = structure.to_tensor_list(source.element_spec, value)
        made = function.function(*tensors)
        return structure.from_compatible_tensor_list(function.output_structure, list(made))

    return source.map(apply)


def _padded(step: Any, source: Any) -> Any:
    return source.padded_batch(
        step._batch_size, step._padded_shapes, step._padding_values, step._drop_remainder
    )


def _batched(step: Any, source: Any) -> Any:
    return source.batch(step._batch_size, bool(tf.get_static_value(step._drop_remainder)))


# Kind of step -> the same on another source. Those that only order the work are left out, and so
# is repetition: one pass is enough.
_REBUILD: dict[str, Callable[[Any, Any], Any]] = {
    "ShuffleDataset": lambda step, source: source.shuffle(step._buffer_size, seed=0),
    "CacheDataset": lambda step, source: source,
    "BatchDataset": _batched,
    "ParallelBatchDataset": _batched,
    "PaddedBatchDataset": _padded,
    "MapDataset": _mapped,
    "ParallelMapDataset": _mapped,
    "PrefetchDataset": lambda step, source: source,
    "OptionsDataset": lambda step, source: source,
    "RepeatDataset": lambda step, source: source,
    "TakeDataset": lambda step, source: source.take(step._count),
    "SkipDataset": lambda step, source: source.skip(step._count),
    "ShardDataset": lambda step, source: source.shard(step._num_shards, step._index),
}
