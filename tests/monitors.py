"""A monitor for tests of the solvers."""

import numpy as np


class Log:
    """A monitor that records its calls and stops after `stop_after` iterations."""

    def __init__(self, stop_after=np.inf):
        self.stop_after = stop_after
        self.calls = []
        self.values = []
        self.points = []

    def begin(self, point):
        self.calls.append("begin")

    def end(self, point, value, is_settled=True):
        self.calls.append("end")
        self.values.append(value)
        self.points.append(point.copy())
        return len(self.values) >= self.stop_after
