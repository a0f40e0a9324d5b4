# SPDX-License-Identifier: Apache-2.0
"""The training step of reference_looc.py as fast as PyTorch does it on a CPU, timed: the peer of `facet-bench training`.

    pip install numpy torch safetensors
    python pytorch_step.py --export step.safetensors        writes weights, views and queues for both engines
    python pytorch_step.py --input step.safetensors         prints one line of JSON
    python pytorch_step.py --input step.safetensors --check compares three steps in double with the plain reference

ResNet-18 of width 32, 64 x 64 pixels, batch 128, three factors, queues of 1,024 rows and 4 batch-norm groups unless the
exporting flags say otherwise. The first three steps warm up and give the losses; then steps are counted for --seconds.
--augment renders fresh views for each step (torch_views.py); without it every step sees the same ready-made views.

The exchanged file, safetensors, half precision and so exact in single:
    NAME, key.NAME                      backbone.* and heads.*, with running statistics; key weights; velocity starts at 0
    views.query, views.key{j}           [B, H, W, 3], normalised pixels
    order.key{j}                        [B], the image at each position of key j's batch, the same in every step
    ids                                 [B], the images' numbers
    queue.{i}, queue_ids.{i}            [K, 128] rows of length 1, [K] the images they come from, -1 for none; pointer 0
Settings of the step: temperature 0.2, rate 0.03, momentum 0.9, weight decay 1e-4, encoder momentum 0.999, rows of a query's
own image left out of its negatives. The JSON, which facet-bench prints too:
    {"samples_per_second": 100.0, "threads": 2, "losses": [of the first three steps], ...}
"""
import argparse
import json
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import reference_looc as looc
import torch_views

SETTINGS = looc.Settings()
WARM_UP = 3


class PartNorm(nn.BatchNorm2d):
    """The stock kernel on each part of a batch; every part's statistics weigh the same in the running ones."""
    parts = 1

    def forward(self, x):
        done = []
        for i, part in enumerate(x.chunk(self.parts)):
            share = self.momentum / self.parts
            share /= 1 - share * (self.parts - 1 - i)
            done.append(F.batch_norm(part, self.running_mean, self.running_var, self.weight, self.bias, True, share, self.eps))
        return torch.cat(done)


class Step:
    """The state of a training and one fast step of it."""

    def __init__(self, data, layout=torch.channels_last, compiled=False, kind=torch.float):
        self.spaces = sum(name.startswith("queue.") for name in data)
        self.layout = layout
        self.query, self.key = (build(data, prefix, PartNorm, kind).to(memory_format=layout) for prefix in ("", "key."))
        for norm in [m for m in self.key.modules() if isinstance(m, PartNorm)]:
            norm.running_mean = norm.running_var = None
        for norm in [m for network in (self.query, self.key) for m in network.modules() if isinstance(m, PartNorm)]:
            norm.parts = SETTINGS.groups
        self.encode_query, self.encode_key = ((torch.compile(n) if compiled else n) for n in (self.query, self.key))
        self.slow, self.fast = list(self.key.parameters()), list(self.query.parameters())
        self.optimiser = torch.optim.SGD(
            self.fast, SETTINGS.rate, SETTINGS.momentum, weight_decay=SETTINGS.weight_decay, fused=True)
        names = ["query", *(f"key{j}" for j in range(self.spaces))]
        self.views = [self.laid_out(data["views." + name].to(kind).permute(0, 3, 1, 2)) for name in names]
        self.orders = [data[f"order.key{j}"].long() for j in range(self.spaces)]
        self.backs = [torch.argsort(order) for order in self.orders]
        self.queues = torch.stack([data[f"queue.{i}"].to(kind) for i in range(self.spaces)])
        self.queue_ids = torch.stack([data[f"queue_ids.{i}"].long() for i in range(self.spaces)])
        self.ids, self.pointer = data["ids"].long(), 0

    def laid_out(self, images):
        return images.contiguous(memory_format=self.layout)

    def losses(self, queries, keys):
        """The loss of each space; queries [S, B, D], keys [J, S, B, D] with as many keys as spaces."""
        spaces, images, _ = queries.shape
        same = torch.einsum("sbd,jsbd->sbj", queries, keys)
        if spaces > 1:
            alone = torch.zeros(spaces, 1, spaces, dtype=torch.bool)
            alone[0, 0, 1:] = True
            same = same.masked_fill(alone, -torch.inf)
        others = queries @ self.queues.transpose(1, 2)
        others = others.masked_fill(self.ids[None, :, None] == self.queue_ids[:, None], -torch.inf)
        logits = torch.cat([same, others], 2).flatten(0, 1) / SETTINGS.temperature
        targets = torch.arange(spaces).repeat_interleave(images)
        return F.cross_entropy(logits, targets, reduction="none").view(spaces, images).mean(1)

    @torch.no_grad()
    def encode_keys(self, views):
        torch._foreach_lerp_(self.slow, self.fast, 1 - SETTINGS.encoder_momentum)
        encoded = []
        for view, order, back in zip(views, self.orders, self.backs):
            encoded.append(torch.stack([rows[back] for rows in self.encode_key(self.laid_out(view[order]))]))
        return torch.stack(encoded)

    @torch.no_grad()
    def enqueue(self, keys):
        places = (self.pointer + torch.arange(len(self.ids))) % self.queues.shape[1]
        self.queues[:, places] = torch.stack([keys[i, i] for i in range(self.spaces)])
        self.queue_ids[:, places] = self.ids
        self.pointer = (self.pointer + len(self.ids)) % self.queues.shape[1]

    def run(self, views):
        keys = self.encode_keys(views[1:])
        losses = self.losses(torch.stack(self.encode_query(views[0])), keys)
        self.optimiser.zero_grad()
        losses.mean().backward()
        self.optimiser.step()
        self.enqueue(keys)
        return losses.detach()


