"""Views that cut across the examples are found, and made as they were meant."""

import pytest

torch = pytest.importorskip("torch")

from unstuck.frameworks.torch.moved import move_first  # noqa: E402


class Last(torch.nn.Module):
    """What a bidirectional GRU ends with, both directions side by side."""

    def __init__(self, meant):
        super().__init__()
        self.gru = torch.nn.GRU(2, 3, batch_first=True, bidirectional=True)
        self.meant = meant

    def forward(self, x):
        _, h = self.gru(x)  # (2, n, 3)
        if self.meant:
            return h.transpose(0, 1).reshape(len(x), -1)
        return h.view(x.size(0), -1)


@pytest.mark.parametrize("rows", [5, 64])
def test_a_view_finds_the_examples_first(rows):
    wrong, meant = Last(False), Last(True)
    wrong.load_state_dict(meant.state_dict())
    x = torch.rand(rows, 4, 2)
    assert not torch.allclose(wrong(x), meant(x))
    places = move_first(wrong)
    torch.testing.assert_close(wrong(x), meant(x))
    ((line, axis),) = places
    assert axis == 1
    with open(__file__, encoding="utf-8") as file:
        assert "h.view(x.size(0), -1)" in file.readlines()[line - 1]


@pytest.mark.parametrize("rows", [5, 64])
def test_what_was_meant_stays(rows):
    model = Last(True)
    x = torch.rand(rows, 4, 2)
    before = model(x)
    assert move_first(model) == []
    assert torch.equal(model(x), before)
