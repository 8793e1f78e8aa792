"""The pictures of a film: paths that grow, and beside them what the network answers so far.

Takes what a film shows (`filmed`), gives one picture after the other as RGBA. Nothing is drawn
twice that stays: new pieces of the paths go onto a sheet that is kept, and so do names.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from signpaths.report.drawing.labels import name_signs
from signpaths.report.drawing.scene import last_points, middles
from signpaths.report.drawing.style import COLOURS, MARKERS, TIME_COLOURS
from signpaths.report.filmed import Filmed, chosen, pieces, position, shares
from signpaths.stability.verdicts import COMES, STAYS
from signpaths.wording import PERCENT, counted, number, percent, printable

WIDTH, HEIGHT, FILM_DPI = 1280, 720, 100
# The examples that are followed one by one.
FOLLOWED = 9
# Right and wrong differ in colour and shape; the colours are those of verdicts.
RIGHT, WRONG = COLOURS[STAYS], COLOURS[COMES]
DISC, DIAMOND = MARKERS[STAYS], MARKERS[COMES]
INK, SOFT, TRACK = "#1A1A1A", "#5C5C5C", "#E9E9E9"
# Edges of the column beside the plane, and of what stands in it, in shares of the picture.
LEFT, RIGHT_EDGE, ANSWERS = 0.690, 0.982, 0.815
FIRST_ROW, ROW = 0.437, 0.0475


def draw_film(
    filmed: Filmed, moments: np.ndarray, axis_labels: list[str], note: str
) -> Iterator[np.ndarray]:
    """Draw a film.

    Parameters
    ----------
    filmed
        What it shows.
    moments
        The time of every picture, in steps from 0, ascending.
    axis_labels
        Of the plane's two axes.
    note
        What is shown, for a corner: study, network, space.

    Yields
    ------
    numpy.ndarray
        A picture, uint8 `(HEIGHT, WIDTH, 4)`; it is overwritten by the next.
    """
    screen = _Screen(filmed, axis_labels, note)
    before = 0.0
    for moment in moments:
        screen.grow(before, float(moment))
        yield screen.picture(float(moment))
        before = float(moment)


class _Screen:
    """The canvas, with what is kept from one picture to the next."""

    def __init__(self, filmed: Filmed, axis_labels: list[str], note: str) -> None:
        self.filmed = filmed
        self.steps = filmed.answer.shape[1]
        self.figure = Figure(figsize=(WIDTH / FILM_DPI, HEIGHT / FILM_DPI), dpi=FILM_DPI)
        self.canvas = FigureCanvasAgg(self.figure)
        self.ends = last_points(filmed.path)
        _headings(self.figure, filmed, note)
        self.plane = _plane(self.figure, filmed, axis_labels)
        examples = chosen(filmed, FOLLOWED)
        self.names = _names(self.figure, self.plane, filmed, self.ends, self.ends[examples])
        self.heads = _Heads(self.plane, filmed, self.ends)
        self.clock = _Clock(self.figure, self.steps)
        self.curves = _Curves(self.figure, filmed)
        self.rows = _Rows(self.figure, self.plane, filmed, self.ends, examples)
        self.canvas.draw()
        self.renderer: Any = self.canvas.get_renderer()
        self.kept = self.canvas.copy_from_bbox(self.figure.bbox)
        self.sheet = RendererAgg(WIDTH, HEIGHT, FILM_DPI)

    def grow(self, start: float, end: float) -> None:
        """Add to the kept picture what the paths go between two moments."""
        many = min(1.0, len(self.filmed.path) / 2500)
        self.canvas.restore_region(self.kept)
        for middle, lines in pieces(self.filmed.path, start, end):
            # One line with gaps is drawn in a fifth of the time that a collection takes.
            gaps = np.pad(lines, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)
            added = Line2D(
                *gaps.reshape(-1, 2).T,
                color=TIME_COLOURS(middle / max(self.steps - 1, 1)),
                lw=1.1 - 0.55 * many,
                alpha=0.75 - 0.3 * many,
                solid_capstyle="butt",
                transform=self.plane.transData,
            )
            added.set_figure(self.figure)
            self._draw([added])
        self.kept = self.canvas.copy_from_bbox(self.figure.bbox)

    def picture(self, moment: float) -> np.ndarray:
        """Draw what a moment has of its own over the kept picture."""
        step = int(moment)
        self._draw(self.heads.at(moment, step))
        for last in [one for one in self.names if one <= step]:
            for artist in self.names.pop(last):
                artist.draw(self.sheet)
        context = self.sheet.new_gc()
        self.renderer.draw_image(context, 0, 0, np.asarray(self.sheet.buffer_rgba())[::-1])
        for moving in (self.clock, self.curves, self.rows):
            self._draw(moving.at(moment, step))
        return np.asarray(self.canvas.buffer_rgba())

    def _draw(self, artists: Sequence[Artist]) -> None:
        for artist in artists:
            artist.draw(self.renderer)


def _headings(figure: Figure, filmed: Filmed, note: str) -> None:
    signs = len(np.unique(filmed.label))
    figure.text(
        0.018,
        0.948,
        f"{counted(len(filmed.label), 'example')} of {counted(signs, 'sign')}, "
        "and what the network takes them for",
        fontsize=14,
        color=INK,
    )
    figure.text(0.018, 0.026, _Cut(figure, 8.5).to(note, 0.652), fontsize=8.5, color=SOFT)
    for x, marker, colour, size, text in (
        (0.024, DISC, RIGHT, 6, "an example whose answer is right at this step"),
        (0.312, DIAMOND, WRONG, 6, "one whose answer is wrong"),
    ):
        figure.add_artist(_mark(figure, x, 0.921, marker, colour, size))
        figure.text(x + 0.009, 0.921, text, fontsize=9.5, color=INK, va="center_baseline")


def _mark(figure: Figure, x: float, y: float, marker: str, colour: str, size: float) -> Line2D:
    return Line2D(
        [x], [y], marker=marker, color=colour, ms=size, ls="none", transform=figure.transFigure
    )


def _plane(figure: Figure, filmed: Filmed, axis_labels: list[str]) -> Any:
    axes = figure.add_axes((0.035, 0.105, 0.635, 0.785))
    points = filmed.path[np.isfinite(filmed.path).all(axis=2)]
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.03)
    axes.update_datalim(points)
    axes.autoscale_view()
    # The axes have no unit, and numbers on them would tell nothing.
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(visible=True, color="#CFCFCF", linewidth=0.8)
    axes.set_xlabel(axis_labels[0], fontsize=8.5, color=SOFT, loc="right")
    axes.set_ylabel(axis_labels[1], fontsize=8.5, color=SOFT, loc="top")
    return axes


def _names(
    figure: Figure, axes: Any, filmed: Filmed, ends: np.ndarray, followed: np.ndarray
) -> dict[float, list[Artist]]:
    """Write the names of the signs, to be seen once half of a sign's examples have ended.

    They keep clear of where the followed examples `(example, dim)` end.

    Returns
    -------
    What is drawn, by the step from which it is seen.
    """
    present = np.unique(filmed.label)
    of_sign = [filmed.label == sign for sign in present]
    names = [str(filmed.signs[sign]) for sign in present]
    anchors = middles(ends, filmed.label, present.tolist())
    many = min(1.0, len(present) / 94)
    drawn = name_signs(
        figure,
        axes,
        names,
        anchors,
        fontsize=11 - 3.2 * many,
        note="Every example begins at time step 1; a name stands where a sign's examples end",
        colour=INK,
        avoid=followed,
    )
    found: dict[float, list[Artist]] = {}
    for one, artists in zip(of_sign, drawn, strict=True):
        for artist in artists:
            artist.set_animated(True)
        found.setdefault(float(np.median(filmed.ends[one])), []).extend(artists)
    return found


class _Heads:
    """Where the examples are, and whether the network's answer is right there."""

    def __init__(self, axes: Any, filmed: Filmed, ends: np.ndarray) -> None:
        self.filmed, self.ends = filmed, ends
        size = 30 - 20 * min(1.0, len(ends) / 2500)
        self.marks = [
            (right, axes.scatter([], [], s=s, c=colour, marker=marker, lw=0.35, edgecolor="white"))
            for right, s, colour, marker in (
                (False, 1.25 * size, WRONG, DIAMOND),
                (True, size, RIGHT, DISC),
            )
        ]
        for _, marks in self.marks:
            marks.set_animated(True)

    def at(self, moment: float, step: int) -> list[Artist]:
        heads = heads_at(self.filmed.path, self.ends, moment)
        right = self.filmed.right[:, step]
        for kind, marks in self.marks:
            marks.set_offsets(heads[right == kind])
        # The fewer lie above the many.
        mostly_right = bool(right.mean() > 0.5)
        return [marks for kind, marks in sorted(self.marks, key=lambda one: one[0] != mostly_right)]


