"""What must come out for each program, and why.

Names of changes and causes may be given by their beginning: "learning-rate-times" is any higher
rate. Where several changes do the same service, each is right.
"""

from dataclasses import dataclass

# Changes that do the same service.
HIGHER = ("learning-rate-times", "optimizer-adam", "steps-times")
LOWER = ("learning-rate-over", "optimizer-adam")
LONGER = ("steps-times", "learning-rate-times", "optimizer-adam")
INPUTS = ("inputs-", "features-", "batch-normalization", "normalization")
BOUNDED = ("output-linear", "loss-squared")  # an output that cannot reach its targets
ONE_UNIT = ("loss-crossentropy", "loss-from-logits", "output-", "loss-squared")
LEARNS = ("learning",)
OLD = {"options": ("--compat",)}  # names that Keras no longer has
FAILS = ("stuck", "diverged")


@dataclass(frozen=True)
class Program:
    """One program.

    Args:
        file: under `tests/real`.
        states: of its last subject that is judged; each is right. () where none may be told.
        repair: each tuple is one part that the repair must have, by any of these changes.
        not_by: changes that the repair must not have: they would hide the fault.
        causes: that must be proven or seen.
        status: exit status.
        told: what stderr must hold.
        options: of `unstuck run`, beside `--prove` and `--json`.
        needs: beside torch.
    """

    file: str
    states: tuple[str, ...] = LEARNS
    repair: tuple[tuple[str, ...], ...] = ()
    not_by: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    status: int = 0
    told: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needs: str = "keras"

    @property
    def healthy(self) -> bool:
        return self.file.startswith("healthy/")


def learns(file: str, *states: str, **others) -> Program:
    """Nothing is suspected, proven or patched."""
    return Program(f"healthy/{file}.py", states or LEARNS, **others)


def fails(file: str, *repair: tuple[str, ...], states=FAILS, status=11, **others) -> Program:
    """A repair is found that has these parts."""
    return Program(f"stuck/{file}.py", states, repair, status=status, **others)


HEALTHY = (
    # The target is the input: a label that the loss does not read is nobody's target.
    learns("01_vae_labelled_loader", "learning", "slow"),
    learns("01_autoencoder_keras"),
    learns("01_denoising_loader"),
    # Their losses say nothing about learning: no state, and the reason.
    learns("03_reinforce_episodes", "unknown"),
    learns("03_bandit_policy", "unknown"),
    learns("03_gan", "unknown"),
    # Loops of JAX and TensorFlow, and processes: seen, if no more.
    learns("05_optax_loop", "learning", needs="optax"),
    learns("05_optax_minibatches", "learning", needs="optax"),
    learns("06_gradient_tape", "learning", needs="tensorflow"),
    learns("06_gradient_tape_function", "learning", needs="tensorflow"),
    learns("05_optax_huber", "learning", needs="optax"),
    learns("07_mp_spawn", "learning"),
    # What is done around a step is replayed.
    learns("08_grad_scaler"),
    learns("08_accumulated"),
    learns("19_manual_warmup"),
    learns("19_warmup_lambda"),
    learns("19_warmup_callback_keras"),
    learns("21_clip_grad_norm"),
    learns("21_clip_grad_value"),
    learns("21_clipnorm_keras"),
    learns("25_lightning_clip", needs="lightning"),
    # A target at every position; masked ones.
    learns("12_lm_not_proven"),
    learns("12_next_letter_keras"),
    learns("30_ignore_class_keras"),
    # Nothing can be learnt there: never "learning".
    learns("30_ignore_index_knowing_nothing", "nothing-to-learn", "unknown", "slow"),
    # At the end before it begins.
    learns("13_resumed_from_checkpoint"),
    learns("13_fitted_twice_keras"),
    # Judged by what the script is after.
    learns("15_faint_signal"),
    learns("15_faint_signal_sklearn", needs="sklearn"),
    learns("23_matrix_factorization"),
    learns("26_weighted_sampler"),
    learns("26_class_weight_keras"),
    learns("26_pos_weight"),
    learns("28_quantile"),
    learns("28_quantile_keras"),
    learns("28_three_quantiles"),
    # Raw inputs and targets that the model's own layers bring to size.
    learns("32_accumulation_layernorm"),
    learns("33_normalization_layers"),
    # A range test is meant to blow up; the real training comes after it.
    learns("17_lr_range_test"),
    learns("17_range_test_callback_keras"),
    # Their looks take no longer than their training: see `test_a_look_is_quick`.
    # Their hundred steps end where knowing nothing does: what counts is the look's time.
    learns("31_slow_look_at_lstm", *LEARNS, "unknown", "improvable", "slow", "stuck"),
    learns("31_slow_look_at_lstm_keras", *LEARNS, "improvable", "slow"),
    learns("31_slow_look_at_transformer", *LEARNS, "unknown", "improvable", "slow", "stuck"),
)

