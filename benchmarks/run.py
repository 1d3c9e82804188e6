"""Measure simcore against its peers and print one table: `python benchmarks/run.py`.

Each measurement is a file beside this one, and runs by itself too. All times that are compared come from one
run: the contenders take turns, and the median counts. The results are compared first, and a difference ends
the run with status 1; being slow never does. `--before PATH` holds all of it against another checkout.
"""

import sys

from table import main

MEASUREMENTS = (
    "project",
    "columnar",
    "whole_way",
    "forecast",
    "sweep",
    "optimize",
    "zones",
    "reasons",
    "calibrate",
    "memory",
    "scale",
    "history",
    "triggers",
    "account",
    "files",
    "imports",
    "preview",
)

if __name__ == "__main__":
    sys.exit(main(MEASUREMENTS, __doc__))
