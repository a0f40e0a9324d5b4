#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the same network through facet-bench, ONNX Runtime, OpenVINO and PyTorch in turn and prints ratios of medians.

The network is written as ONNX from the model folder's own weights, batch norm folded, so both compute the same thing.
"""
import argparse, json, os, pathlib, subprocess, time
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file
import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FACET_BUILD", ROOT / ".build/release"))
BENCH, FACET = BUILD / "facet-bench", BUILD / "facet"


def random_resnet50(path, heads=4):
    """A full-width LooC ResNet-50 with random weights under canonical names."""
    rng, t = np.random.default_rng(5), {}

    def conv(name, norm, o, i, k):
        t[name] = rng.normal(0, np.sqrt(2 / (i * k * k)), (o, i, k, k)).astype(np.float32)
        t[norm + ".weight"] = rng.uniform(0.5, 1.0, o).astype(np.float32)
        t[norm + ".bias"], t[norm + ".running_mean"] = (rng.normal(0, 0.1, o).astype(np.float32) for _ in range(2))
        t[norm + ".running_var"] = rng.uniform(0.5, 1.5, o).astype(np.float32)

    conv("backbone.conv1.weight", "backbone.bn1", 64, 3, 7)
    channels = 64
    for stage, blocks in enumerate([3, 4, 6, 3], 1):
        planes = 32 << stage
        for b in range(blocks):
            p = f"backbone.layer{stage}.{b}"
            for j, (o, i, k) in enumerate([(planes, channels, 1), (planes, planes, 3), (planes * 4, planes, 1)], 1):
                conv(f"{p}.conv{j}.weight", f"{p}.bn{j}", o, i, k)
            if b == 0:
                conv(f"{p}.downsample.0.weight", f"{p}.downsample.1", planes * 4, channels, 1)
            channels = planes * 4
    for h in range(heads):
        for layer, (o, i) in {"0": (2048, 2048), "2": (128, 2048)}.items():
            t[f"heads.{h}.{layer}.weight"] = rng.normal(0, np.sqrt(2 / i), (o, i)).astype(np.float32)
            t[f"heads.{h}.{layer}.bias"] = rng.normal(0, 0.05, o).astype(np.float32)
    save_file(t, path)


def onnx_model(w, size):
    """The LooC network as an ONNX graph: input [n, 3, size, size], output all vectors side by side."""
    nodes, constants = [], {}

    def add(kind, inputs, **attributes):
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(name, value):
        constants[name] = np.ascontiguousarray(value, np.float32)
        return name

    def unit(x, conv, norm, stride):
        scale = w[norm + ".weight"] / np.sqrt(w[norm + ".running_var"] + 1e-5)
        kernel = w[conv].shape[2]
        inputs = [x, constant(conv, w[conv] * scale[:, None, None, None]), constant(norm, w[norm + ".bias"] - w[norm + ".running_mean"] * scale)]
        return add("Conv", inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)

    x = add("Relu", [unit("input", "backbone.conv1.weight", "backbone.bn1", 2)])
    x = add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    bottleneck = "backbone.layer1.0.conv3.weight" in w
    for stage in range(1, 5):
        b = 0
        while f"backbone.layer{stage}.{b}.conv1.weight" in w:
            p, stride = f"backbone.layer{stage}.{b}", 2 if stage > 1 and b == 0 else 1
            shortcut = unit(x, f"{p}.downsample.0.weight", f"{p}.downsample.1", stride) if f"{p}.downsample.0.weight" in w else x
            strides, y = ([1, stride, 1] if bottleneck else [stride, 1]), x
            for i, s in enumerate(strides, 1):
                y = unit(y, f"{p}.conv{i}.weight", f"{p}.bn{i}", s)
                y = add("Relu", [y if i < len(strides) else add("Add", [y, shortcut])])
            x, b = y, b + 1
    vectors, h = [add("Flatten", [add("GlobalAveragePool", [x])])], 0
    while f"heads.{h}.0.weight" in w:
        y = add("Relu", [add("Gemm", [vectors[0], constant(f"a{h}", w[f"heads.{h}.0.weight"]), constant(f"b{h}", w[f"heads.{h}.0.bias"])], transB=1)])
        y = add("Gemm", [y, constant(f"c{h}", w[f"heads.{h}.2.weight"]), constant(f"d{h}", w[f"heads.{h}.2.bias"])], transB=1)
        vectors.append(add("LpNormalization", [y], axis=1, p=2))
        h += 1
    out = add("Concat", vectors, axis=1)
    graph = helper.make_graph(nodes, "looc", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, size, size])],
                              [helper.make_tensor_value_info(out, TensorProto.FLOAT, ["n", None])], [numpy_helper.from_array(v, k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()


def peer_rates(run, x, seconds):
    """Images a second, median and best."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begin = time.perf_counter()
        run(x)
        times.append(time.perf_counter() - begin)
    return len(x) / float(np.median(times)), len(x) / min(times)


