"""Old scripts on Keras 3: the line to change, and the well-known renames done for the run."""

import os
import re
import traceback
from typing import TYPE_CHECKING

from unstuck.script.removed import in_place_of

if TYPE_CHECKING:
    from unstuck.script.renames import Rename

# In an error's message -> what to do, where no renaming will do.
_ADVICE = (
    (
        "predict_classes",
        "write model.predict(x).argmax(axis=-1), or with one sigmoid unit"
        ' (model.predict(x) > 0.5).astype("int32")',
    ),
    ("predict_proba", "write model.predict(x)"),
    ("samples_per_epoch", "write steps_per_epoch=, the number of batches, not of samples"),
    ("show_accuracy", 'leave it out, and give metrics=["accuracy"] to model.compile'),
    ("'(workers|use_multiprocessing|max_queue_size)'", "leave it out; a PyDataset takes it"),
    ("nb_val_samples", "write validation_steps=, the number of batches"),
    (
        r"keras\.wrappers",
        "write from keras.wrappers import SKLearnClassifier, or"
        " from scikeras.wrappers import KerasClassifier (pip install scikeras)",
    ),
    (r"keras\.preprocessing\.text", "use keras.layers.TextVectorization"),
    (
        "(set_session|get_session|tensorflow_backend|ConfigProto|has no attribute 'Session')",
        "leave out what makes a session: Keras 3 has none",
    ),
    (
        r"tensorflow\.examples|input_data",
        "write (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()",
    ),
    (
        "'tensorflow.*(placeholder|global_variables_initializer|contrib|Optimizer)'",
        "this is TensorFlow 1; write import tensorflow.compat.v1 as tf and"
        " tf.disable_v2_behavior(), which Keras 3 does not train with, or use Keras alone",
    ),
    (r"tensorflow\.contrib", "this is TensorFlow 1 and was removed; use Keras alone"),
    ("image_dim_ordering", 'write K.image_data_format() == "channels_first"'),
    ("learning_phase", "leave it out; call the model with training=True or False"),
    ("LocallyConnected", "this layer was removed; use Conv1D or Conv2D, or a layer of your own"),
    ("multi_gpu_model", "use keras.distribution.DataParallel"),
    ("Invalid filepath extension", 'write a file name that ends in ".keras"'),
    (r"must end in `\.weights\.h5`", 'write a file name that ends in ".weights.h5"'),
    ("'period'", 'write save_freq="epoch"'),
    ("'lr'", "write learning_rate"),
)


def renamed(source: str) -> tuple[str, list["Rename"]]:
    """A script with the well-known renames of Keras 3 done, line for line, and what they are.

    A source that cannot be parsed comes back as it is: Python says what is wrong with it.
    """
    import libcst as cst
    from libcst.metadata import MetadataWrapper

    from unstuck.script.renames import Renames

    if not re.search(r"keras|tensorflow", source):
        return source, []
    try:
        wrapper = MetadataWrapper(cst.parse_module(source.removeprefix("\ufeff")))
    except (cst.ParserSyntaxError, UnicodeError):
        return source, []
    renames = Renames(wrapper.module)
    new = wrapper.visit(renames).code
    if not renames.found or new.count("\n") != source.count("\n"):
        return source, []
    mark = "\ufeff" * source.startswith("\ufeff")
    return mark + new, sorted(renames.found, key=lambda r: r.line)


def explained(error: BaseException, source: str, path: str) -> str | None:
    """The line of a script that Keras 3 does not take, and the line to write instead.

    Args:
        error: as it left the script.
        source: of the script.
        path: of the script, as its tracebacks name it.

    Returns:
        Two lines or so of text; None where the reason is another.
    """
    number = _line(error, path)
    if number is None or not _of_a_name(error):
        return None
    lines, message = source.splitlines(), str(error)
    if number > len(lines):
        return None
    new, found = renamed(source)
    place = f"{os.path.basename(path)}, line "
    first, last = _statement(source, number)
    near = [r for r in found if first <= r.line <= last and _meant(r, message)]
    if near:
        after = new.splitlines()
        at = sorted({r.line for r in near})
        return "\n".join(
            f"{place}{n}: {lines[n - 1].strip()}\nwrite: {after[n - 1].strip()}" for n in at
        )
    for pattern, advice in _ADVICE:
        if re.search(pattern, message):
            return f"{place}{number}: {lines[number - 1].strip()}\n{advice}"
    told = in_place_of(message)
    return f"{place}{number}: {lines[number - 1].strip()}\n{told}" if told else None


def _line(error: BaseException, path: str) -> int | None:
    """The innermost line of the script that an error passed through."""
    own = os.path.abspath(path)
    found = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == path or os.path.abspath(frame.f_code.co_filename) == own
    ]
    return found[-1] if found else None


def _of_a_name(error: BaseException) -> bool:
    """Whether an error is of a kind that a renaming can bring about."""
    kinds = TypeError | ValueError | AttributeError | ImportError | KeyError | NameError
    return isinstance(error, kinds)


def _statement(source: str, line: int) -> tuple[int, int]:
    """First and last line of the innermost statement at a line."""
    import ast

    spans = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(source.removeprefix("\ufeff")))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(spans, default=(line, line))


def _meant(rename: "Rename", message: str) -> bool:
    """Whether an error's message names what was renamed."""
    words = set(re.findall(r"[A-Za-z_]\w*", message)) - _COMMON
    return bool(words & set(re.findall(r"[A-Za-z_]\w*", f"{rename.old} {rename.new}")))


_COMMON = {"from", "import", "as", "keras", "tensorflow", "tf", "layers", "utils", "optimizers"}
