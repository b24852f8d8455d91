"""What a patched copy's run has to show before its patch is handed over."""

from pathlib import Path

import pytest

from script import patch_blocks as b
from unstuck.patch.trying import Cured, patch

EPOCHS = """\
from sklearn.datasets import load_wine
from sklearn.neural_network import MLPClassifier

x, y = load_wine(return_X_y=True)
MLPClassifier((16,), max_iter={}, random_state=0).fit(x, y)
"""


@pytest.mark.parametrize(
    ("epochs", "state", "handed_over", "learning"),
    [(1, "unknown", True, set()), (60, "stuck", True, {0}), (1, "stuck", False, set())],
)
def test_too_few_losses_to_tell(tmp_path, epochs, state, handed_over, learning) -> None:
    """One loss says of a copy no more than of the script: the patch is handed over, not as one
    that was seen to learn. A script that was seen to be stuck wants more than that."""
    script = tmp_path / "train.py"
    script.write_text(EPOCHS.format(epochs), "utf-8")
    training = Cured(0, "training", 5, "sklearn", b.SCALER, state, "scaler = …")
    told: list[str] = []
    made = patch([training], str(script), "train.py", [], Path(tmp_path), told.append)
    assert (made is not None) == handed_over, told
    if made is not None:
        assert made.learning == learning
        assert "+x = scaler.transform(x)" in made.diff