def precisions():
    """What facet-bench can multiply in on this processor."""
    flags = ["--model", ROOT / "models/facet-small", "--batch", "1", "--seconds", "0", "--precision", "half"]
    works = subprocess.run([BENCH, "inference", *flags], capture_output=True).returncode == 0
    return {"Facet": "single", "Facet half": "half"} if works else {"Facet": "single"}


def facet_rates(folder, batch, threads, seconds, precision):
    flags = ["--model", folder, "--batch", str(batch), "--seconds", str(seconds), "--threads", str(threads), "--precision", precision, "--json"]
    result = json.loads(subprocess.run([BENCH, "inference", *flags], check=True, capture_output=True, text=True).stdout)
    return result["images_per_second"][str(batch)], result["best_images_per_second"][str(batch)]


def agreement(run, folder, size, threads, precision):
    """The lowest cosine between Facet's and a peer's vectors over four images, and the largest difference of a number
    in units of its vector's root mean square."""
    images = np.random.default_rng(2).normal(size=(4, size, size, 3)).astype("<f4")
    raw = ROOT / ".build/bench-input.f32"
    raw.write_bytes(images.tobytes())
    command = [BENCH, "inference", "--model", folder, "--batch", "1", "--seconds", "0", "--threads", str(threads), "--precision", precision]
    subprocess.run([*command, "--input", raw, "--output", str(raw) + ".out"], check=True, stdout=subprocess.DEVNULL)
    expected = run(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    found = np.fromfile(str(raw) + ".out", "<f4").reshape(expected.shape)
    cosine = min(f @ e / np.linalg.norm(f) / np.linalg.norm(e) for f, e in zip(found.astype(float), expected.astype(float)))
    return cosine, float(max(np.abs(f - e).max() / np.sqrt(np.mean(e * e)) for f, e in zip(found, expected)))


def compare(folder, size, batches, args):
    # Half-precision files hold what all engines compute with in single precision.
    weights = {name: value.astype(np.float32) for name, value in load_file(folder / "model.safetensors").items()}
    graph = onnx_model(weights, size)
    own = precisions()
    for name in args.peers:
        run = peers.ALL[name](graph, weights, (4, 3, size, size), args.threads)
        for facet, precision in own.items():
            cosine, worst = agreement(run, folder, size, args.threads, precision)
            print(f"  {facet} and {name}: lowest cosine {cosine:.9f}, largest difference {worst:.1e} of the root mean square")
            assert cosine >= 0.9999, f"the engines disagree, cosine {cosine}"
    for batch in batches:
        shape = (batch, 3, size, size)
        x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        runs = {name: peers.ALL[name](graph, weights, shape, args.threads) for name in args.peers}
        rates = {name: [] for name in [*own, *runs]}
        for _ in range(args.rounds):
            for facet, precision in own.items():
                rates[facet].append(facet_rates(folder, batch, args.threads, args.seconds, precision))
            for name, run in runs.items():
                rates[name].append(peer_rates(run, x, args.seconds))
        median = {name: float(np.median([rate for rate, _ in list])) for name, list in rates.items()}
        best = {name: max(rate for _, rate in list) for name, list in rates.items()}
        for kind, found in [("median", median), ("fastest pass", best)]:
            figures = ", ".join(f"{name} {rate:.1f}" for name, rate in found.items())
            ratios = {facet: found[facet] / max(found[name] for name in runs) for facet in own}
            shown = ", ".join(f"{facet} {ratio:.2f}" for facet, ratio in ratios.items())
            print(f"  batch {batch:2d}, {kind}: {figures}: {shown} times the best peer", flush=True)
            if kind == "median":
                for facet in own:
                    yield batch, own[facet], ratios[facet], figures


def make_resnet50(folder):
    folder.mkdir(parents=True, exist_ok=True)
    random_resnet50(folder / "source.safetensors")
    subprocess.run([FACET, "convert", folder / "source.safetensors", folder], check=True, stdout=subprocess.DEVNULL)


def compare_all(args):
    """Both networks in all batch sizes: (network, batch, precision, ratio to the best peer, figures)."""
    folder = ROOT / ".build/bench-models/resnet50"
    if not (folder / "model.json").exists():
        make_resnet50(folder)
    args.peers = args.peers or list(peers.ALL)
    versions = ", ".join(f"{name} {peers.VERSIONS[name]}" for name in args.peers)
    print(f"{versions}; {args.threads} threads, images/s, {args.rounds} rounds in turn")
    for name, model, size, batches in [("ResNet-50 at 224", folder, 224, [1, 8]), ("facet-small at 64", ROOT / "models/facet-small", 64, [1, 8, 32])]:
        print(name)
        for batch, precision, ratio, figures in compare(model, size, batches, args):
            yield name, batch, precision, ratio, figures
