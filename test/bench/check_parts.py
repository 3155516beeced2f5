"""Checks the parts of the suites that need no system: lists that are checked in, ratios, how long a case runs.

    check_parts.py BENCH     prints what is wrong and leaves with 1
"""

import math
import sys
from pathlib import Path


def check_products():
    from suites import gemm

    shapes = gemm.read_random()
    yield shapes == gemm.draw(), "gemm-random.txt is not what suites/gemm.py draws"
    yield len(set(shapes)) == gemm.COUNT == 40, "there are to be 40 random shapes"
    yield all(1 <= n <= gemm.LARGEST for shape in shapes for n in shape), "a size is out of bounds"
    yield all(math.prod(shape) <= gemm.MOST_PRODUCTS for shape in shapes), "a product is too large"


def check_layers():
    from suites import conv

    layers = conv.read_layers()
    lines = [line for line in conv.LAYERS.read_text().splitlines() if not line.startswith("#")]
    yield [layer.line() for layer in layers] == lines, "a layer does not read back"
    yield len({layer.sizes() for layer in layers}) == len(layers), "a layer is there twice"
    yield len({layer.name() for layer in layers}) == len(layers), "two layers have one name"
    yield {layer.network for layer in layers} == {"resnet50", "mobilenet", "vgg19", "inception_v2"}, "the networks"
    starts = [start for start in conv.QUICK if not any(line.startswith(f"{start} ") for line in lines)]
    yield not starts, f"no layers begin with {starts}"


def check_sizes():
    import operators

    stem = operators.Convolution(operators.parse_layer("n 3 224 224 64 7 7 2 2 3 3 3 3 1 relu"))
    yield stem.result_size() == [112, 112], "the size of a convolution's result"
    yield stem.flops == 2 * 64 * 112 * 112 * 3 * 49, "the operations of a convolution"
    product = operators.Product(2, 3, 4, constant=True)
    yield (product.flops, product.bytes) == (48, 4 * (8 + 12 + 6)), "operations and bytes of a product"


def check_names():
    import export

    yield export.split_name("nafnet.f16") == ("nafnet", "f16"), "a model in float16"
    yield export.split_name("inception_v1") == ("inception_v1", "f32"), "a model in float32"
    yield export.split_name("mine.f16") == ("mine.f16", "f32"), "a folder of somebody's"
    yield set(export.WORKLOADS) <= set(export.KNOWN), "the workloads of ctrl are models"
    yield all(name in export.MODELS for name in export.HALF_OF), "a model in float16 has one in float32"


def check_reduction():
    from suites.paper_welder import reduction

    yield reduction(100, 33) == 67, "33 is 67 % less than 100"
    yield reduction(None, 1) is None and reduction(0, 0) is None, "nothing to compare with"


def check_slopes():
    from suites.ctrl import fit

    start, slope, error = fit([0, 0.5, 1], [1, 3, 2])
    yield (start, slope, error) == (1.5, 1, 1), "the line through three points, and how far the second is off it"


def check_plan():
    from measuring import Plan

    plan = Plan(rounds=1, round_seconds=0.1, warm_up=0, sample_seconds=1e-3, most_samples=50)
    yield plan.runs(1e-6) == (50, 1000), "short calls: samples of a millisecond, as many as are allowed"
    yield plan.runs(0.01) == (10, 1), "a call in a sample, as many as fit into a round"
    yield plan.runs(5) == (1, 1), "a call that is longer than a round runs once"


def check_best_peer():
    from measuring import best_peer
    from records import Records

    records = Records()
    for system, seconds in (("dlc", 1.0), ("a", 3.0), ("b", 2.0)):
        records.add("s", "c", system, "time", seconds, "s")
        records.add("s", "c", system, "cpu_time", 2 * seconds, "s")
    records.add_failure("s", "c", "d")
    yield best_peer(records, "s", "c", ["a", "b", "d"]) == ("b", 2.0, 4.0), "the fastest peer is the best"
    yield best_peer(records, "s", "c", ["d"]) is None, "a peer that failed is none"


def main():
    sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]) / "models")]
    checks = [check for name, check in globals().items() if name.startswith("check_")]
    bad = [what for check in checks for good, what in check() if not good]
    print(*bad, sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
