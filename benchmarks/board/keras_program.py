"""Programs in Keras 3: a compiled model and `fit`."""

from board.faults import settings
from board.programs import Program, rates, reading, scoring, sizes
from board.spec import Settings, Spec

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}
STARTS = {
    "ones": '"ones"',
    "zeros": '"zeros"',
    "tiny": "keras.initializers.RandomNormal(stddev=1e-4)",
    "large": "keras.initializers.RandomNormal(stddev=3.0)",
}


def program(spec: Spec) -> Program:
    """See `board.programs`."""
    made = settings(spec)
    setup = [reading(spec, "import keras", "from keras import layers"),
             "keras.utils.set_random_seed(SEED)", "", *_model(spec, made), *_frozen(made),
             _compiled(spec, made), ""]  # fmt: skip
    scored = scoring(spec, "outputs.reshape(y_test.shape)", "outputs.argmax(1)")
    ending = "outputs = model.predict(x_test, verbose=0)\n"
    return Program("\n".join(setup), "\n".join(_training(spec, made)), ending + scored)


def _model(spec: Spec, made: Settings) -> list[str]:
    features, outputs = sizes(spec)
    if spec.subject == "images":
        return _convolution(spec, made, outputs)
    if spec.subject == "sequences":
        kind = "LSTM" if spec.seed // 2 % 2 else "GRU"
        return _sequential("x_train.shape[1:]", [f"layers.{kind}({made.hidden[0]})"],
                           made, outputs)  # fmt: skip
    if spec.subject == "transformer":
        return _transformer(spec, made, features, outputs)
    lines: list[str] = []
    start = f", kernel_initializer={STARTS[made.start]}" if made.start else ""
    for i, units in enumerate(made.hidden):
        bias = ""
        if made.bias and i == 0:
            bias = f", bias_initializer=keras.initializers.Constant({-made.bias:.4g})"
        lines.append(f'layers.Dense({units}, "{made.activation}"{start}{bias})')
        if made.normalized and i == 0:
            lines.append("layers.BatchNormalization()")
        if made.dropout:
            lines.append(f"layers.Dropout({made.dropout:.2f})")
    return _sequential(f"({features},)", lines, made, outputs, start)


def _sequential(
    shape: str, lines: list[str], made: Settings, outputs: int, start: str = ""
) -> list[str]:
    inside = [f"keras.Input({shape})", *lines, f"layers.Dense({outputs}{_last(made)}{start})"]
    return ["model = keras.Sequential([", *(f"    {line}," for line in inside), "])"]


def _last(made: Settings) -> str:
    if made.output == "softmax" or made.loss == "clipped":
        return ', "softmax"'
    return ', "sigmoid"' if made.output == "sigmoid" else ""


def _convolution(spec: Spec, made: Settings, outputs: int) -> list[str]:
    (width,) = made.hidden
    norm = ["layers.BatchNormalization()"] if made.normalized else []
    inside = [f'layers.Conv2D({width}, 3, padding="same")', *norm, 'layers.Activation("relu")',
              f'layers.Conv2D({2 * width}, 3, strides=2, padding="same", activation="relu")',
              "layers.Flatten()"]  # fmt: skip
    return _sequential("x_train.shape[1:]", inside, made, outputs)


def _transformer(spec: Spec, made: Settings, features: int, outputs: int) -> list[str]:
    (width,) = made.hidden
    tokens = spec.data == "tokens"
    length = 12 if tokens else 24
    given = f'keras.Input(({length},), dtype="int32")' if tokens else f"keras.Input(({length}, 1))"
    embed = f"layers.Embedding({features}, {width})" if tokens else f"layers.Dense({width})"
    return [
        "class Position(layers.Layer):",
        "    def build(self, shape):",
        '        self.table = self.add_weight(shape=shape[1:], initializer="random_normal")',
        "",
        "    def call(self, x):",
        "        return x + self.table",
        "",
        "",
        f"inputs = {given}",
        f"x = Position()({embed}(inputs))",
        f"a = layers.MultiHeadAttention(2, {width // 2})(x, x)",
        "x = layers.LayerNormalization()(x + a)",
        f'h = layers.Dense({width})(layers.Dense({2 * width}, "relu")(x))',
        "x = layers.LayerNormalization()(x + h)",
        "x = layers.GlobalAveragePooling1D()(x)",
        f"model = keras.Model(inputs, layers.Dense({outputs}{_last(made)})(x))",
    ]


def _frozen(made: Settings) -> list[str]:
    if not made.frozen:
        return []
    return [
        "for layer in model.layers:",
        "    layer.trainable = False",
        "model.layers[-1].trainable = True",
        "model.layers[-1].kernel.trainable = False",
    ]


def _compiled(spec: Spec, made: Settings) -> str:
    options = f"learning_rate={made.rate:.4g}"
    if made.optimizer == "sgd":
        options += ", momentum=0.9"
    elif made.epsilon != Settings.epsilon:
        options += f", epsilon={made.epsilon:.4g}"
    if made.clip:
        options += f", clipnorm={made.clip:g}"
    optimizer = f"keras.optimizers.{OPTIMIZERS[made.optimizer]}({options})"
    if made.loss == "squared":
        return f'model.compile({optimizer}, "mean_squared_error")'
    logits = "from_logits=True" if made.loss == "crossentropy" else ""
    loss = f"keras.losses.SparseCategoricalCrossentropy({logits})"
    return f'model.compile({optimizer}, {loss}, metrics=["accuracy"])'


def _training(spec: Spec, made: Settings) -> list[str]:
    target = "x_train" if spec.subject == "autoencoder" else "y_train"
    held = "x_test, x_test" if spec.subject == "autoencoder" else "x_test, y_test"
    options = [f"batch_size={made.batch}", f"epochs={made.epochs}",
               f"validation_data=({held})", "verbose=2"]  # fmt: skip
    lines: list[str] = []
    if not made.shuffle:
        options.append("shuffle=False")
    if made.balance:
        lines += [
            "counts = np.bincount(y_train)",
            "weight = {k: len(y_train) / (len(counts) * n) for k, n in enumerate(counts)}",
        ]
        options.append("class_weight=weight")
    if made.schedule:
        lines.append(f"schedule = keras.callbacks.LearningRateScheduler(\n"
                     f"    lambda epoch: {made.rate:.4g} * {rates(spec)})")  # fmt: skip
        options.append("callbacks=[schedule]")
    return [*lines, f"model.fit(x_train, {target}, {', '.join(options)})"]
