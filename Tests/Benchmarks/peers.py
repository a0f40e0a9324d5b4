# SPDX-License-Identifier: Apache-2.0
"""The engines that Facet is compared with: each takes the folded network and gives a function of one batch in NCHW."""
import numpy as np, onnxruntime, openvino, torch
from torch.nn import functional


def onnx_runtime(graph, weights, shape, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"input": x})[0]


def open_vino(graph, weights, shape, threads):
    """float32 is asked for: by itself it computes in bfloat16 where the processor can."""
    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape(list(shape))
    hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", hints).create_infer_request()
    return lambda x: next(iter(request.infer({0: x}, share_inputs=True).values()))


class Network(torch.nn.Module):
    """The LooC network with batch norm folded, channels last."""

    def __init__(self, weights):
        super().__init__()
        self.w = {name: torch.from_numpy(value) for name, value in weights.items()}
        self.folded = {}

    def unit(self, x, conv, norm, stride):
        if conv not in self.folded:
            scale = self.w[norm + ".weight"] / torch.sqrt(self.w[norm + ".running_var"] + 1e-5)
            kernel = (self.w[conv] * scale[:, None, None, None]).contiguous(memory_format=torch.channels_last)
            self.folded[conv] = kernel, self.w[norm + ".bias"] - self.w[norm + ".running_mean"] * scale
        kernel, bias = self.folded[conv]
        return functional.conv2d(x, kernel, bias, stride=stride, padding=kernel.shape[2] // 2)

    def block(self, x, p, stride):
        shortcut = self.unit(x, f"{p}.downsample.0.weight", f"{p}.downsample.1", stride) if f"{p}.downsample.0.weight" in self.w else x
        strides, y = ([1, stride, 1] if f"{p}.conv3.weight" in self.w else [stride, 1]), x
        for i, s in enumerate(strides, 1):
            y = self.unit(y, f"{p}.conv{i}.weight", f"{p}.bn{i}", s)
            y = functional.relu(y if i < len(strides) else y + shortcut)
        return y

    def forward(self, x):
        x = functional.relu(self.unit(x, "backbone.conv1.weight", "backbone.bn1", 2))
        x = functional.max_pool2d(x, 3, 2, 1)
        for stage in range(1, 5):
            b = 0
            while f"backbone.layer{stage}.{b}.conv1.weight" in self.w:
                x, b = self.block(x, f"backbone.layer{stage}.{b}", 2 if stage > 1 and b == 0 else 1), b + 1
        vectors, h = [x.mean((2, 3))], 0
        while f"heads.{h}.0.weight" in self.w:
            layer = lambda y, i: functional.linear(y, self.w[f"heads.{h}.{i}.weight"], self.w[f"heads.{h}.{i}.bias"])
            vectors.append(functional.normalize(layer(functional.relu(layer(vectors[0], 0)), 2)))
            h += 1
        return torch.cat(vectors, 1)


def pytorch(graph, weights, shape, threads):
    """Traced, frozen and optimised for inference."""
    torch.set_num_threads(threads)
    with torch.inference_mode():
        example = torch.zeros(shape).contiguous(memory_format=torch.channels_last)
        network = Network(weights).eval()
        network(example)  # Folds the batch norms, once.
        module = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, example)))

    def run(x):
        with torch.inference_mode():
            return module(torch.from_numpy(np.ascontiguousarray(x)).contiguous(memory_format=torch.channels_last)).numpy()

    return run


ALL = {"ONNX Runtime": onnx_runtime, "OpenVINO": open_vino, "PyTorch": pytorch}
VERSIONS = {"ONNX Runtime": onnxruntime.__version__, "OpenVINO": openvino.__version__.split("-")[0], "PyTorch": torch.__version__}
