"""The page: one file that needs no other, escaped, with its record in it; a notebook's fragment."""

import gzip
import random
import re
import sys
import warnings
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

import hand_made
from hand_made import CLIPPING, FIX, HOSTILE, MARKUP, PROOF, PROOFS, SOUND, SPREAD, STUCK
from unstuck.errors import NotWritten, UsageError
from unstuck.records.origin import Origin, here
from unstuck.records.proof import Agreement, Trial
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.shape import Distribution
from unstuck.records.states import State
from unstuck.report import as_json
from unstuck.report.diagnosis import NO_PROMISE, NO_PROOF
from unstuck.report.handed import run_record
from unstuck.report.page import page as pages
from unstuck.report.page import rate
from unstuck.report.page.page import UNDRAWN, fragment, page, pictures
from unstuck.report.page.snippet import place
from unstuck.report.reading import record as read
from unstuck.sessions import FixSession, ProofSession, ReportSession

RECORDS = Path(__file__).parent / "records"
REAL = sorted(path.name.removesuffix(".json.gz") for path in RECORDS.glob("*.json.gz"))
VOID = {"br", "meta", "rect", "path", "circle", "line"}
PROOF_KB, MOST_PICTURES = 200, 6


@cache
def real(name):
    """A record of a real run; see `records/make.py`."""
    return read(gzip.decompress((RECORDS / f"{name}.json.gz").read_bytes()).decode(), name)


MADE = {
    **{name: run_record(proof.report, proof) for name, proof in PROOFS.items()},
    "sound": run_record(SOUND),
    "suspected": run_record(STUCK),
    "fixed": run_record(PROOF.report, PROOF, FIX),
    "bare": run_record(hand_made.BARE),
    "beyond": run_record(hand_made.BEYOND),
    "hostile": run_record(HOSTILE),
    "none": RunRecord("0", ()),
    "refused": RunRecord(
        "0", (SubjectRecord(None, "torch", None, State.UNKNOWN, "", refused="it is frozen"),)
    ),
    "two": RunRecord("0", (hand_made.subject(PROOF), hand_made.subject())),
}


