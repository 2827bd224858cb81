"""What the parts of gpu.py share: lines that survive, deadlines, clocks, compilation."""

import os
import statistics
import time
from collections import Counter, defaultdict

import jax
from _common import Results

COMPILE = "/jax/core/compile/"  # events of JAX, which end so:
STAGES = {
    "jaxpr_trace_duration": "trace",
    "jaxpr_to_mlir_module_duration": "lower",
    "backend_compile_duration": "XLA",
}
WIDTH = 58  # of what a line is about


class Report:
    """Lines, printed and written at once, in parts that each have a deadline.

    Parameters
    ----------
    path : Path
        The file that lines are added to.
    seconds : float
        All there are. What a part leaves, the next ones have.
    args : Namespace
        Of the script; ``quick`` is whether all is small, and nothing is expected of it.
    """

    def __init__(self, path, seconds, args):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._began, self._seconds = time.perf_counter(), seconds
        self._deadline, self._part, self._quick = self._began, "start", args.quick
        self._compiled = defaultdict(Counter)  # seconds by part and stage, and programs
        self.slowest = []  # programs: seconds and name
        self.faults = 0
        jax.monitoring.register_event_duration_secs_listener(self._listen)
        self._results = Results(args, self.line)

    def _listen(self, event, duration, **what):
        stage = STAGES.get(event.removeprefix(COMPILE))
        if stage is None:
            return
        self._compiled[self._part][stage] += duration
        if stage == "XLA":
            self._compiled[self._part]["programs"] += 1
            self.slowest.append((duration, str(what.get("fun_name", "?"))))

    def line(self, text=""):
        """Print it, and have it on the disk."""
        print(text, flush=True)
        self._file.write(text + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def part(self, title, share, run):
        """Run a part, which has a share of the seconds; if it fails the next one begins."""
        self._deadline += share * self._seconds
        self._part = title.split()[0]
        now = time.perf_counter() - self._began
        self.line(f"\n{title}  [{now:.0f} s, until {self._deadline - self._began:.0f} s]")
        try:
            run()
        except Exception as error:
            self.line(self._failed(error))

    def expected(self, text):
        """What was foretold of an H100."""
        return "" if self._quick else f"   H100: {text}"

    def left(self):
        """Seconds to the deadline of this part."""
        return self._deadline - time.perf_counter()

    def compiled(self, part=None):
        """Seconds by stage, and the number of programs, of a part or in all."""
        chosen = self._compiled.values() if part is None else [self._compiled[part]]
        return sum(chosen, Counter())

    @property
    def parts(self):
        return list(self._compiled)

    def row(self, label, measure, estimate=0.0):
        """Write what ``measure()`` returns, a text, and what had to be compiled for it.

        Its figures, the other thing that it returns, by name, are kept for `compare.py`.
        Nothing is measured past the deadline, or where ``estimate`` seconds are past it. A
        measurement that fails is a fault, and the next one begins; one for which a package
        or a file is missing is left out.
        """
        if self.left() < estimate or self.left() <= 0:
            needed = f", it would take {estimate:.0f} s" if estimate else ""
            return self.line(f"{label:{WIDTH}}left out: no time{needed}")
        before, figures = self.compiled(), {}
        try:
            text, figures = measure()
        except (ImportError, FileNotFoundError) as error:
            text = f"left out: {_first_line(error)}"
        except Exception as error:  # whatever it is, the rest can still be measured
            text = self._failed(error)
        spent = self.compiled() - before
        seconds = sum(spent[stage] for stage in STAGES.values())
        built = f"  [{spent['programs']} programs in {seconds:.1f} s]" if spent else ""
        self.line(f"{label:{WIDTH}}{text}{built}")
        if figures:
            built = {"programs": spent["programs"], "compilation, s": seconds}
            self.keep(label, figures | built)

    def keep(self, label, figures):
        """Have figures by name in the file for `compare.py`."""
        self._results.keep({"what": label}, figures)

    def _failed(self, error):
        return self.fault(f"{type(error).__name__}: {_first_line(error)}")

    def fault(self, text):
        """Count it, and return how it reads."""
        self.faults += 1
        return f"FAULT: {text}"


def _first_line(error):
    return (str(error).splitlines() or [""])[0][:160]


def clock(function, most=0.5):
    """Median seconds of a function that has run before; of one run if that is long."""
    times = []
    while not times or (sum(times) < most and len(times) < 30):
        times.append(once(function))
    return statistics.median(times)


def once(function):
    """Seconds of one run."""
    began = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - began
