"""The distinct convolutions of ResNet-50, MobileNetV2, VGG-19 and Inception v2 at batch 1.

    NETWORK/CxHxW-OUTPUTS-KERNEL-sSTRIDE[-pPADS][-gGROUPS][-ACTIVATION]/f32/tN

Weights and bias are constants, with the activation that directly follows in the network
(batch norms folded). conv-layers.txt lists them; models/conv_layers.py makes that list.
A layer that two networks share is under the first.
"""

from pathlib import Path

LAYERS = Path(__file__).with_name("conv-layers.txt")
QUICK = ("resnet50 3 224 224 64 7 7", "resnet50 64 56 56 64 1 1", "resnet50 64 56 56 64 3 3", "resnet50 512 7 7 512 3 3",
         "mobilenet 96 112 112 96 3 3", "mobilenet 16 112 112 96 1 1", "vgg19 256 56 56 256 3 3")  # fmt: skip


def read_layers():
    import operators

    lines = [line for line in LAYERS.read_text().splitlines() if not line.startswith("#")]
    return [operators.parse_layer(line) for line in lines]


def run(options, records):
    import operators as models
    from suites import operators
    from systems import native

    layers = read_layers()
    if options.quick and not options.only:
        layers = [layer for layer in layers if layer.line().startswith(tuple(f"{start} " for start in QUICK))]
    native.prepare()
    rates = {threads: native.fma_rate(threads) for threads in options.threads}

    def finish(case, model, threads):
        for system in suite.systems():
            seconds = records.value("conv", case, system, "time")
            if seconds and rates[threads]:
                records.add("conv", case, system, "percent_of_fma_rate", 100 * model.flops / seconds / rates[threads], "%")

    columns = {"of FMA rate": ("percent_of_fma_rate", "{:.0f} %")}
    suite = operators.Suite("conv", options, records, columns, finish)
    suite.run([models.Convolution(layer) for layer in layers])
