"""People that are made up to train models on."""

from __future__ import annotations

from argparse import Namespace

from dreamface.cli.terminal import Terminal, table


def run(options: Namespace, terminal: Terminal) -> bool:
    """Write people as shards; those that are there already are kept."""
    from dreamface.training import Wish, read_labels, synthesise

    wish = Wish(options.count, options.resolution, options.pictures, options.head, read_labels(options.labels))
    with terminal.progress() as progress:
        index = synthesise(options.output, wish, processes=options.processes, progress=progress)
    terminal.result({"folder": str(options.output), **index})
    terminal.show(f"{index['count']:,} people are in {options.output}; statistics.html shows who")
    rows = table("", "who", "people", "share")
    for who, people in index["statistics"].items():
        rows.add_row(who, f"{people:,}", f"{people / index['count']:.0%}")
    terminal.show(rows)
    return True
