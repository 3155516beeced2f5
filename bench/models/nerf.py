"""NeRF's network for the 2,073,600 rays of a 1920x1080 image: six layers of 64x64 and one of 64x3.

The small network of Müller et al., "Instant Neural Graphics Primitives with a
Multiresolution Hash Encoding", SIGGRAPH 2022, without biases; its input is 64
encoded values a ray. The number of rays is the dynamic dimension.
"""

from torch import nn

from torch_model import TorchModel

RAYS, WIDTH, LAYERS, COLOURS = 1920 * 1080, 64, 6, 3
SMALL = 4096  # rays of the small data set


class Nerf(TorchModel):
    input_names = ("encoded",)
    output_names = ("colours",)
    variants = {1: ("small",)}

    batches = (1,)

    def build(self):
        layers = [part for _ in range(LAYERS) for part in (nn.Linear(WIDTH, WIDTH, bias=False), nn.ReLU())]
        network = nn.Sequential(*layers, nn.Linear(WIDTH, COLOURS, bias=False))
        for part in network:
            if isinstance(part, nn.Linear):
                nn.init.kaiming_normal_(part.weight)
        return network

    def inputs(self, batch, variant=""):
        rays = SMALL if variant == "small" else RAYS
        return {"encoded": self.random(f"input{variant}").standard_normal((rays, WIDTH), "float32")}
