"""Products of float32 matrices: y[m][n] = a[m][k] b[k][n], case MxNxK.

    MxNxK/input/f32/tN       both operands are inputs of the run
    MxNxK/constant/f32/tN    b is known when compiling, so that each system may pack it
    machine/tN               metrics `fma_rate` and `read_bandwidth` of this machine in this run, by native/loops.c

The shapes: those of the reference tables, of BERT, ViT, Swin, Conformer and NeRF, vectors
times matrices, and 40 log-uniform random ones, from 1 to 4096, in gemm-random.txt. That list is what
`draw` gives; `suites/gemm.py` as a program writes it.
"""

import random
from pathlib import Path

SHAPES = (
    # square
    (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
    # BERT at 128 tokens: projections, the three in one, feed-forward
    (128, 768, 768), (128, 2304, 768), (128, 3072, 768), (128, 768, 3072),
    # ViT-S/32 at 50 tokens
    (50, 384, 384), (50, 1152, 384), (50, 1536, 384), (50, 384, 1536),
    # Swin-T, first and last stage; Conformer; NeRF; 1x1 convolutions of ResNet-50
    (3136, 288, 96), (49, 3072, 768), (512, 512, 512), (65536, 64, 64), (3136, 256, 64), (49, 2048, 512),
)  # fmt: skip
VECTORS = ((1, 4096, 4096), (1, 11008, 4096), (1, 4096, 11008), (1, 1000, 2048), (1, 3072, 768), (1, 50257, 768))
QUICK = ((256, 256, 256), (128, 768, 768), (1024, 1024, 1024), (1, 4096, 4096))
QUICK_RANDOM = 3
RANDOM_FILE = Path(__file__).with_name("gemm-random.txt")
COUNT, LARGEST, MOST_PRODUCTS, SEED = 40, 4096, 1 << 32, 1  # a product of 2^32 takes a tenth of a second
CACHED = 32 << 20  # bytes: a matrix below it may stay in a cache between runs


def draw():
    """The random shapes: each size log-uniform from 1 to LARGEST; products over MOST_PRODUCTS are drawn again."""
    source, shapes = random.Random(SEED), []
    while len(shapes) < COUNT:
        m, n, k = (round(LARGEST ** source.random()) for _ in range(3))
        if m * n * k <= MOST_PRODUCTS and (m, n, k) not in shapes:
            shapes.append((m, n, k))
    return shapes


def read_random():
    lines = [line for line in RANDOM_FILE.read_text().splitlines() if not line.startswith("#")]
    return [tuple(map(int, line.split())) for line in lines]


def run(options, records):
    import operators as models
    from suites import operators
    from systems import native

    shapes = [*QUICK, *read_random()[:QUICK_RANDOM]] if options.quick else [*SHAPES, *VECTORS, *read_random()]
    native.prepare()
    machine = Machine(options, records)

    def finish(case, model, threads):
        bandwidth = 0
        if model.m == 1 and model.bytes > CACHED:  # others use the memory too: what it gives now
            bandwidth = native.read_bandwidth(threads)
            records.add("gemm", case, "machine", "read_bandwidth", bandwidth, "B/s")
        for system in suite.systems():
            seconds = records.value("gemm", case, system, "time")
            rate = machine.rates.get(threads)
            if not seconds or not rate:
                continue
            records.add("gemm", case, system, "percent_of_fma_rate", 100 * model.flops / seconds / rate[0], "%")
            if bandwidth:
                records.add("gemm", case, system, "percent_of_bandwidth", 100 * model.bytes / seconds / bandwidth, "%")

    columns = {"of FMA rate": ("percent_of_fma_rate", "{:.0f} %"), "of bandwidth": ("percent_of_bandwidth", "{:.0f} %")}
    suite = operators.Suite("gemm", options, records, columns, finish, from_c=True)
    suite.run([models.Product(*shape, constant) for shape in dict.fromkeys(shapes) for constant in (False, True)])
    machine.print()


class Machine:
    """What this machine can do at most: {threads: (FLOP/s, B/s)}."""

    def __init__(self, options, records):
        from systems import native

        self.rates = {threads: (native.fma_rate(threads), native.read_bandwidth(threads)) for threads in options.threads}
        self.rates = {threads: rates for threads, rates in self.rates.items() if all(rates)}
        for threads, (fma, bandwidth) in self.rates.items():
            records.add("gemm", f"machine/t{threads}", "machine", "fma_rate", fma, "FLOP/s")
            records.add("gemm", f"machine/t{threads}", "machine", "read_bandwidth", bandwidth, "B/s")

    def print(self):
        for threads, (fma, bandwidth) in self.rates.items():
            print(f"this machine, {threads} threads: {fma / 1e9:.1f} GFLOP/s of float32, reads {bandwidth / 1e9:.1f} GB/s")


if __name__ == "__main__":
    RANDOM_FILE.write_text("# m n k, as suites/gemm.py draws them\n" + "".join(f"{m} {n} {k}\n" for m, n, k in draw()))
