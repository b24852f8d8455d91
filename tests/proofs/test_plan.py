"""The plan against made-up worlds: what is found, however many faults there are."""

from dataclasses import replace

import pytest

from proofs.worlds import SUSPECTS, TWIN, World, solved
from unstuck.changes.activation import RELU
from unstuck.changes.capacity import WIDER
from unstuck.changes.initialization import GLOROT, HE
from unstuck.changes.input_scaling import PER_FEATURE, SPREAD
from unstuck.changes.learning_rate import HIGHER
from unstuck.changes.loop import ZEROED
from unstuck.changes.loss import LOGITS
from unstuck.changes.optimizer import ADAM
from unstuck.changes.steps import LONGER
from unstuck.changes.target_scaling import TARGETS
from unstuck.judging.sequential import decided
from unstuck.proofs import conclusion
from unstuck.proofs.asks import Ask, Problem, Score, Suspected
from unstuck.proofs.board import CONFIRM, Board
from unstuck.proofs.conclusion import status_of
from unstuck.proofs.confirm import SHARES, confirmed
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.records.states import State, Status

INPUTS = frozenset({PER_FEATURE, SPREAD})
RATE = frozenset({ADAM, *HIGHER[1:4]})
LOGIT, TARGET = frozenset({LOGITS}), frozenset({TARGETS})


def status(found, kind, change):
    return found.hypothesis(kind, change).status


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
@pytest.mark.parametrize(
    ("cures", "repairs"),
    [
        ((INPUTS,), [{SPREAD}, {PER_FEATURE}]),
        ((RATE,), [{c} for c in HIGHER]),
        ((TARGET,), [{TARGETS}]),
        ((INPUTS, TARGET), [{PER_FEATURE, TARGETS}]),
        ((INPUTS, RATE), [{PER_FEATURE, ADAM}]),
        ((INPUTS, TARGET, RATE), [{PER_FEATURE, TARGETS, ADAM}]),
        ((INPUTS, TARGET, RATE, LOGIT), [{PER_FEATURE, TARGETS, ADAM, LOGITS}]),
    ],
)
def test_the_smallest_repair_is_found_and_every_part_is_necessary(cures, repairs, noise) -> None:
    found = solved(World(cures, noise=noise))
    assert set(found.repair) in repairs
    assert status(found, "repair", found.repair) is Status.PROVEN
    for h in found.tested:
        if h.kind == "necessary":
            assert h.status is Status.PROVEN
        if h.kind == "sufficient" and len(cures) > 1:
            assert h.status is Status.REFUTED


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_nothing_is_found_wrong_with_what_learns(noise: float) -> None:
    found = solved(World(noise=noise))
    assert found.repair == ()
    assert all(h.status is not Status.PROVEN for h in found.tested)
    assert len(found.board.of((), confirmed=True)) >= 3


def test_what_learns_less_with_every_change_is_left_alone() -> None:
    found = solved(World(harmful=frozenset({SPREAD, PER_FEATURE, *HIGHER, ADAM})))
    assert found.repair == ()
    assert status(found, "sufficient", (SPREAD,)) is Status.HARMFUL


def test_a_set_up_that_is_left_with_half_again_the_error_is_improvable() -> None:
    found = solved(World(ceiling=0.8, gains={RELU: 0.12}))
    assert found.repair == (RELU,)
    repair = found.hypothesis("repair", (RELU,))
    assert repair.errors
    assert repair.status is Status.PROVEN
    found.best_of["hidden-activation"] = (RELU,)  # its cause is told like the repair
    for state, told in (
        (State.IMPROVABLE, Status.PROVEN),
        (State.LEARNING, Status.INCONCLUSIVE),
    ):
        assert status_of(found, "hidden-activation", state)[0] is told


def test_two_points_in_a_hundred_are_not_worth_a_repair() -> None:
    assert solved(World(ceiling=0.96, gains={RELU: 0.015})).repair == ()


def test_what_was_seen_for_certain_is_cured_first_and_nothing_is_proven_around_it() -> None:
    sighted = Suspected("gradients-kept", ((ZEROED,),), sighted=True)
    around = frozenset({ZEROED, *HIGHER})  # a rate × 81 hides it
    found = solved(World((around,)), suspects=(sighted, *SUSPECTS))
    assert found.repair == (ZEROED,)
    assert all(ZEROED in h.arm for h in found.tested if HIGHER[1] in h.arm)


def test_a_fault_seen_for_certain_beside_another_is_part_of_the_repair() -> None:
    sighted = Suspected("gradients-kept", ((ZEROED,),), sighted=True)
    world = World((frozenset({ZEROED}), TARGET), noise=0.01)
    found = solved(world, suspects=(sighted,))
    assert set(found.repair) == {ZEROED, TARGETS}