def heads_at(path: np.ndarray, ends: np.ndarray, moment: float) -> np.ndarray:
    """Give where the examples are `(example, dim)`; one that has ended stays at its end."""
    now = position(path, moment)
    return np.where(np.isfinite(now), now, ends)


class _Clock:
    """The time step, over a bar in the colours of the paths."""

    def __init__(self, figure: Figure, steps: int) -> None:
        self.steps = steps
        self.text = figure.text(LEFT, 0.948, "", fontsize=14, color=INK, animated=True)
        axes: Any = figure.add_axes((LEFT, 0.912, RIGHT_EDGE - LEFT, 0.018))
        axes.imshow(
            np.linspace(0, 1, 256)[None], cmap=TIME_COLOURS, aspect="auto", extent=(0, 1, 0, 1)
        )
        axes.axis("off")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        self.ahead = Rectangle((0, 0), 1, 1, fc=TRACK, lw=0, animated=True)
        axes.add_patch(self.ahead)

    def at(self, moment: float, step: int) -> list[Artist]:
        self.text.set_text(f"Time step {step + 1} of {self.steps}")
        done = moment / (self.steps - 1) if self.steps > 1 else 1.0
        self.ahead.set(x=done, width=1 - done)
        return [self.text, self.ahead]


class _Curves:
    """The share of examples that are answered rightly, as it grows."""

    def __init__(self, figure: Figure, filmed: Filmed) -> None:
        top = 0.872
        figure.text(
            LEFT, top, "Share of examples answered rightly", fontsize=11, color=INK, va="top"
        )
        axes: Any = figure.add_axes((LEFT + 0.036, 0.575, RIGHT_EDGE - LEFT - 0.145, 0.25))
        steps = filmed.answer.shape[1]
        axes.set(xlim=(1, max(steps, 2)), ylim=(0, 1))
        axes.set_yticks([0, 0.5, 1], [f"{share}{PERCENT}" for share in (0, 50, 100)])
        axes.set_xticks([1, steps] if steps > 1 else [1])
        axes.tick_params(labelsize=8, colors=SOFT, length=2, pad=2)
        axes.spines[:].set_color("#BBBBBB")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("time step", fontsize=8, color=SOFT, labelpad=-8)
        self.axes, self.curves = axes, []
        for words, of_part, style in (
            ("training", ~filmed.held_out, {"color": "#8C8C8C", "lw": 1.6, "ls": (0, (3, 1.4))}),
            ("held out", filmed.held_out, {"color": INK, "lw": 2.0}),
        ):
            if of_part.any():
                (line,) = axes.plot([], [], animated=True, clip_on=False, **style)
                text = axes.text(
                    1.03,
                    0,
                    "",
                    transform=axes.get_yaxis_transform(),
                    fontsize=8.5,
                    color=SOFT if words == "training" else INK,
                    va="center_baseline",
                    animated=True,
                )
                self.curves.append((words, shares(filmed.right[of_part]), line, text))

    def at(self, moment: float, step: int) -> list[Artist]:
        heights = apart([share[step] for _, share, _, _ in self.curves], 0.13)
        for height, (words, share, line, text) in zip(heights, self.curves, strict=True):
            line.set_data(np.arange(step + 1) + 1, share[: step + 1])
            text.set_text(f"{words} {percent(float(share[step]))}")
            text.set_y(height)
        return [artist for _, _, line, text in self.curves for artist in (line, text)]


