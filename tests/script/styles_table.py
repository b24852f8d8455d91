"""Ways in which people write trainings: what `unstuck run` does with each, and why not more.

The programs are in `styles/`, at most 40 lines of code each; one comment of each becomes live to
give it a fault (see `together`). `docs/styles.md` has a row for each row here.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "styles"

READ_ONCE = "its data can be read only once"
SEVERAL = "a Keras model of several outputs is not looked at as a whole"
COMPARED = "its loss compares several outputs, or arrays, with the targets"
IN_TURN = "a loss of two networks against each other says nothing of learning"
ONE_BATCH = "one batch of the data was seen"
APART = "it trained in a process of its own"
POSITIONS = "its targets are among its inputs, by name"
PAIRS = "a batch of one input and two targets is no pair (x, y)"
IN_BATCHES = "what a `PyDataset` makes its batches of is not changed"
NO_MODEL = "no Keras model is called"

# What was proven of a program with its fault, and whether the patched copy learned.
SPREAD, TARGETS = "inputs ÷ their spread; patch learns", "targets standardized; patch learns"
PROOFS = {
    "torch/plain.py": SPREAD,
    "torch/data_loader.py": "rate ÷ 81; patch learns",
    "torch/sliced_by_hand.py": TARGETS,
    "torch/in_a_class.py": "rate ÷ 729; patch learns",
    "torch/language_model.py": "rate ÷ 81; patch learns",
    "torch/segmentation.py": "inputs standardized, Adam, rate × 9; patch learns",
    "torch/sequence_labels.py": "undecided: as it is 89 %, so that it counts as learning",
    "keras/fit.py": SPREAD,
    "keras/several_inputs.py": TARGETS,
    "keras_tensorflow/fit_tf_data.py": "not judged; not run since",
    "keras_tensorflow/tape.py": SPREAD,
    "keras_torch/keras_parts.py": "refuted: Adam learned from 1000 x + 500; not run since",
    "keras_torch/torch_loop.py": "not judged; not run since",
    "keras_jax/stateless.py": "inputs centered; patch learns",
    "keras_jax/optax_loop.py": TARGETS,
    "jax/plain.py": SPREAD,
    "jax/jitted.py": TARGETS,
    "jax/scanned.py": "suspected, not judged: chaotic losses differ",
    "jax/parallel.py": "rate ÷ 729; patch learns",
    "sklearn/fit.py": SPREAD,
    "sklearn/pipeline.py": SPREAD,
    "notebook/torch_loop.ipynb": "inputs ÷ their spread; a notebook is not patched",
}


@dataclass(frozen=True)
class Style:
    """One program.

    Args:
        file: under `styles`.
        does: what it does, in a few words.
        watched_only: why it is not looked at; "" if it is.
        not_proven: why trials do not decide; "" if they do.
        unseen: why nothing of it is seen; "" if it is.
        states: by its own losses, of the healthy form.
        apart: whether it needs a process of its own.
    """

    file: str
    does: str
    watched_only: str = ""
    not_proven: str = ""
    unseen: str = ""
    states: tuple[str, ...] = ("learning",)
    apart: bool = False

    @property
    def group(self) -> str:
        """Folder of its program: a library, and for Keras the backend."""
        return self.file.partition("/")[0]

    @property
    def path(self) -> Path:
        """Of its program."""
        return FOLDER / self.file

    @property
    def row(self) -> str:
        """Of `docs/styles.md`."""
        seen = "no" if self.unseen else "yes"
        looked = "no" if self.unseen or self.watched_only else "yes"
        why = self.unseen or self.watched_only or self.not_proven
        trials = "no" if why else "yes"
        proof = "" if why else PROOFS.get(self.file, "not run yet")
        return f"| `{self.file}` | {self.does} | {seen} | {looked} | {trials} | {why} | {proof} |"


STYLES = (
    Style("torch/plain.py", "the whole data at every step"),
    Style("torch/data_loader.py", "a `DataLoader`, one logit"),
    Style("torch/sliced_by_hand.py", "minibatches cut by a permutation"),
    Style("torch/in_a_class.py", "a trainer class with validation"),
    Style("torch/several_outputs.py", "two heads, two losses with weights", not_proven=PAIRS),
    Style("torch/language_model.py", "the next character at every position"),
    Style("torch/segmentation.py", "a class for every pixel"),
    Style("torch/sequence_labels.py", "a label for every word, padding ignored"),
    Style("torch/autoencoder.py", "the input is the target"),
    Style("torch/by_hand.py", "`p -= lr * p.grad`"),
    Style("torch/by_hand_data.py", "the same through `.data`, in minibatches"),
    Style("torch/autograd_grad.py", "`torch.autograd.grad`, a step by hand", apart=True),
    Style("torch/functional.py", "`torch.func`: `grad_and_value`, `functional_call`"),
    Style("torch/without_modules.py", "weights are tensors, updates by hand"),
    Style("torch/tensors_and_optimizer.py", "weights are tensors, `torch.optim` steps"),
    Style("torch/two_optimizers.py", "two optimizers share the parameters out"),
    Style("torch/gan.py", "two optimizers in turn", IN_TURN, states=("unknown",)),
    Style("torch/scaler_accumulation.py", "`GradScaler`, autocast, four batches a step"),
    Style("torch/clipped_and_scheduled.py", "clipping, a schedule, dropout"),
    Style("torch/closure.py", "LBFGS with a closure"),
    Style("torch/compiled.py", "`torch.compile`"),
    Style("torch/stream.py", "an `IterableDataset`", not_proven=ONE_BATCH),
    Style("torch/distributed.py", "DDP (gloo), one process"),
    Style("torch/spawned.py", "`torch.multiprocessing.spawn`", not_proven=APART, apart=True),
    Style("torch/forked.py", "a process of `multiprocessing`", not_proven=APART, apart=True),
    Style("torch/lightning_automatic.py", "Lightning"),
    Style("torch/lightning_manual.py", "Lightning, manual optimization"),
    Style("torch/skorch_net.py", "skorch"),
    Style("torch/accelerated.py", "accelerate"),
    Style("torch/hugging_face.py", "Hugging Face's `Trainer`", not_proven=POSITIONS),
    Style("keras/fit.py", "`fit`, a validation split"),
    Style("keras/fit_generator.py", "`fit` on a generator", READ_ONCE),
    Style("keras/fit_py_dataset.py", "`fit` on a `PyDataset`", not_proven=IN_BATCHES),
    Style("keras/fit_subclass.py", "a subclassed model, settings by name, callbacks"),
    Style("keras/train_on_batch.py", "`train_on_batch`", not_proven=ONE_BATCH),
    Style("keras/several_inputs.py", "two inputs by name"),
    Style("keras/several_outputs.py", "two outputs, losses, `loss_weights`", SEVERAL),
    Style("keras/every_position.py", "a target at every step of a sequence"),
    Style("keras/own_compute_loss.py", "an own `compute_loss`"),
    Style("keras/weighted.py", "`sample_weight`"),
    Style("keras_tensorflow/fit_tf_data.py", "`fit` on `tf.data`"),
    Style("keras_tensorflow/tape.py", "a `GradientTape`, eagerly"),
    Style("keras_tensorflow/tape_function.py", "the same in a `tf.function`"),
    Style("keras_tensorflow/tape_written_out.py", "a loss of `tf.nn`, in a `tf.function`"),
    Style("keras_tensorflow/tape_squares.py", "a squared error written out"),
    Style("keras_tensorflow/tape_functional_loss.py", "`keras.losses` as a function"),
    Style("keras_tensorflow/tape_compute_loss.py", "`compute_loss`, `optimizer.apply`"),
    Style("keras_tensorflow/tape_two_losses.py", "two losses under a tape", COMPARED),
    Style("keras_tensorflow/tape_assign_sub.py", "`assign_sub` on a model"),
    Style("keras_tensorflow/tape_variables.py", "`tf.Variable`s alone", NO_MODEL),
    Style("keras_tensorflow/own_train_step.py", "an own `train_step`"),
    Style("keras_torch/torch_loop.py", "a Keras model in a PyTorch loop"),
    Style("keras_torch/keras_parts.py", "Keras's optimizer in a PyTorch loop"),
    Style("keras_torch/own_train_step.py", "an own `train_step` on PyTorch"),
    Style("keras_jax/stateless.py", "`stateless_call`, `stateless_apply`"),
    Style("keras_jax/optax_loop.py", "a Keras model that optax trains"),
    Style("keras_jax/own_train_step.py", "an own `train_step` on JAX"),
    Style("jax/plain.py", "optax without `jit`"),
    Style("jax/jitted.py", "a jitted step"),
    Style("jax/scanned.py", "all steps in a `lax.scan`"),
    Style("jax/donated.py", "`donate_argnums`, a schedule"),
    Style("jax/by_hand.py", "updates by hand, `vmap`"),
    Style("jax/tree_map.py", "updates by `tree.map`, not jitted"),
    Style("jax/dropout_keys.py", "dropout, a key a step"),
    Style("jax/parallel.py", "`pmap`, `pmean`"),
    Style("jax/autoencoder.py", "the input is the target"),
    Style("jax/language_model.py", "the next token at every position"),
    Style("jax/linen.py", "Flax Linen, a `TrainState`"),
    Style("jax/linen_dropout.py", "Flax Linen, dropout, batch normalization"),
    Style("jax/nnx_loop.py", "Flax NNX"),
    Style("jax/nnx_dropout.py", "Flax NNX, dropout"),
    Style("jax/equinox_loop.py", "Equinox"),
    Style("jax/equinox_dropout.py", "Equinox, dropout"),
    Style("jax/in_a_class.py", "a trainer class, `static_argnums`"),
    Style("jax/two_losses.py", "two heads, two losses", COMPARED),
    Style("sklearn/fit.py", "`fit`"),
    Style("sklearn/partial_fit.py", "`partial_fit`", not_proven=ONE_BATCH),
    Style("sklearn/warm_start.py", "`warm_start`"),
    Style("sklearn/grid_search.py", "`GridSearchCV`"),
    Style("sklearn/pipeline.py", "a pipeline with an own transformer"),
    Style("sklearn/transformed_target.py", "`TransformedTargetRegressor`"),
    Style("sklearn/cross_validated.py", "`cross_val_score`"),
    Style("notebook/torch_loop.ipynb", "a notebook with `%`, `%%` and `!`", apart=True),
    Style("notebook/sklearn_fit.ipynb", "a notebook with `%time`", apart=True),
)