STUCK = (
    # Every input there is: judged on whether it fits.
    fails("01_tiny_heldout", HIGHER),
    fails("01_and_gate", HIGHER),
    # 0..100 out of a sigmoid: the output, and what the targets then need.
    fails("02_budget_unspent", BOUNDED),
    fails("02_sigmoid_for_degrees", BOUNDED),
    fails("12_patch_by_counted_name", BOUNDED),
    fails("12_model_by_function", BOUNDED),
    # A softmax of one unit is 1 whatever happens.
    fails("05_boolean_targets", ONE_UNIT, INPUTS),
    fails("05_softmax_of_one", ONE_UNIT),
    fails("10_targets_of_three_axes", ONE_UNIT),
    fails("10_softmax_at_every_step", ONE_UNIT),
    fails("07_rate_3_not_suspected", LOWER, states=("diverged",)),
    fails("07_rate_30", LOWER, states=("diverged", "stuck")),
    # Too few steps, or too small ones.
    fails("08_slow_with_known_cure", LONGER, states=("stuck", "slow")),
    fails("08_few_iterations_sklearn", LONGER, states=("stuck", "slow"), needs="sklearn"),
    # Two and three faults at once: scales of features and targets, and shapes.
    fails("14_house_prices_two_faults", ("targets-shaped",), not_by=("labels-recoded",)),
    fails("14_wages_wrong_shape", ("targets-shaped",), not_by=("labels-recoded",)),
    fails("14_house_prices_keras", INPUTS, states=("stuck", "improvable", "slow")),
    # Faults of the loop: cured themselves, not hidden by a rate or a scaler.
    fails("15_no_zero_grad", ("gradients-zeroed",), not_by=("learning-rate",)),
    fails("15_zeroed_at_the_end", ("gradients-zeroed",), not_by=("learning-rate",)),
    fails("16_list_of_layers", ("unfrozen",), not_by=("learning-rate", "inputs-", "optimizer-")),
    fails("16_dictionary_of_layers", ("unfrozen",), not_by=("learning-rate", "optimizer-")),
    fails("17_optimizer_of_another_model", ("unfrozen",), not_by=("learning-rate",)),
    fails("17_new_head", ("unfrozen",), not_by=("learning-rate",)),
    fails(
        "18_labels_1_to_7",
        ("labels-recoded",),
        states=("stuck", "diverged", "improvable"),
        not_by=("learning-rate",),
    ),
    fails("18_digits_1_to_10", ("labels-recoded",), states=("stuck", "diverged", "improvable")),
    fails("19_scheduler_per_batch", ("schedule-per-epoch", "rate-constant")),
    fails("19_exponential_per_batch", ("schedule-per-epoch", "rate-constant")),
    # As they are asked about: several faults at once, old names among them.
    fails("40_square_of_hundreds", INPUTS, ("targets-standardized",), **OLD),
    fails("41_raw_images_into_sigmoids", (*INPUTS, *HIGHER, "initial-"), **OLD),
    fails("42_softmax_of_one_on_images", ONE_UNIT, **OLD),
    fails("43_layers_without_activation", ("activation-",), **OLD),
    fails("44_circles_at_a_tiny_rate", INPUTS, HIGHER, **OLD),
    fails("45_relu_for_negative_targets", BOUNDED, INPUTS, **OLD),
    fails("46_wine_by_absolute_error", INPUTS, **OLD),
    fails("47_series_into_a_sigmoid", BOUNDED, **OLD),
    fails("48_relu_before_crossentropy", ONE_UNIT, LOWER, states=("diverged", "stuck"), **OLD),
    fails("49_fizzbuzz", LONGER, **OLD),
    fails("50_xor_at_a_small_rate", HIGHER, states=("stuck", "slow"), **OLD),
    fails("51_fares_and_ages", HIGHER),
    fails("52_softmax_before_crossentropy", ("loss-from-logits",)),
    fails("53_sine_of_hundreds", INPUTS, ("targets-standardized",), states=("stuck", "slow")),
    fails("54_raw_images_at_a_high_rate", (*INPUTS, *LOWER), states=("stuck", "diverged")),
    fails("60_line_with_large_x", (*INPUTS, *LOWER), states=("diverged",)),
    fails("61_ten_sigmoid_layers", ("activation-",)),
    fails("62_loss_wrapped_anew", ("loss-itself",), causes=("loss-detached",)),
    fails("63_step_before_backward", ("step-behind-backward",), causes=("step-before-backward",)),
    fails("64_zero_kernels", ("initial-",)),
    fails("65_strong_penalty", ("no-penalty", "optimizer-adam")),
    fails("66_sigmoid_twice", ONE_UNIT, states=("stuck", "slow")),
    fails("67_lstm_on_prices", ("targets-standardized",)),
    fails("68_cancer_sklearn", INPUTS, states=("stuck", "slow"), needs="sklearn"),
    fails("69_regressor_of_incomes", (*INPUTS, "targets-"), needs="sklearn"),
    fails("70_autoencoder_out_of_range", BOUNDED, states=("stuck", "slow")),
    fails("71_one_hot_with_sigmoid_mse", LONGER),
    fails("72_dropout_of_nine_tenths", ("no-dropout",)),
    fails("73_net_that_is_frozen", ("unfrozen",)),
    fails("74_adam_at_three_tenths", LOWER, states=("stuck", "diverged")),
    # Layers without an activation between them, and the sigmoid twice.
    fails("75_no_activations", ("activation-",), states=("stuck", "slow")),
    # Sorted by class, and the last third held out: a class that training never sees.
    fails(
        "76_sorted_validation_split",
        ("splits-mixed",),
        causes=("split-by-class",),
        states=("slow", "stuck"),
    ),
    fails("77_car_prices_sklearn", INPUTS, ("targets-standardized",), needs="sklearn"),
    # JAX: kernels of zeros behind a clipping of nearly all; a sigmoid for targets beyond it.
    fails("78_jax_zeros_and_clip", ("initial-",), ("optimizer-adam",), needs="optax"),
    fails("79_jax_sigmoid_output", ("output-linear",), ("initial-",), needs="optax"),
    # A rate that an own schedule brings to nothing within an epoch.
    fails("80_rate_decays_away", HIGHER, states=("slow", "stuck")),
    # A cross-entropy of classes over one unit, and inputs of 1e-6 and 1e6.
    fails("81_classes_of_one_unit", INPUTS, ("loss-crossentropy",), causes=("loss-mismatch",)),
    fails("82_negated_r2", ("loss-squared",), causes=("loss-negated",)),
    fails("83_images_rate_high", (*LOWER, *INPUTS)),
    # An LSTM that takes the batch for time.
    fails(
        "84_lstm_time_first", ("batch-first",), causes=("examples-mixed",), states=("stuck", "slow")
    ),
    # Pixels of 0 to 16 to a sigmoid and a cross-entropy, which then has no least value.
    fails(
        "85_subclassed_autoencoder_keras",
        ("loss-squared", "output-linear"),
        not_by=("network-plain",),
        states=("stuck", "slow", "diverged", "improvable"),
    ),
    fails(
        "86_one_example_at_a_time",
        INPUTS,
        ("targets-standardized",),
        states=("stuck", "slow", "diverged"),
    ),
    fails("87_dead_start_low_rate", ("initial-",), HIGHER),
    # Dozens of zeros behind each sentence; ids divided by their largest; a sign.
    fails("88_padding_behind", ("padding-in-front",), causes=("padding-behind",)),
    fails(
        "89_new_head_by_the_same_function",
        ("unfrozen",),
        causes=("optimizer-of-another-model",),
    ),
    fails("90_ids_scaled_keras", ("ids-whole",), causes=("id-fractions",)),
    fails("91_jax_likelihood_minimized", ("loss-sign",), causes=("loss-negated",), needs="optax"),
    # skorch's own criterion takes probabilities.
    fails(
        "92_skorch_without_softmax",
        ("loss-from-logits",),
        causes=("loss-mismatch",),
        states=("slow", "stuck", "diverged"),
        needs="skorch",
    ),
    # An autoencoder whose encoder gets no gradient.
    fails(
        "93_codes_detached",
        ("attached",),
        causes=("loss-detached",),
        states=("slow", "stuck", "improvable"),
    ),
    # A loss that broadcasts (n,) against (n, 1), by which nothing could be learnt.
    fails("94_jax_broadcast_and_decay", ("targets-shaped",), not_by=("labels-",), needs="optax"),
    # Targets of tens of thousands, for which more steps are half a cure.
    fails("95_salaries_sklearn", ("targets-standardized",), needs="sklearn"),
    # Ratings of 1 to 5 into a product of embeddings around 0: worse than one constant.
    fails("23_recommender_keras", ("targets-standardized",), states=("improvable",)),
    # A data set that makes its rows itself; a descent written out, which blows up and dies.
    fails("96_heights_of_waves", ("targets-shaped",), not_by=("labels-",)),
    fails("97_jax_blows_up_and_dies", (*LOWER, *INPUTS), states=("diverged", "stuck")),
    # More classes than outputs can tell apart.
    fails(
        "98_one_unit_for_ten_digits_keras",
        ("output-unit-a-class",),
        causes=("outputs-few",),
        needs="tensorflow",
    ),
    fails(
        "99_one_unit_for_three_species",
        ("output-unit-a-class",),
        causes=("outputs-few",),
        states=("slow", "stuck"),
    ),
    fails("100_no_backward", ("loss-differentiated",), causes=("backward-missing",)),
    # Any number of tags may be right, and a softmax lets one win.
    fails(
        "101_tags_that_share_a_softmax",
        ("output-sigmoid", "loss-from-logits"),
        causes=("loss-mismatch",),
        states=("slow", "stuck"),
    ),
    # A data set whose arrays are not in sight: inputs are scaled where the network begins.
    fails("102_pixels_in_a_data_set_of_its_own", INPUTS, causes=("input-spread",)),
    # Nothing is left lying: the rate is mended, and the softmax goes too.
    fails("20_softmax_twice_and_slow", HIGHER, ("loss-from-logits",)),
)

# Told in words: what cannot be tried; removed names, where what each message names exists and the
# script's own failure is the status.
REMOVED = (
    Program("healthy/10_keras_backend_variable.py", (), status=1, told=("keras.Variable",)),
    Program("stuck/13_removed_names.py", (), status=1, told=("keras.Function",)),
)

# Trained in a few seconds, so that a look may take at most three.
LOOKS = (
    "31_slow_look_at_lstm",
    "31_slow_look_at_lstm_keras",
    "31_slow_look_at_transformer",
)
LOOK_S = 3.0
