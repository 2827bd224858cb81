"""An interruption of a program at any of its lines."""

import sys


class Interrupt:
    """Ctrl-C before a line of some files that runs within the block; else, count them."""

    def __init__(self, files, line=None):
        self.files, self.line, self.n_lines = files, line, 0

    def __call__(self, frame, event, arg):
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.n_lines += 1
            if self.n_lines == self.line:
                raise KeyboardInterrupt
        return self

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)