def build(data, prefix, norm, kind):
    names = ("backbone.", "heads.")
    weights = {name.removeprefix(prefix): value for name, value in data.items() if name.removeprefix(prefix).startswith(names)}
    spaces = sum(name.startswith("queue.") for name in data)
    network = looc.Network(spaces, width=len(weights["backbone.bn1.bias"]), norm=norm)
    missing, unexpected = network.load_state_dict(weights, strict=False)
    assert not unexpected and not set(missing) & {name for name, _ in network.named_parameters()}, (missing, unexpected)
    return network.to(kind).train()


def example(args):
    """Random weights as torchvision starts them, views that share a picture below noise, full queues of unit rows."""
    torch.manual_seed(args.seed)
    spaces, (batch, size) = args.factors + 1, (args.batch, args.size)
    network = looc.Network(spaces, args.width)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    data = {name: value for name, value in network.state_dict().items() if "tracked" not in name}
    data |= {"key." + name: value for name, value in network.named_parameters()}
    pictures = F.interpolate(torch.randn(batch, 3, size // 4, size // 4), size, mode="bilinear")
    for name in ["query", *(f"key{j}" for j in range(spaces))]:
        data["views." + name] = (pictures + 0.5 * torch.randn(batch, 3, size, size)).permute(0, 2, 3, 1)
    data["ids"] = torch.arange(batch)
    for i in range(spaces):
        data[f"order.key{i}"] = torch.randperm(batch)
        data[f"queue.{i}"] = F.normalize(torch.randn(args.queue, 128), dim=1)
        data[f"queue_ids.{i}"] = -torch.ones(args.queue)
    return {name: value.detach().half().contiguous() for name, value in data.items()}


def check(data):
    """Three steps beside the plain reference, both in double: losses, weights and running statistics."""
    step = Step(data, kind=torch.double)
    query, key = (build(data, prefix, looc.SplitNorm, torch.double) for prefix in ("", "key."))
    velocity = {name: torch.zeros_like(value) for name, value in query.named_parameters()}
    queues, pointer = [(rows.clone(), ids.clone()) for rows, ids in zip(step.queues, step.queue_ids)], 0
    for number in range(WARM_UP):
        plain = looc.train_step(query, key, velocity, step.views, step.orders, *zip(*queues), step.ids, pointer, SETTINGS)
        queues, pointer = plain["queues"], (pointer + len(step.ids)) % step.queues.shape[1]
        fast = step.run(step.views)
        print(f"step {number}: loss {fast.mean():.6f}, spaces off by {(fast - plain['losses']).abs().max():.1e}")
        assert torch.allclose(fast, plain["losses"], rtol=1e-8), plain["losses"]
    wanted = query.state_dict() | {"key." + name: value.detach() for name, value in key.named_parameters()}
    found = step.query.state_dict() | {"key." + name: value.detach() for name, value in step.key.named_parameters()}
    off = {name: float((found[name] - value).abs().max() / value.abs().max()) for name, value in wanted.items() if "tracked" not in name}
    worst = max(off, key=off.get)
    print(f"weights and statistics after {WARM_UP} steps: off by {off[worst]:.1e} in {worst}")
    assert off[worst] < 1e-7, worst


def measure(step, args):
    losses = [float(step.run(step.views).mean()) for _ in range(WARM_UP)]
    studio = torch_views.Studio(len(step.ids), step.views[0].shape[-1], step.spaces - 1) if args.augment else None
    spent, times, begin = 0.0, [], time.perf_counter()
    while sum(times) < args.seconds or len(times) < 2:
        views, before = step.views, time.perf_counter()
        if studio:
            views = [step.laid_out(view) for view in studio.render()]
            spent += time.perf_counter() - before
        step.run(views)
        times.append(time.perf_counter() - before)
    elapsed = time.perf_counter() - begin
    return {"samples_per_second": len(times) * len(step.ids) / elapsed, "threads": args.threads, "losses": losses,
            "steps": len(times), "best_samples_per_second": len(step.ids) / min(times), "augmentation_share": spent / elapsed,
            "torch": torch.__version__, "layout": args.layout, "compiled": args.compile}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--export", metavar="FILE")
    parser.add_argument("--input", metavar="FILE", help="an exported file; without it an example is made with the flags below")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--compile", action="store_true", help="torch.compile both encoders; needs a C++ compiler")
    parser.add_argument("--layout", choices=["channels_last", "contiguous_format"], default="channels_last")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    for name, default in {"width": 32, "size": 64, "batch": 128, "factors": 3, "queue": 1024, "seed": 1}.items():
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = load_file(args.input) if args.input else example(args)
    if args.export:
        save_file(data, args.export)
        return
    if args.check:
        check(data)
    else:
        print(json.dumps(measure(Step(data, getattr(torch, args.layout), args.compile), args)))


if __name__ == "__main__":
    main()