def apart(heights: list[float], least: float) -> list[float]:
    """Move two heights apart about their middle, within 0 and 1; the first stays above in a tie."""
    if len(heights) < 2 or abs(heights[0] - heights[1]) >= least:
        return heights
    middle = min(max(sum(heights) / 2, least / 2), 1 - least / 2)
    up = least / 2 if heights[0] >= heights[1] else -least / 2
    return [middle + up, middle - up]


class _Rows:
    """A few examples one by one: which sign it is, what the network answers, and how surely."""

    def __init__(
        self, figure: Figure, plane: Any, filmed: Filmed, ends: np.ndarray, examples: np.ndarray
    ) -> None:
        self.filmed, self.ends, self.plane, self.examples = filmed, ends, plane, examples
        self.cut = _Cut(figure, 9.5)
        kind = "held-out example" if filmed.held_out.any() else "example of training"
        many = counted(len(self.examples), kind, kind.replace("example", "examples"))
        head = FIRST_ROW + 0.062
        figure.text(LEFT, head, many.capitalize(), fontsize=11, color=INK)
        head -= 0.026
        for x, text in ((LEFT + 0.021, "sign"), (ANSWERS, "answer, and its probability")):
            figure.text(x, head, text, fontsize=8.5, color=SOFT)
        self.rows = [
            _Row(figure, plane, FIRST_ROW - ROW * row, str(row + 1))
            for row in range(len(self.examples))
        ]
        for row, example in zip(self.rows, self.examples, strict=True):
            name = str(filmed.signs[filmed.label[example]])
            row.sign.set_text(self.cut.to(name, ANSWERS - LEFT - 0.031))

    def at(self, moment: float, step: int) -> list[Artist]:
        heads = heads_at(self.filmed.path, self.ends, moment)[self.examples]
        for row, example, head in zip(self.rows, self.examples, heads, strict=True):
            answer = str(self.filmed.signs[self.filmed.answer[example, step]])
            row.show(
                self.cut.to(answer, RIGHT_EDGE - ANSWERS - 0.040),
                float(self.filmed.probability[example, step]),
                bool(self.filmed.right[example, step]),
                self.plane.transData.transform(head) / (WIDTH, HEIGHT),
            )
        return [artist for row in self.rows for artist in row.drawn]


