"""MobileNetV2 1.0 at 224x224, with the batch norms folded by the exporter.

Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
CVPR 2018, table 2. utils/quickstart-model builds the same network with its
batch norms as nodes.
"""

from torch import nn

from torch_model import TorchModel

# expansion, channels, repeats, stride of the first
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def convolution(inputs, outputs, kernel=1, stride=1, groups=1, rectify=True):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if rectify else "linear")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *([nn.ReLU6()] if rectify else []))


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        self.add = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            *([convolution(inputs, hidden)] if expansion != 1 else []),
            convolution(hidden, hidden, 3, stride, hidden),
            convolution(hidden, outputs, rectify=False),
        )

    def forward(self, x):
        return x + self.body(x) if self.add else self.body(x)


class MobileNetV2(TorchModel):
    batches = (1, 2, 16)

    def build(self):
        layers, channels = [convolution(3, 32, 3, 2)], 32
        for expansion, outputs, repeats, first_stride in STAGES:
            for repeat in range(repeats):
                layers.append(Bottleneck(channels, outputs, expansion, 1 if repeat else first_stride))
                channels = outputs
        layers += [convolution(channels, 1280), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
        return nn.Sequential(*layers)
