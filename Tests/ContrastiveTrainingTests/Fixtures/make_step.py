# SPDX-License-Identifier: Apache-2.0
"""Writes step-*.safetensors: one whole training step each, with fixed weights and views, as PyTorch computes it in double.

    pip install numpy torch safetensors && python make_step.py

Made with torch 2.13. What goes in are half-precision numbers, exact in any wider type; what comes out is rounded to float.
B = 8 images, 2 batch-norm groups, K = 24 queue rows of 16 dimensions, n+1 keys and spaces (looc 4, loocpp 3, bottleneck 2,
moco 1), temperature 0.2, rate 0.03, momentum 0.9, weight decay 1e-4, encoder momentum 0.999, queue pointer 20.

    in   NAME, key.NAME, momentum.NAME      query weights and running statistics, key weights, velocity
         views.query, views.key{j}          [B, 32, 32, 3]
         order.key{j}                       [B], the image at each position of the key's batch
         ids, queue.{i}, queue_ids.{i}      [B], [K, 16], [K]; some rows come from images of the batch
         shared.{i}                         [B, n+1], 1 where key j shares factor i with the query
    out  projection.query.{i}, projection.key{j}.{i}   [B, 16]
         losses, loss                       [n+1] and their mean, the batch's own rows of the queue left out
         losses.unmasked                    with them
         losses.shared                      as losses, but keys marked in shared are no same-image negatives
         grad.NAME, momentum_after.NAME, after.NAME, key_after.NAME, queue_after.{i}, queue_ids_after.{i}

Each file is also computed in single precision; the largest difference from the truth is printed, relative to the largest
number of its tensor.
"""
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Benchmarks/training"))
import reference_looc as looc

IMAGES, SIZE, ROWS, DIMENSIONS, POINTER = 8, 32, 24, 16, 20
SETTINGS = looc.Settings(groups=2)
# Seeds whose groups of 4 have no channel of nearly no variance, which would magnify rounding: the best of 40.
CASES = {
    "looc": (17, dict(heads=4, width=4, counts=(2, 2, 2, 1))),
    "loocpp": (18, dict(heads=3, width=3, counts=(2, 2, 2, 1), plus_plus=True)),
    "moco": (20, dict(heads=1, width=4)),
    "bottleneck": (36, dict(heads=2, width=3, counts=(1, 1, 1, 1), block=looc.Bottleneck)),
}


def weights(options, random):
    """Weights and running statistics by name, none of them 0 or 1."""
    result = {}
    for name, value in looc.Network(projection=DIMENSIONS, **options).state_dict().items():
        normal = torch.randn(value.shape, generator=random)
        if value.dim() > 1:
            result[name] = normal * (2 / value[0].numel()) ** 0.5
        elif name.endswith(("bn1.weight", "bn2.weight", "bn3.weight", "downsample.1.weight", "running_var")):
            result[name] = torch.rand(value.shape, generator=random) + 0.5
        elif not name.endswith("num_batches_tracked"):
            result[name] = 0.1 * normal
    return result


def inputs(options, seed):
    """Everything a step starts from, by its name in the file."""
    random = torch.Generator().manual_seed(seed)
    heads = options["heads"]
    data = weights(options, random)
    trained = {name: value for name, value in data.items() if "running" not in name}
    data |= {"key." + name: value + 0.05 * value.abs().mean() * torch.randn(value.shape, generator=random) for name, value in trained.items()}
    data |= {"momentum." + name: 0.02 * torch.randn(value.shape, generator=random) for name, value in trained.items()}
    images = torch.randn(IMAGES, 3, SIZE // 4, SIZE // 4, generator=random)
    for view in ["query", *(f"key{j}" for j in range(heads))]:
        noise = torch.randn(IMAGES, 3, SIZE, SIZE, generator=random)
        data["views." + view] = (F.interpolate(images, SIZE, mode="bilinear") + 0.5 * noise).permute(0, 2, 3, 1)
    data["ids"] = 100 + torch.randperm(50, generator=random)[:IMAGES]
    for i in range(heads):
        data[f"order.key{i}"] = torch.randperm(IMAGES, generator=random)
        data[f"queue.{i}"] = F.normalize(torch.randn(ROWS, DIMENSIONS, generator=random), dim=1)
        rows = torch.randperm(150, generator=random)[:ROWS]
        rows[torch.randperm(ROWS, generator=random)[:4]] = data["ids"][torch.tensor([0, 3, 3, 7])]
        data[f"queue_ids.{i}"] = rows
        data[f"shared.{i}"] = torch.rand(IMAGES, heads, generator=random) < 0.3
        data[f"shared.{i}"][:, i] = True
    return {name: value.half().contiguous() for name, value in data.items()}


def networks(options, data, kind):
    """The query and the key encoder in floating point of the given kind."""
    query, key = (looc.Network(projection=DIMENSIONS, **options) for _ in range(2))
    query.load_state_dict({name: value for name, value in data.items() if name in query.state_dict()}, strict=False)
    key.load_state_dict({name: data["key." + name] for name, _ in key.named_parameters()}, strict=False)
    return query.to(kind).train(), key.to(kind).train()


def step(options, data, kind):
    """Everything a step gives, by its name in the file."""
    heads = range(options["heads"])
    query, key = networks(options, data, kind)
    velocity = {name: data["momentum." + name].to(kind) for name, _ in query.named_parameters()}
    views = [data["views." + view].to(kind).permute(0, 3, 1, 2) for view in ["query", *(f"key{j}" for j in heads)]]
    orders = [data[f"order.key{j}"].long() for j in heads]
    queues, queue_ids = ([data[f"{name}.{i}"].to(kind) for i in heads] for name in ("queue", "queue_ids"))
    ids = data["ids"].to(kind)
    found = looc.train_step(query, key, velocity, views, orders, queues, queue_ids, ids, POINTER, SETTINGS)
    compared = found["queries"], found["keys"], queues, queue_ids, ids
    unmasked = looc.Settings(groups=2, skips_own_image=False)
    out = {"losses": found["losses"], "loss": found["losses"].mean()[None]}
    out["losses.unmasked"] = looc.space_losses(*compared, unmasked)
    out["losses.shared"] = looc.space_losses(*compared, SETTINGS, [data[f"shared.{i}"].bool() for i in heads])
    for i in heads:
        out[f"projection.query.{i}"] = found["queries"][i]
        out |= {f"projection.key{j}.{i}": found["keys"][j][i] for j in heads}
        out[f"queue_after.{i}"], out[f"queue_ids_after.{i}"] = found["queues"][i]
    out |= {"grad." + name: value.grad for name, value in query.named_parameters()}
    out |= {"momentum_after." + name: value for name, value in velocity.items()}
    out |= {"after." + name: value for name, value in query.state_dict().items() if "tracked" not in name}
    out |= {"key_after." + name: value.detach() for name, value in key.named_parameters()}
    return out


def main():
    torch.set_num_threads(1)
    for case, (seed, options) in CASES.items():
        data = inputs(options, seed)
        truth, single = step(options, data, torch.double), step(options, data, torch.float)
        off = {name: float((single[name] - value).abs().max() / value.abs().max().clamp(min=1e-9)) for name, value in truth.items()}
        worst = max(off, key=off.get)
        file = HERE / f"step-{case}.safetensors"
        save_file(data | {name: value.float().contiguous() for name, value in truth.items()}, file)
        losses = [round(float(loss), 4) for loss in truth["losses"]]
        print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB, losses {losses}; single precision off by {off[worst]:.1e} in {worst}")


main()
