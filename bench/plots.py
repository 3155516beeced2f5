"""Plots as SVG, where matplotlib is installed."""


def available():
    """Whether plots can be drawn; says so if not."""
    try:
        import matplotlib
    except ImportError:
        print("no plots: the Python package matplotlib is not installed: run bench/setup-peers")
        return False
    matplotlib.use("svg")
    return True


def bars(path, groups, series, value, label, logarithmic=False):
    """A bar of `value(group, one)` for each of `series`, {one: name}, in each group; None: no bar. A line stands at 1."""
    from matplotlib import pyplot

    drawn = {one: name for one, name in series.items() if any(value(group, one) is not None for group in groups)}
    if not drawn:
        return
    figure, axes = pyplot.subplots(figsize=(2 + 0.25 * len(groups) * len(drawn), 4), layout="constrained")
    width = 0.8 / len(drawn)
    for index, (one, name) in enumerate(drawn.items()):
        places = [place + (index - (len(drawn) - 1) / 2) * width for place in range(len(groups))]
        axes.bar(places, [value(group, one) or 0 for group in groups], width, label=name)
    axes.axhline(1, color="black", linewidth=0.5)
    axes.set_xticks(range(len(groups)), groups, rotation=45, ha="right")
    if logarithmic:
        axes.set_yscale("log")
    _finish(figure, axes, path, label)


def lines(path, xs, series, label, x_label):
    """A line through (xs, ys) for each of `series`, {name: ys}."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 4), layout="constrained")
    for name, ys in series.items():
        axes.plot(xs, ys, marker="o", label=name)
    axes.set_xlabel(x_label)
    axes.set_ylim(bottom=0)
    _finish(figure, axes, path, label)


def _finish(figure, axes, path, label):
    from matplotlib import pyplot

    axes.set_ylabel(label)
    figure.legend(loc="outside upper center", ncols=4, fontsize="small")
    figure.savefig(path)
    pyplot.close(figure)
    print(f"written: {path}")
