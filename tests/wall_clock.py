"""For tests of proofs, whose budgets are wall-clock time: what else the machine does decides how
much fits in. They get a second try, and no more."""

import pytest

SECOND_TRY = pytest.mark.flaky(reruns=1)