def test_a_fault_seen_for_certain_is_cured_even_where_another_cure_hides_it() -> None:
    """A rate may make up for a softmax that is applied twice; the softmax goes all the same."""
    sighted = Suspected("loss-mismatch", ((LOGITS,),), sighted=True)
    found = solved(World((RATE,), noise=0.01), suspects=(sighted,))
    assert LOGITS in found.repair
    assert set(found.repair) - {LOGITS} <= RATE


def test_too_few_steps_are_a_fault_too() -> None:
    found = solved(World(needed=400), steps=100)
    assert any(c.part.value == "steps" for c in found.repair)
    assert set(found.repair) <= set(LONGER)


def test_what_was_seen_too_short_is_tried_at_more_steps_than_the_first_cure_has() -> None:
    sighted = Suspected("training-short", ((LONGER[0],), (LONGER[1],)), sighted=True)
    found = solved(World((RATE,), needed=1_000), left=200_000, suspects=(sighted,))
    assert LONGER[1] in found.repair
    assert status(found, "repair", found.repair) is Status.PROVEN


def test_the_twin_has_what_cures_a_suspect() -> None:
    """A start that a usual twin would leave as it is."""
    twin = tuple(c for c in TWIN if c is not GLOROT)
    suspects = (Suspected("dead-units", ((HE,), (GLOROT,))),)
    world = World((frozenset({HE, GLOROT}), RATE), noise=0.01)
    found = solved(world, twin=twin, suspects=suspects)
    assert set(found.repair) & {HE, GLOROT}
    assert set(found.repair) & RATE


def test_a_change_that_cannot_be_tried_is_done_without() -> None:
    world = World((INPUTS, TARGET), refused=frozenset({GLOROT, LOGITS}), noise=0.01)
    assert set(solved(world).repair) == {PER_FEATURE, TARGETS}


def test_diverging_arms_count_as_the_worst_and_no_more() -> None:
    found = solved(World((TARGET,), diverging=frozenset({SPREAD}), noise=0.01))
    assert found.repair == (TARGETS,)
    told = found.hypothesis("sufficient", (SPREAD,)).effect()
    assert told.effect >= -2


def test_parts_that_each_gain_a_little_are_found_together() -> None:
    found = solved(World((INPUTS, TARGET), partial=0.2, noise=0.02))
    assert set(found.repair) == {PER_FEATURE, TARGETS}
    assert status(found, "necessary", (TARGETS,)) is Status.PROVEN


class LuckyOnce(World):
    """Screening sees a change do what no fresh seed sees again."""

    def score(self, ask: Ask) -> Score | None:
        if ask.changes == (SPREAD,) and ask.seed < CONFIRM:
            return Score({"accuracy": 0.9}, {"accuracy": 0.9}, {"accuracy": 0.9})
        return super().score(ask)


def test_what_fresh_seeds_do_not_bear_out_is_given_up_for_another_repair() -> None:
    found = solved(LuckyOnce((RATE,), noise=0.01))
    assert found.board.rejected == {(SPREAD,)}
    assert set(found.repair) <= RATE
    proven = found.hypothesis("repair", found.repair)
    assert proven.status is Status.PROVEN
    assert proven.among == pytest.approx(10)  # a tenth of the error rate: nine pairs, not five
    assert len(proven.pairs) == 9


def test_pairs_that_were_made_before_count_when_the_budget_is_spent() -> None:
    board = Board(Problem((), (), (), (), lambda c: True, 100, 10_000, 0, ("accuracy",)))
    for i in range(5):
        for change, skill in (((), 0.0), ((SPREAD,), 0.9)):
            score = Score({"accuracy": skill}, {"accuracy": skill}, {"accuracy": skill})
            board.scores.setdefault((change, board.steps), {})[CONFIRM + i] = score
    board.left = -1
    repair = Hypothesis("repair", (SPREAD,), (), "accuracy", 0.2)
    assert list(confirmed(board, [repair])) == []  # nothing is asked for
    assert repair.status is Status.PROVEN


def test_attempts_share_the_error_rate() -> None:
    assert sum(SHARES) == pytest.approx(1)
    assert decided(5, 0, 1 / SHARES[0])
    assert all(decided(9, 0, 1 / share) and not decided(8, 0, 1 / share) for share in SHARES[1:])


