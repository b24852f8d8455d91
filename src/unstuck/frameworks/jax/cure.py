"""Cures for plain JAX: data as they are prepared, another optimizer, what the loop must do."""

from dataclasses import replace

from unstuck.changes.change import Change, Part, Role, changed, value
from unstuck.cures.built import Built
from unstuck.cures.cure import Cure
from unstuck.cures.lines import block, fresh
from unstuck.cures.printed import Argument, Block, Call, Edit, Names, Negate, Rate, Unwrap, code
from unstuck.errors import UsageError
from unstuck.frameworks.jax.bare import OPTIMIZERS, RULES, Bare
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.frameworks.jax.training import JaxTrainer
from unstuck.setups.split import split

OF_OPTIMIZER = frozenset({Part.OPTIMIZER, Part.RATE, Part.CLIPPING})
IMPORT = ("import optax",)
BOTH = frozenset({"optimizer"})


def printed(subject: JaxSubject, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things.

    Raises:
        UsageError: a change that cannot be made here.
    """
    if why := JaxTrainer(subject).refuses(cure.changes):
        raise UsageError(f"this cannot be changed: {why}")
    blocks = [block(c, names, subject.sample) for c in cure.changes if c.of_data]
    if any(c.part in OF_OPTIMIZER for c in cure.changes):
        blocks.append(_optimizer(subject, cure, names))
    if (rule := value(cure.changes, Part.START)) is not None:
        blocks.append(_drawn(str(rule), names))
    if value(cure.changes, Part.OUTPUT) is not None:
        activation = subject.about.output_activation
        said = f"an output without its {activation}"
        blocks.append(Block(Role.NETWORK, (), edits=(Unwrap(activation, ""),), comment=said))
    if value(cure.changes, Part.SIGN) is not None:
        template = subject.template
        assert isinstance(template, Bare)
        whole = getattr(template.model[0], "name", "") or getattr(template.loss_of, "__name__", "")
        said = "the loss with its other sign"
        blocks.append(Block(Role.LOSS, (), edits=(Negate(whole),), comment=said))
    own, parts = subject.about.rule, {c.part for c in cure.changes}
    for change in (c for c in cure.changes if c.part in SAID):
        if change.part is not Part.SCHEDULE or own is None or own.learning_rate is None:
            blocks.append(_said(change))
        elif not parts & {Part.OPTIMIZER, Part.RATE}:  # else it is given a number already
            rate = Argument("optimizer", "learning_rate", f"{own.learning_rate:.3g}", 0)
            blocks.append(replace(_said(change), edits=(rate,)))
    return tuple(sorted(blocks, key=lambda b: list(Role).index(b.role)))


def built(subject: JaxSubject, cure: Cure) -> Built:
    """The same functions and parameters, with the optimizer and the data that go with the cure.

    Raises:
        UsageError: a change that cannot be made here.
    """
    template = subject.template
    assert isinstance(template, Bare)
    text = code(printed(subject, cure, Names()))
    params = template.params(cure.changes, 0)
    model, arguments = template.model_of(cure.changes, params)
    size = value(cure.changes, Part.BATCH, subject.about.batch_size)
    shuffle = value(cure.changes, Part.SHUFFLING, subject.about.shuffled)
    data = changed(split(subject.sample), cure.changes)
    return Built(model, text, {**arguments, "batch_size": size, "shuffle": shuffle}, data)


def _optimizer(subject: JaxSubject, cure: Cure, names: Names) -> Block:
    changes, optimizer, rule = cure.changes, names.optimizer, subject.about.rule
    name, factor = value(changes, Part.OPTIMIZER), value(changes, Part.RATE, 1.0)
    clip = value(changes, Part.CLIPPING)
    assert isinstance(factor, float | int)
    lines: list[str] = []
    edits: tuple[Edit, ...] = ()
    if name is not None:
        made = f"optax.{name}({OPTIMIZERS[str(name)][1] * factor:.3g})"
        lines, edits = [f"{optimizer} = {made}"], (Call("optimizer", made),)
    elif factor != 1:
        lines = [f"{optimizer} = optax.chain({optimizer}, optax.scale({factor:.6g}))"]
        argument = None
        if rule is not None and rule.learning_rate is not None:
            rate = f"{rule.learning_rate * factor:.3g}"
            argument = Argument("optimizer", "learning_rate", rate, 0)
        edits = (Rate(factor, argument),)
    if clip is not None:
        clipped = f"optax.chain(optax.clip_by_global_norm({clip}), {optimizer})"
        lines, edits = [*lines, f"{optimizer} = {clipped}"], ()
    reads = frozenset() if name is not None else BOTH
    return Block(Role.OPTIMIZER, tuple(lines), IMPORT, reads, BOTH, edits)


def _drawn(rule: str, names: Names) -> Block:
    """Kernels by another rule, biases 0."""
    params, keys = names.model, fresh("keys", names.taken)
    draw = f"jax.nn.initializers.{RULES[rule].__name__}()(next({keys}), p.shape)"
    lines = (
        f"{keys} = iter(jax.random.split(jax.random.key(0), len(jax.tree.leaves({params}))))",
        f"{params} = jax.tree.map(",
        f"    lambda p: {draw} if p.ndim > 1 else 0 * p, {params}",
        ")",
    )
    both = frozenset({"model"})
    return Block(Role.START, lines, ("import jax",), both, both)


# What the user's own loop does, and no object.
SAID = {
    Part.BATCH: "batches of {} examples",
    Part.SHUFFLING: "draw the examples in a new order each epoch",
    Part.SCHEDULE: "keep the learning rate as it begins",
    Part.STEPS: "train for {:g} times as many steps",
}


def _said(change: Change) -> Block:
    return Block(Role.TRAINING, (), comment=SAID[change.part].format(change.value))
