"""Writes test/fixtures/math/table.json: arguments and correctly rounded results of exp, log, pow and
the logistic function, to 300 bits (mpmath). Needs: pip install mpmath. Run from the repository root.

Each row is the big-endian hex of doubles: [x, (y,) head, tail]; head + tail is the true value to about
106 bits, so a test can measure an error below one unit in the last place.
"""
import json
import random
import struct
from mpmath import mp, mpf

mp.prec = 300
draw = random.Random(20240607)


def hexed(value):
    return struct.pack(">d", value).hex()


def split(true):
    head = float(true)
    tail = float(true - mpf(head)) if head not in (float("inf"), 0.0) else 0.0
    return hexed(head), hexed(tail)


def row(function, *arguments):
    return [*map(hexed, arguments), *split(function(*map(mpf, arguments)))]


def logistic(x):
    return 1 / (1 + mp.exp(-x))


def uniform(low, high, count):
    return [draw.uniform(low, high) for _ in range(count)]


near_zero = [s * 2.0**-k for k in (1, 2, 3, 5, 10, 20, 26, 27, 28, 30, 53, 54, 60, 300) for s in (1, -1)]
half_ln2 = [float(mp.log(2) * (k + mpf(1) / 2)) for k in range(-6, 7)]
exp_at = [0.0, 709.5, 709.78, -700.0, -708.3, *near_zero, *half_ln2, *uniform(-1, 1, 120),
          *uniform(-30, 30, 80), *uniform(-708, 709, 60)]
sigmoid_at = [0.0, 36.0, 37.5, -39.99, -40.01, -700.0, *near_zero, *half_ln2, *uniform(-1, 1, 120),
              *uniform(-12, 12, 120), *uniform(-45, 45, 60), *uniform(-700, -40, 20)]
log_at = [1.0, 2.0, 0.5, 2.0**-1074, 3 * 2.0**-1074, 2.0**-1022, 1.7976931348623157e308,
          *[1 + x for x in near_zero], *uniform(0.5, 2, 140), *uniform(0, 1, 40),
          *[2.0 ** draw.uniform(-1022, 1023) for _ in range(100)]]
pow_at = [(x, y) for x in (0.1, 0.5, 0.999999, 1.0000001, 2.0, 10.0, 1.5) for y in (0.5, -0.5, 3.0, -7.25, 100.5)]
pow_at += [(2.0 ** draw.uniform(-20, 20), draw.uniform(-30, 30)) for _ in range(180)]
pow_at += [(1 + draw.uniform(-1e-3, 1e-3), draw.uniform(-1e5, 1e5)) for _ in range(60)]

table = {
    "exp": [row(mp.exp, x) for x in exp_at],
    "sigmoid": [row(logistic, x) for x in sigmoid_at],
    "log": [row(mp.log, x) for x in log_at],
    "pow": [row(mp.power, x, y) for x, y in pow_at],
}
with open("test/fixtures/math/table.json", "w") as out:
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(r) for r in rows) + "\n]" for name, rows in table.items()]
    out.write("{\n" + ",\n".join(lines) + "\n}\n")
