"""Names that are gone from Keras's backend, Python and NumPy, and what stands in their place.

A place is looked up where the library is at hand, so that nothing is named that does not exist.
"""

import re
import sys
from importlib import import_module
from typing import Any

# keras.backend of Keras 2 -> what Keras 3 has for it.
BACKEND = {
    "function": "keras.Model(inputs, outputs), called with arrays",
    "variable": "keras.Variable",
    "placeholder": "keras.Input",
    "constant": "keras.ops.convert_to_tensor",
    "random_normal": "keras.random.normal",
    "random_normal_variable": "keras.Variable(keras.random.normal(shape))",
    "random_uniform": "keras.random.uniform",
    "random_uniform_variable": "keras.Variable(keras.random.uniform(shape))",
    "random_bernoulli": "keras.random.binomial",
    "random_binomial": "keras.random.binomial",
    "permute_dimensions": "keras.ops.transpose",
    "pow": "keras.ops.power",
    "gather": "keras.ops.take",
    "eval": "keras.ops.convert_to_numpy",
    "get_value": "keras.ops.convert_to_numpy",
    "batch_get_value": "keras.ops.convert_to_numpy, for each",
    "set_value": "variable.assign(value)",
    "update": "variable.assign(value)",
    "update_add": "variable.assign_add(value)",
    "update_sub": "variable.assign_sub(value)",
    "int_shape": "keras.ops.shape",
    "batch_dot": "keras.ops.matmul",
    "l2_normalize": "keras.ops.normalize",
    "flatten": "keras.ops.reshape(x, (-1,))",
    "batch_flatten": "keras.ops.reshape(x, (len(x), -1))",
    "conv1d": "keras.ops.conv",
    "conv2d": "keras.ops.conv",
    "conv3d": "keras.ops.conv",
    "conv2d_transpose": "keras.ops.conv_transpose",
    "depthwise_conv2d": "keras.ops.depthwise_conv",
    "separable_conv2d": "keras.ops.separable_conv",
    "pool2d": "keras.ops.max_pool or keras.ops.average_pool",
    "pool3d": "keras.ops.max_pool or keras.ops.average_pool",
    "rnn": "keras.ops.scan",
    "print_tensor": "print",
    "map_fn": "keras.ops.map",
    "foldl": "keras.ops.scan",
    "repeat": "keras.ops.repeat",
    "repeat_elements": "keras.ops.repeat",
    "reverse": "keras.ops.flip",
    "resize_images": "keras.ops.image.resize",
    "spatial_2d_padding": "keras.ops.pad",
    "temporal_padding": "keras.ops.pad",
    "bias_add": "keras.ops.add",
    "cast_to_floatx": "keras.ops.cast(x, keras.config.floatx())",
    "ctc_batch_cost": "keras.ops.ctc_loss",
    "count_params": "layer.count_params()",
    "gradients": "the backend's own: jax.grad, torch.autograd.grad or tf.GradientTape",
    "in_train_phase": "the argument training of call()",
    "in_test_phase": "the argument training of call()",
    "set_image_dim_ordering": "keras.config.set_image_data_format",
}
# Where a name of the old backend, or of a module that is gone, may stand now.
_OF_KERAS = """
ops random config utils layers losses metrics optimizers initializers models callbacks regularizers
constraints activations
"""
HOMES = ("keras", *(f"keras.{name}" for name in _OF_KERAS.split()))

# Module and name, gone from Python, NumPy or scikit-learn -> what to write.
ELSEWHERE = {
    "time.clock": "time.perf_counter",
    "fractions.gcd": "math.gcd",
    "inspect.getargspec": "inspect.getfullargspec",
    "string.maketrans": "str.maketrans",
    "string.letters": "string.ascii_letters",
    "string.lowercase": "string.ascii_lowercase",
    "string.uppercase": "string.ascii_uppercase",
    "os.getcwdu": "os.getcwd",
    "itertools.izip": "zip",
    "itertools.imap": "map",
    "itertools.ifilter": "filter",
    "itertools.izip_longest": "itertools.zip_longest",
    "sys.maxint": "sys.maxsize",
    "base64.encodestring": "base64.encodebytes",
    "base64.decodestring": "base64.decodebytes",
    **{
        f"collections.{name}": f"collections.abc.{name}"
        for name in ("Callable", "Iterable", "Iterator", "Mapping", "MutableMapping", "Sequence")
    },
    **{f"numpy.{name}": name for name in ("bool", "int", "float", "complex", "object", "str")},
    "numpy.product": "numpy.prod",
    "numpy.cumproduct": "numpy.cumprod",
    "numpy.alltrue": "numpy.all",
    "numpy.sometrue": "numpy.any",
    "numpy.float_": "numpy.float64",
    "numpy.asscalar": "x.item()",
    "numpy.in1d": "numpy.isin",
    "numpy.trapz": "numpy.trapezoid",
    "numpy.row_stack": "numpy.vstack",
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.externals.joblib": "joblib",
    "sklearn.preprocessing.Imputer": "sklearn.impute.SimpleImputer",
    "imp": "importlib",
}

# Names of Python 2, of the language itself or of its dictionaries.
NAMES = {
    "xrange": "range",
    "unicode": "str",
    "basestring": "str",
    "raw_input": "input",
    "reduce": "functools.reduce",
    "unichr": "chr",
    "long": "int",
    "has_key": "key in d",
    "iteritems": "items()",
    "itervalues": "values()",
    "iterkeys": "keys()",
}

_GONE = (
    r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
    r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
    r"No module named '(?P<module>[\w.]+)'",
    r"name '(?P<name>\w+)' is not defined",
    r"'dict' object has no attribute '(?P<name>\w+)'",
)


def in_place_of(message: str) -> str:
    """What to write in place of a name that an error's message says is gone; "" if not known."""
    for pattern in _GONE:
        match = re.search(pattern, message)
        if match is None:
            continue
        found = match.groupdict()
        module, name = found.get("module") or "", found.get("name") or ""
        if not module:
            return f"write {NAMES[name]}" if name in NAMES else ""
        if module.startswith(("keras", "tensorflow.keras")):
            return of_keras(module, name)
        known = ELSEWHERE.get(f"{module}.{name}" if name else module, "")
        return f"write {known}" if known and exists(known) else ""
    return ""


def of_keras(module: str, name: str) -> str:
    """Where a name of Keras is now; that it is gone where it is nowhere."""
    if not name:
        return ""
    if module.endswith("backend") and name in BACKEND:
        return f"write {BACKEND[name]}"
    home = next((home for home in HOMES if exists(f"{home}.{name}")), "")
    if home:
        return f"write {home}.{name}"
    return f"{name} was removed, and nothing in Keras 3 has that name"


def exists(path: str) -> bool:
    """Whether a dotted name can be had; one of a library that is not imported counts as had, as
    does what is no dotted name."""
    if not re.fullmatch(r"[\w.]+", path):
        return True
    package, *rest = path.split(".")
    if package not in sys.modules and package not in sys.stdlib_module_names:
        return True
    owner: Any = import_module(package)
    at = package
    for part in rest:
        at = f"{at}.{part}"
        if not hasattr(owner, part):
            try:
                import_module(at)
            except ImportError:
                return False
        owner = getattr(owner, part, sys.modules.get(at))
    return True
