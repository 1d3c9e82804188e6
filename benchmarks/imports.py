"""Hold `import simcore` against `import pandas`: `python benchmarks/imports.py`."""

import os
import subprocess
import sys

from table import Row, Size, main
from workload import Times, ratio

TURNS = 3  # for each that is asked for: an import is short
CODE = """
import time
start, processor = time.perf_counter(), time.process_time()
import {}
print(time.perf_counter() - start, time.process_time() - processor)
"""


def measure(size: Size) -> list[Row]:
    """Give the time of `import simcore` over that of `import pandas`, each in fresh processes."""
    # As installed: pip compiles what it installs, whatever this process was told about compiling.
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = {"pandas": Times(), "simcore": Times()}
    for turn in range(TURNS * size.repeat + 1):
        for module, each in times.items():
            # -P: not from the folder that this is started in, but what this process imports itself
            command = [sys.executable, "-P", "-c", CODE.format(module)]
            output = subprocess.run(command, check=True, capture_output=True, text=True, env=told).stdout
            if turn:  # the first turn compiles, and fills the disk cache
                seconds, processor = map(float, output.split())
                each.seconds.append(seconds)
                each.processor.append(processor)
    return [
        Row(
            "import",
            f"{times['simcore'].median * 1e3:.0f} ms, start of Python not counted",
            times=times["simcore"],
            ratio=ratio(times["simcore"], times["pandas"]),
            ratio_of="import simcore / import pandas",
            at_most=1.1,
            extra={"pandas_seconds": times["pandas"].seconds},
        )
    ]


if __name__ == "__main__":
    sys.exit(main(["imports"], __doc__, measure))
