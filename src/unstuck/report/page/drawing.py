"""Pictures as SVG that stands in a page: its colours are the page's, so that light, dark and print
are one drawing; its text stays text; and nothing in it is fetched, numbered twice or scripted."""

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from unstuck.records.states import State

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 360, 236  # in CSS pixels: about as wide as a phone, so that text keeps its size
SIZE = 10.5  # of the text, likewise

# Stand-ins: matplotlib wants colours, the page has names for them.
_NAMES = ("ink", "muted", "faint", "before", "after")
INK, MUTED, FAINT, BEFORE, AFTER = (f"#0{i}0{i}0{i}" for i in range(1, 6))


@dataclass(frozen=True)
class Picture:
    """One picture with the judgement that it supports.

    Args:
        name: of the picture, one word.
        title: the judgement.
        svg: the drawing.
        note: how to read it, in a sentence.
    """

    name: str
    title: str
    svg: str
    note: str


@contextmanager
def drawing(height: float = HEIGHT, columns: int = 1) -> "Iterator[tuple[Figure, list[Axes]]]":
    """A figure with so many axes side by side; the user's settings of matplotlib are put back.

    Args:
        height: in pixels.
    """
    import matplotlib
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context("default", after_reset=True), matplotlib.rc_context(_SETTINGS):
        figure = Figure((WIDTH / 72, height / 72), dpi=72, layout="constrained")
        axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
        figure.patch.set_visible(False)
        for one in axes:
            one.patch.set_visible(False)
            one.spines[["top", "right"]].set_visible(False)
        yield figure, axes


_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "unstuck",
    "text.parse_math": False,
    "font.size": SIZE,
    "font.family": ["sans-serif"],
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.labelsize": SIZE,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 1,
    "axes.unicode_minus": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "xtick.labelsize": SIZE,
    "ytick.labelsize": SIZE,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
}


def of_state(state: State) -> str:
    """The colour of a set-up as it is: that of what is to be repaired, unless it learns."""
    return AFTER if state is State.LEARNING else BEFORE


def labelled(
    axes: "Axes", x: float, ends: list[tuple[float, str, str]], bold: str | None = None
) -> None:
    """Names beside the ends of lines, moved apart where they would meet.

    Args:
        x: where they begin.
        ends: (height, name, colour).
        bold: the one that is set larger.
    """
    low, high = axes.get_ylim()
    line = (high - low) * 0.085
    told = sorted(ends)
    tall = [line * (1 + name.count("\n")) * (1.25 if name == bold else 1) for _, name, _ in told]
    at = [value for value, _, _ in told]
    at[0] = max(at[0], low + tall[0] / 2)
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1] + (tall[i - 1] + tall[i]) / 2)
    top = high + line
    for i in reversed(range(len(at))):
        at[i] = min(at[i], top - tall[i] / 2)
        top = at[i] - tall[i] / 2
    for height, (_, name, colour) in zip(at, told, strict=True):
        large: dict[str, Any] = {"fontsize": 13, "fontweight": "bold"} if name == bold else {}
        axes.text(x, height, name, color=colour, va="center", ha="left", **large)


def dots(axes: "Axes", points: Iterable[tuple[float, float]], colour: str, size: float) -> None:
    """Many dots as one short path: lines of no length with round ends."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    both = [point for point in points for _ in range(2)]
    codes = [Path.MOVETO, Path.LINETO] * (len(both) // 2)
    path = Path(both, codes)
    path.should_simplify = False
    axes.add_patch(
        PathPatch(path, fill=False, edgecolor=colour, lw=size, capstyle="round", alpha=0.75)
    )


def svg(figure: "Figure", says: str) -> str:
    """The figure as an element of a page, a few kilobytes long.

    All that is drawn must lie within its axes: nothing is clipped.

    Args:
        says: what is seen, for those who do not see it.
    """
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    height = figure.get_figheight() * 72
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img"'
        f' aria-label="{escape(says)}">{_small(_without_ids(body))}</svg>'
    )


def _without_ids(body: str) -> str:
    """Markers where they are used, not by reference: ids must not meet those of another picture,
    nor of another cell of a notebook."""
    shapes = dict(re.findall(r'<path id="([^"]+)" d="([^"]*)"', body))
    body = re.sub(r"<defs>.*?</defs>", "", body, flags=re.DOTALL)

    def placed(use: "re.Match[str]") -> str:
        shape, x, y = shapes[use[1]], float(use[2]), float(use[3])
        if len(set(re.findall(r"-?[\d.]+", shape))) < 2:  # a tick without length
            return ""
        round_one = re.match(r"M 0 ([\d.]+) C", re.sub(r"\s+", " ", shape))
        if round_one:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{round_one[1]}" style="{use[4]}"/>'
        return f'<path d="{shape}" transform="translate({x:.1f} {y:.1f})" style="{use[4]}"/>'

    body = re.sub(
        r'<use xlink:href="#([^"]+)" x="([^"]+)" y="([^"]+)" style="([^"]*)"/>', placed, body
    )
    return re.sub(r' (?:id|clip-path)="[^"]*"', "", body)


def _small(body: str) -> str:
    """Colours as the page calls them, a tenth of a pixel, the page's own type."""
    body = re.sub(r"#0([1-5])0\1(?:0\1)\b", lambda m: f"var(--{_NAMES[int(m[1]) - 1]})", body)
    body = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{2,}", _tenth, tag[0]), body)
    body = re.sub(r"<g>\s*</g>", "", body)
    body = re.sub(r"font: (?:(\d+) )?([\d.]+)px [^;\"]*", _font, body)
    body = re.sub(r"; stroke-linecap: (square|butt)|; stroke-linejoin: (miter|round)", "", body)
    return re.sub(r">\s+<", "><", re.sub(r"\s+", " ", body)).strip()


def _tenth(found: "re.Match[str]") -> str:
    value = float(found[0])
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 1 else f"{value:.2g}"


def _font(found: "re.Match[str]") -> str:
    weight = f"font-weight: {found[1]}; " if found[1] else ""
    return f"{weight}font-size: {found[2]}px"