def test_screening_trials_double_until_the_twin_works() -> None:
    world = World((TARGET,), needed=3_000, noise=0.01)
    found = solved(world, steps=4_000, left=200_000)
    screened = [a.steps for a in world.asked if a.seed < CONFIRM]
    assert min(screened) == 2_500  # what the budget holds eighty times
    assert found.board.steps == 4_000  # the script's own
    assert found.repair == (TARGETS,)
    assert all(a.steps == 4_000 for a in world.asked if a.seed >= CONFIRM)


def test_what_is_left_beside_a_proven_repair_is_tried_on_top_of_it() -> None:
    found = solved(World((TARGET,), gains={LOGITS: 0.08}, noise=0.001))
    assert found.repair == (TARGETS,)
    (left,) = (h for h in found.tested if h.kind == "left")
    assert set(left.arm) - set(left.against) == {LOGITS}
    assert left.against == (TARGETS,)
    assert left.status is Status.PROVEN
    found.best_of["loss-mismatch"] = (LOGITS,)  # whatever it does without the repair
    assert status_of(found, "loss-mismatch", State.STUCK) == (Status.PROVEN, left)


def test_what_gains_on_top_is_put_on_one_after_the_other() -> None:
    found = solved(World((TARGET,), gains={LOGITS: 0.04, RELU: 0.03}, noise=0.001))
    assert found.repair == (TARGETS,)
    first, second = (h for h in found.tested if h.kind == "left")
    assert (set(first.arm), set(first.against)) == ({TARGETS, LOGITS}, {TARGETS})
    assert (set(second.arm), second.against) == ({TARGETS, LOGITS, RELU}, first.arm)
    assert found.whole == second.arm
    assert not {h.seeds for h in (first, second)} & {h.seeds for h in found.tested[:-2]}


class Pair(World):
    """Two changes that gain only together."""

    def score(self, ask: Ask) -> Score | None:
        both = {LOGITS, RELU} <= set(ask.changes)
        return super().score(replace(ask, changes=(*ask.changes, ADAM)) if both else ask)


def test_what_gains_only_together_is_put_on_together_and_nothing_idle_with_it() -> None:
    twin = tuple(c for c in TWIN if c is not ADAM)
    found = solved(Pair((TARGET,), gains={ADAM: 0.08}, noise=0.001), twin=twin)
    assert found.repair == (TARGETS,)
    (both,) = (h for h in found.tested if h.kind == "left")
    assert both.status is Status.PROVEN
    assert set(found.whole) == {TARGETS, LOGITS, RELU}


def test_what_may_gain_beside_a_repair_alone_is_tried_on_top_of_one_and_nowhere_else() -> None:
    world = World((TARGET,), gains={WIDER: 0.08}, noise=0.001)
    found = solved(world, beside=(WIDER,))
    assert found.repair == (TARGETS,)
    assert set(found.whole) == {TARGETS, WIDER}
    assert all(TARGETS in a.changes for a in world.asked if WIDER in a.changes)


def test_nothing_is_put_on_top_of_a_repair_that_leaves_nothing() -> None:
    found = solved(World((TARGET,), gains={LOGITS: 0.02}, noise=0.001))
    assert found.whole == found.repair == (TARGETS,)


def test_a_placebo_is_null() -> None:
    found = solved(World((TARGET,), noise=0.02))
    assert found.placebo is not None
    assert found.placebo.null


def test_no_budget_proves_nothing() -> None:
    found = solved(World((INPUTS, TARGET), noise=0.01), left=10)
    assert all(h.status is Status.INCONCLUSIVE for h in found.tested)


@pytest.mark.parametrize("left", [100 * 60, 100 * 200, 100 * 2_000])
def test_the_budget_is_kept(left: int) -> None:
    world = World((INPUTS, TARGET), noise=0.02)
    solved(world, left=left)
    spent = sum(a.steps for a in world.asked)
    assert spent <= 1.1 * left


def test_error_rate_on_worlds_where_nothing_matters() -> None:
    false = 0
    for i in range(100):
        found = solved(World(ceiling=0.5, noise=0.08 + i * 1e-6))
        false += any(h.status is Status.PROVEN for h in found.tested)
    assert false <= 5  # 5 % of 100


@pytest.mark.parametrize(("ended", "expected"), [(0.2, State.UNKNOWN), (0.6, State.LEARNING)])
def test_what_was_seen_to_learn_far_less_than_others_do_is_undecided(ended, expected) -> None:
    """Ids given as quantities: nothing that is tried learns what counts of them tell."""
    knows = {"accuracy": 0.95, "loss": 0.9}
    world = World((frozenset({LONGER}),), failed=0.2, refused=frozenset({LONGER}))
    found = solved(world, reference=knows, seen=State.LEARNING, ended=ended)
    assert conclusion.state(found) is expected