class Page(HTMLParser):
    """All elements that were opened, their attributes, and the text outside of styles."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.attributes, self.words = [], [], [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@cache
def of(name):
    return page(MADE[name]) if name in MADE else page(real(name))


@pytest.mark.parametrize("name", [*MADE, *REAL])
def test_a_page_is_well_formed_and_fetches_and_runs_nothing(name):
    source = of(name)
    found = Page(source)
    assert {"link", "img", "iframe", "object", "embed", "form"}.isdisjoint(found.seen)
    assert re.findall(r"<script(.*?)>", source) == [' type="application/gzip" id="unstuck-record"']
    keys = {key for key, _ in found.attributes}
    assert not {k for k in keys if k.startswith("on") or k in ("href", "src", "xlink:href")}
    without_record = re.sub(r"<script.*?</script>", "", source, flags=re.DOTALL)
    assert not re.search(r"url\(|@import|(?<!xmlns=\")https?:", without_record)
    ids = [value for key, value in found.attributes if key == "id"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", REAL)
def test_a_proof_s_page_is_small_and_has_at_most_six_pictures(name):
    assert len(of(name).encode()) <= PROOF_KB * 1_000
    drawn = [picture for subject in real(name).subjects for picture in pictures(subject)]
    assert 1 <= len(drawn) <= MOST_PICTURES
    assert all(picture.title and picture.note for picture in drawn)


def test_the_real_runs_show_every_kind_of_picture():
    drawn = {p.name for name in REAL for s in real(name).subjects for p in pictures(s)}
    assert drawn == {"seeds", "curves", "chain", "cloud", "parts", "rate"}


def test_a_thousand_trials_still_make_a_small_page():
    curve = tuple((step, random.Random(step).random()) for step in range(64))
    trials = tuple(
        Trial((), "as it is", seed, 64, 0.1, 0.1, 0.1, True, curve, curve, 0.4)
        for seed in range(1_000)
    )
    (subject,) = real("stuck").subjects
    many = replace(subject, proof=replace(subject.proof, trials=(*subject.proof.trials, *trials)))
    assert len(page(replace(real("stuck"), subjects=(many,))).encode()) <= PROOF_KB * 1_000


@pytest.mark.parametrize("name", ["hostile", "hostile-proof"])
def test_what_comes_from_outside_is_escaped(name):
    if name == "hostile":
        record = MADE["hostile"]
    else:
        parts = tuple(replace(part, change=MARKUP, says=MARKUP) for part in PROOF.repair.parts)
        proof = replace(
            PROOF,
            report=replace(
                HOSTILE,
                distributions=(Distribution(MARKUP, (0, 1, 2, 3, 4, 5, 6), (0,) * 7),),
            ),
            measure=MARKUP,
            rows=MARKUP,
            notes=(MARKUP,),
            agreement=Agreement(True, MARKUP),
            repair=replace(PROOF.repair, parts=parts, says=MARKUP),
        )
        fixed = replace(FIX, code=f"{MARKUP}\n</pre>")
        record = replace(run_record(proof.report, proof, fixed), origin=Origin(MARKUP, MARKUP))
    for source in (page(record), fragment(record)):
        outside = re.sub(r"<script type=\"application/gzip\".*?</script>", "", source)
        assert "<script" not in outside
        assert Page(source).text.count(MARKUP) >= 8


def test_the_first_screen_says_what_how_sure_and_what_to_do():
    told = Page(of("fixed")).text
    for part in (
        "It does not learn: inputs spread over far more than about 1.",
        "10.5 %",
        "83.1 %",
        "Proven on 6 seeds: +72.6 points better (95 % interval: +70.6 to +74.6).",
        "A placebo, a change that cannot matter, made no difference.",
        "Measured before training: input size 124; expected inputs of a size about 1",
        "To do: inputs divided by their standard deviation and the loss computed from logits",
        "x = x / x.std()",
    ):
        assert part in told, part
    assert told.index("83.1 %") < told.index("x = x / x.std()") < told.index("Refuted")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = x / x.std()", "where your own x exists."),
        ("x_std = x.std()\nx = x / x_std", "where your own x exists."),
        ("model = Scaled(model, 3)", "where your own Scaled and model exist."),
        (
            "import torch\n\noptimizer = torch.optim.Adam(model.parameters(), lr=0.1)",
            "before training, in place of your own optimizer, where your own model exists.",
        ),
        ("for layer in model.layers:\n    layer.trainable = True", "where your own model exists."),
        ("def f(a):\n    return a\n\nx, y = f(x), max(y)", "where your own x and y exist."),
        ("import keras\n\nkeras.config.set_floatx('float32')", "Put it before training."),
        ("(no code", "Put it before training."),
    ],
)
def test_a_snippet_s_place_names_what_is_the_reader_s_own(code, says):
    assert place(code).endswith(says)


def test_how_a_fix_is_used_and_whether_it_was_verified():
    told = Page(of("fixed")).text
    assert "Put it before training, where your own" in told
    assert f"On {FIX.after.n} more seeds, run as it stands, it learns." in told
    doubtful = replace(FIX, verified=False)
    assert "It is not verified." in Page(page(run_record(PROOF.report, PROOF, doubtful))).text


def test_rates_of_which_none_learns_are_not_told_to_learn():
    (subject,) = real("rate").subjects
    poor = tuple(replace(t, skill=0.0) for t in subject.proof.trials)
    assert rate.picture(subject.proof).title.endswith("is below those that learn")
    assert rate.picture(replace(subject.proof, trials=poor)).title.startswith("At none of")


def test_what_stands_against_what_where_nothing_is_wrong():
    (subject,) = real("healthy").subjects
    changed = next(t for t in subject.proof.trials if t.changes not in ((), ("placebo",)))
    assert re.search(
        rf"Compared: \d trials as it is and \d with {re.escape(changed.says)}, judged on",
        Page(of("healthy")).text,
    )


def test_a_diagnosis_says_that_it_is_no_proof():
    told = Page(of("suspected")).text
    for part in (
        f"Suspected: {SPREAD.title}, and 1 more.",
        NO_PROOF,
        "looked at 2,048 of 60,000 examples in 0.9 s",
        SPREAD.mechanism,
        CLIPPING.mechanism,
        "LeCun 1998",
        "149 → 1.6",
        SPREAD.cure,
        "hooks are left out",
        "All 9 probes",
        "dense_1: 0.00112",
        "not measured",
    ):
        assert part in told, part
    assert NO_PROMISE in Page(of("sound")).text


def test_each_state_has_words_of_its_own():
    says = {
        "learns": "Nothing is wrong",
        "improvable": "can do clearly better",
        "diverged": "grow beyond all bounds",
        "nothing": "nothing to learn",
        "unknown": "Undecided",
        "not-trusted": "Not proven",
        "disagrees": "Not judged",
        "no-cause": "No cause is proven",
        "refused": "it is frozen",
        "none": "No training was seen",
    }
    for name, words in says.items():
        assert words in Page(of(name)).text, name


def test_refuted_suspects_are_folded_and_not_hidden():
    source = of("fixed")
    folded = source[source.index("<details><summary>Refuted") :]
    assert CLIPPING.title in folded[: folded.index("What the trials say")]
    assert SPREAD.mechanism not in folded
    assert SPREAD.mechanism in source


def test_a_patch_is_told_apart_by_more_than_its_colours():
    patch = "--- a/t.py\n+++ b/t.py\n@@ -1 +1 @@\n-lr=10\n+lr=1\n"
    record = RunRecord("0", (hand_made.subject(PROOF, patch=patch, cured=True),))
    source = page(record)
    assert "<del>-lr=10</del>" in source
    assert "<ins>+lr=1</ins>" in source
    assert "<i>--- a/t.py</i><i>+++ b/t.py</i><i>@@ -1 +1 @@</i>" in source
    assert "git apply" in source
    assert "The patched copy was run, and learns." in source


def test_how_to_repeat_it():
    told = Page(of("stuck")).text
    report = PROOF.report
    record = run_record(replace(report, fingerprint="00ff"), None, None, "unstuck diagnose 'a b'")
    told = Page(page(record)).text
    assert "unstuck diagnose 'a b'" in told
    assert "SHA-256 00ff" in told
    assert f"Python {here().python}" in told
    seeds = [replace(PROOF.trials[0], seed=seed) for seed in (2000, 2001, 2002, 7)]
    told = Page(page(run_record(report, replace(PROOF, trials=tuple(seeds))))).text
    assert "7, 2000–2002" in told


@pytest.mark.parametrize("name", [*REAL, "two", "fixed", "none", "refused"])
def test_the_record_is_in_the_page(name):
    record = MADE[name] if name in MADE else real(name)
    again = read(page(record), "page.html")
    if all(len(s.proof.trials) <= 8 for s in record.subjects if s.proof):
        assert as_json.to_json(again) == as_json.to_json(record)
    for before, after in zip(record.subjects, again.subjects, strict=True):
        assert (after.says, after.fix, after.report is None) == (
            before.says,
            before.fix,
            before.report is None,
        )
        if before.proof is not None:
            scores = [[(t.changes, t.seed, t.skill) for t in s.proof.trials]
                      for s in (before, after)]  # fmt: skip
            assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<p>no record</p>", "holds no record"),
        ('<script type="application/gzip" id="unstuck-record">AAAA</script>', "holds no record"),
        ("{}", "is not such a record: unstuck: Field required"),
        ("{", "is not such a record"),
        ('{"unstuck": "0", "subjects": [], "schema": 1}', "has schema 1"),
    ],
)
def test_what_is_no_record_is_refused_in_words(text, says):
    with pytest.raises(UsageError, match=re.escape(says)):
        read(text, "a.html")


def test_without_matplotlib_a_page_says_so(monkeypatch):
    monkeypatch.setattr(pages, "find_spec", lambda name: None)
    source = page(MADE["fixed"])
    assert UNDRAWN in source
    assert "<svg" not in source


def test_drawing_leaves_the_user_s_settings_and_random_state_as_they_were():
    import matplotlib

    kept = matplotlib.rcParams["font.size"]
    try:
        matplotlib.rcParams["font.size"] = 31.0
        matplotlib.rcParams["axes.facecolor"] = "red"
        state, filters = random.getstate(), list(warnings.filters)
        mine = {key: matplotlib.rcParams[key] for key in ("font.size", "axes.facecolor")}
        source = ProofSession(PROOF, None)._repr_html_()
        assert {key: matplotlib.rcParams[key] for key in mine} == mine
        assert (random.getstate(), list(warnings.filters)) == (state, filters)
        assert "font-size: 31" not in source
        assert "matplotlib.pyplot" not in sys.modules or "pyplot" not in source
    finally:
        matplotlib.rcParams["font.size"] = kept
        matplotlib.rcParams["axes.facecolor"] = "white"


@pytest.mark.parametrize("name", ["fixed", "suspected", "sound", "stuck"])
def test_a_fragment_stays_within_itself(name):
    source = fragment(MADE.get(name) or real(name))
    found = Page(source)
    assert {"html", "body", "script", "link", "img", "iframe", "main"}.isdisjoint(found.seen)
    assert "id" not in {key for key, _ in found.attributes}
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
    selectors = re.findall(r"^\s*([^@\s}][^{}]*)\{", style, re.MULTILINE)
    assert len(selectors) > 40
    assert all(
        one.strip().startswith(".unstuck") or one.strip().split()[-1].startswith(".unstuck")
        for selector in selectors
        for one in selector.split(",")
    )


def test_sessions_show_the_same_and_write_a_page(tmp_path):
    for session in (
        ReportSession(STUCK, None),
        ProofSession(PROOF, None),
        FixSession(FIX, None, PROOF),
    ):
        session.html(tmp_path / "page.html")
        source = (tmp_path / "page.html").read_text("utf-8")
        headline = re.search(r"<h1>(.*?)</h1>", source)[1]
        assert headline in session._repr_html_()
        assert as_json.to_json(read(source, "page.html").subjects[0].report) == as_json.to_json(
            session.record if session.record is STUCK else PROOF.report
        )
    assert "x = x / x.std()" in source
    with pytest.raises(NotWritten, match="cannot write"):
        session.html(tmp_path / "nowhere" / "page.html")
    with pytest.raises(NotWritten, match=r"'a\\x00b'(.|\n)*the name of a file"):
        session.html("a\0b")
