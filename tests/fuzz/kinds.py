"""What there is to try."""

from hypothesis import strategies as st

from .attempt import Attempt
from .calls import calls
from .command_lines import command_lines
from .files import files
from .scripts import jax, keras, sklearn, torch
from .scripts.script import LINES, Script
from .settings import settings


def _scripts(framework: str, sources: st.SearchStrategy[str]) -> st.SearchStrategy[Script]:
    short = sources.filter(lambda source: source.count("\n") <= LINES)
    return st.builds(Script, st.just(framework), short)


KINDS: dict[str, st.SearchStrategy[Attempt]] = {
    "files": files(),
    "calls": calls(("sklearn", "sklearn", "torch", "torch", "torch")),
    "keras-calls": calls(("keras",)),
    "settings": settings(),
    "command-lines": command_lines(),
    "sklearn-scripts": _scripts("sklearn", sklearn.fits()),
    "torch-scripts": _scripts("torch", torch.loops()),
    "lightning-scripts": _scripts("lightning", torch.lightning()),
    "keras-scripts": _scripts("keras", keras.fits()),
    "jax-scripts": _scripts("jax", jax.loops()),
}
# How many of a thousand attempts.
SHARES = {
    "files": 400,
    "calls": 140,
    "keras-calls": 5,
    "settings": 160,
    "command-lines": 195,
    "sklearn-scripts": 40,
    "torch-scripts": 45,
    "lightning-scripts": 5,
    "keras-scripts": 5,
    "jax-scripts": 5,
}