class _Row:
    """One example's sign, answer and bar, and its number here and in the plane."""

    def __init__(self, figure: Figure, plane: Any, y: float, text: str) -> None:
        wide = RIGHT_EDGE - ANSWERS
        self.sign = figure.text(LEFT + 0.021, y, "", fontsize=9.5, color=INK, va="baseline")
        figure.add_artist(Rectangle((ANSWERS, y - 0.0155), wide, 0.007, fc=TRACK, lw=0))
        self.bar = Rectangle((ANSWERS, y - 0.0155), 0, 0.007, lw=0)
        self.answer = figure.text(ANSWERS, y, "", fontsize=9.5, color=INK)
        self.percent = figure.text(RIGHT_EDGE, y, "", fontsize=9.5, color=INK, ha="right")
        self.here = _Badge(figure, text)
        self.there = _Badge(figure, text)
        self.place = np.array([LEFT + 0.007, y + 0.0075])
        self.wide = wide
        figure.add_artist(self.bar)
        self.drawn: list[Artist] = [self.bar, self.answer, self.percent]
        self.drawn += [*self.here.drawn, *self.there.drawn]
        for artist in self.drawn:
            artist.set_animated(True)

    def show(self, answer: str, probability: float, right: bool, head: np.ndarray) -> None:
        colour = RIGHT if right else WRONG
        self.bar.set(width=self.wide * probability, facecolor=colour)
        self.answer.set_text(answer)
        self.percent.set_text(f"{number(100 * probability, 0)}{PERCENT}")
        self.here.show(self.place, right)
        self.there.show(head, right)


class _Badge:
    """A number on a mark of the colour and shape of an answer."""

    def __init__(self, figure: Figure, text: str) -> None:
        self.mark = Line2D([], [], transform=figure.transFigure, mec="white", mew=1.0, ls="none")
        self.text = Text(0, 0, text, color="white", fontsize=8, weight="bold")
        self.text.set(transform=figure.transFigure, ha="center", va="center_baseline")
        self.drawn: list[Artist] = [self.mark, self.text]
        for artist in self.drawn:
            figure.add_artist(artist)

    def show(self, place: np.ndarray, right: bool) -> None:
        self.mark.set_data(place[:1], place[1:])
        self.mark.set(marker=DISC if right else DIAMOND, markersize=12 if right else 11.5)
        self.mark.set_markerfacecolor(RIGHT if right else WRONG)
        self.text.set_position((place[0], place[1] - 0.0005))


class _Cut:
    """Cuts names that are too wide for their place."""

    def __init__(self, figure: Figure, fontsize: float) -> None:
        self.text = Text(0, 0, "", fontsize=fontsize, figure=figure)
        self.renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        self.known: dict[tuple[str, float], str] = {}

    def to(self, name: str, width: float) -> str:
        """Give a name of at most this share of the picture's width, cut with … if need be."""
        if (name, width) not in self.known:
            whole = printable(name)
            fits = bisect_right(
                range(1, len(whole) + 1),
                width * WIDTH,
                key=lambda kept: self._width(_first(whole, kept)),
            )
            self.known[name, width] = _first(whole, fits)
        return self.known[name, width]

    def _width(self, text: str) -> float:
        self.text.set_text(text)
        return float(self.text.get_window_extent(self.renderer).width)


def _first(text: str, kept: int) -> str:
    return text if kept >= len(text) else f"{text[:kept]}…"
