#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the same network through facet-bench and ONNX Runtime in turn and prints ratios of medians.

The network is written as ONNX from the model folder's own weights, batch norm folded, so both compute the same thing.
"""
import argparse, json, os, pathlib, subprocess, time
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH, FACET = ROOT / ".build/release/facet-bench", ROOT / ".build/release/facet"


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


def onnx_model(weights, size):
    """The LooC network as an ONNX graph: input [n, 3, size, size], output all vectors side by side."""
    w, nodes, constants = load_file(weights), [], {}

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


def peer_rate(session, size, batch, seconds):
    x, times, end = np.random.default_rng(1).normal(size=(batch, 3, size, size)).astype(np.float32), [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begin = time.perf_counter()
        session.run(None, {"input": x})
        times.append(time.perf_counter() - begin)
    return batch / float(np.median(times))


def agreement(session, folder, size, threads):
    """The lowest cosine between the two engines' vectors over four images."""
    images = np.random.default_rng(2).normal(size=(4, size, size, 3)).astype("<f4")
    raw = ROOT / ".build/bench-input.f32"
    raw.write_bytes(images.tobytes())
    subprocess.run([BENCH, "inference", "--model", folder, "--batch", "1", "--seconds", "0", "--threads", str(threads), "--input", raw, "--output", str(raw) + ".out"], check=True, stdout=subprocess.DEVNULL)
    expected = session.run(None, {"input": np.ascontiguousarray(images.transpose(0, 3, 1, 2))})[0]
    found = np.fromfile(str(raw) + ".out", "<f4").reshape(expected.shape)
    return float(min(f @ e / np.linalg.norm(f) / np.linalg.norm(e) for f, e in zip(found, expected)))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--threads", type=int, default=os.cpu_count())
    ap.add_argument("--seconds", type=float, default=4)
    args = ap.parse_args()
    folder = ROOT / ".build/bench-models/resnet50"
    if not (folder / "model.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        random_resnet50(folder / "source.safetensors")
        subprocess.run([FACET, "convert", folder / "source.safetensors", folder], check=True, stdout=subprocess.DEVNULL)
    print(f"ONNX Runtime {onnxruntime.__version__}, {args.threads} threads, medians of {args.rounds} rounds in turn")
    for name, model, size, batches in [("ResNet-50 at 224", folder, 224, [1, 8]), ("facet-small at 64", ROOT / "models/facet-small", 64, [1, 8, 32])]:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = args.threads
        session = onnxruntime.InferenceSession(onnx_model(model / "model.safetensors", size), options, providers=["CPUExecutionProvider"])
        cosine = agreement(session, model, size, args.threads)
        assert cosine >= 0.9999, f"{name}: the engines disagree, cosine {cosine}"
        ours, theirs, load = {b: [] for b in batches}, {b: [] for b in batches}, []
        for _ in range(args.rounds):
            for b in batches:
                flags = ["--model", model, "--batch", str(b), "--seconds", str(args.seconds), "--threads", str(args.threads), "--json"]
                result = json.loads(subprocess.run([BENCH, "inference", *flags], check=True, capture_output=True, text=True).stdout)
                ours[b].append(result["images_per_second"][str(b)])
                load.append(result["load_ms"])
                theirs[b].append(peer_rate(session, size, b, args.seconds))
        print(f"{name}: lowest cosine {cosine:.7f}; load to first forward pass {np.median(load):.0f} ms")
        for b in batches:
            o, p = float(np.median(ours[b])), float(np.median(theirs[b]))
            print(f"  batch {b:2d}: Facet {o:8.1f} images/s, ONNX Runtime {p:8.1f}, ratio {o / p:.2f}")


main()
