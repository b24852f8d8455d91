"""A small chart of curves for the terminal."""

from collections.abc import Mapping, Sequence


def curves(
    lines: Mapping[str, Sequence[float]], title: str, width: int = 72, height: int = 14
) -> str:
    """Curves over epochs as plain text, one marker a line, with a legend.

    Args:
        lines: name -> one value an epoch, shares from 0 to 1; drawn in percent.
        title: written above.
        width, height: of the plot area, in characters.
    """
    import uniplot

    return str(
        uniplot.plot_to_string(
            ys=[[100 * v for v in values] for values in lines.values()],
            xs=[list(range(1, len(values) + 1)) for values in lines.values()],
            legend_labels=list(lines),
            lines=True,
            y_min=0,
            y_max=100,
            y_unit=" %",
            x_gridlines=[],
            y_gridlines=[],
            title=title,
            width=width,
            height=height,
            color=False,
            character_set="ascii",
        )
    )
