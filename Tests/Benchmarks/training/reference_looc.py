# SPDX-License-Identifier: Apache-2.0
"""LooC, LooC++ and MoCo v2 (LooC without factors) in plain PyTorch: the networks and one training step, written to be read.

LooC: Xiao et al., ICLR 2021. MoCo: He et al., CVPR 2020. ResNet v1.5 with the parameter names of torchvision below
`backbone.`; heads are `heads.{i}.0`, `heads.{i}.2` (LooC, MoCo) or `heads.{i}.layer4.*`, `heads.{i}.fc.0`,
`heads.{i}.fc.2` (LooC++). Everything works in the type of its inputs, so the same code gives the truth in double.

A batch has one query view and n+1 key views. Batch normalisation sees `groups` consecutive parts of a batch apart; the
batch of key j is put in the order `orders[j]` first (position p holds image orders[j][p]), so that no group tells pairs.
"""
import dataclasses

import torch
import torch.nn as nn
import torch.nn.functional as F


class SplitNorm(nn.BatchNorm2d):
    """Batch normalisation over `groups` consecutive parts of the batch.

    Normalises with the biased variance. Running statistics move once a batch, by `momentum` (0.1), towards the mean over the
    parts of their means and of their unbiased variances.
    """
    groups = 1

    def forward(self, x):
        parts = x.unflatten(0, (self.groups, -1))
        mean = parts.mean((1, 3, 4), keepdim=True)
        centred = parts - mean
        variance = centred.square().mean((1, 3, 4), keepdim=True)
        count = parts[0].numel() // parts.shape[2]
        with torch.no_grad():
            self.running_mean.lerp_(mean.mean(0).flatten(), self.momentum)
            self.running_var.lerp_((variance * count / (count - 1)).mean(0).flatten(), self.momentum)
        y = centred / torch.sqrt(variance + self.eps)
        return (y * self.weight[:, None, None] + self.bias[:, None, None]).flatten(0, 1)


class Basic(nn.Module):
    expansion = 1

    def __init__(self, channels, planes, stride, norm):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False), norm(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False), norm(planes)
        self.downsample = shortcut(channels, planes, stride, norm)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, channels, planes, stride, norm):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, planes, 1, bias=False), norm(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False), norm(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), norm(4 * planes)
        self.downsample = shortcut(channels, 4 * planes, stride, norm)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def shortcut(channels, outputs, stride, norm):
    if stride == 1 and channels == outputs:
        return None
    return nn.Sequential(nn.Conv2d(channels, outputs, 1, stride, bias=False), norm(outputs))


def stage(block, channels, planes, count, stride, norm):
    first = block(channels, planes, stride, norm)
    return nn.Sequential(first, *(block(planes * block.expansion, planes, 1, norm) for _ in range(count - 1)))


def mlp(features, projection):
    return nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, projection))


class Backbone(nn.Module):
    def __init__(self, block, counts, width, norm):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), norm(width)
        self.channels = width
        for i, count in enumerate(counts):
            planes = width << i
            setattr(self, f"layer{i + 1}", stage(block, self.channels, planes, count, 1 if i == 0 else 2, norm))
            self.channels = planes * block.expansion
        self.stages = len(counts)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
        return x


class OwnStage(nn.Module):
    """A head of LooC++: stage 4 and the MLP."""

    def __init__(self, block, channels, planes, count, projection, norm):
        super().__init__()
        self.layer4 = stage(block, channels, planes, count, 2, norm)
        self.fc = mlp(planes * block.expansion, projection)

    def forward(self, x):
        return self.fc(self.layer4(x).mean((2, 3)))


class Network(nn.Module):
    """The projections of images [N, 3, H, W] in every space, rows of length 1."""

    def __init__(self, heads, width=64, block=Basic, counts=(2, 2, 2, 2), projection=128, plus_plus=False, norm=SplitNorm):
        super().__init__()
        self.plus_plus = plus_plus
        self.backbone = Backbone(block, counts[:3] if plus_plus else counts, width, norm)
        channels = self.backbone.channels
        self.heads = nn.ModuleList(
            OwnStage(block, channels, 8 * width, counts[3], projection, norm) if plus_plus else mlp(channels, projection)
            for _ in range(heads))

    def forward(self, x):
        x = self.backbone(x)
        if not self.plus_plus:
            x = x.mean((2, 3))
        return [F.normalize(head(x), dim=1) for head in self.heads]


@dataclasses.dataclass
class Settings:
    """The constants of a step."""
    groups: int = 4
    temperature: float = 0.2
    encoder_momentum: float = 0.999
    rate: float = 0.03
    momentum: float = 0.9
    weight_decay: float = 1e-4
    skips_own_image: bool = True
    """Leaves rows of a queue out of the negatives of the image that they came from."""


def space_losses(queries, keys, queues, queue_ids, ids, settings, shared=None):
    """The loss of each space, a mean over the batch; `queries[i]` and `keys[j][i]` are [B, D] in space i.

    Space 0: positive k0, negatives its queue. Space i: positive k_i, negatives the same image's other keys and the queue.
    With `shared`, boolean [B, n+1] for each space, a key that shares the space's factor by chance is no negative.
    """
    losses = []
    for i, query in enumerate(queries):
        same = torch.stack([(query * key[i]).sum(1) for key in keys], 1)
        others = query @ queues[i].T
        if settings.skips_own_image:
            others = others.masked_fill(ids[:, None] == queue_ids[i][None], -torch.inf)
        negatives = [same[:, j] for j in range(len(keys)) if i > 0 and j != i]
        if shared is not None:
            left_out = [shared[i][:, j] for j in range(len(keys)) if i > 0 and j != i]
            negatives = [s.masked_fill(out, -torch.inf) for s, out in zip(negatives, left_out)]
        logits = torch.cat([torch.stack([same[:, i], *negatives], 1), others], 1) / settings.temperature
        losses.append(F.cross_entropy(logits, torch.zeros(len(ids), dtype=torch.long)))
    return torch.stack(losses)


def move_key_encoder(query, key, settings):
    with torch.no_grad():
        for slow, fast in zip(key.parameters(), query.parameters()):
            slow.copy_(settings.encoder_momentum * slow + (1 - settings.encoder_momentum) * fast)


def encode_keys(key, views, orders):
    """For each key view its projections in every space, in the order of the images."""
    result = []
    with torch.no_grad():
        for view, order in zip(views, orders):
            shuffled = key(view[order])
            back = torch.argsort(order)
            result.append([projection[back] for projection in shuffled])
    return result


def update(network, velocity, settings):
    """SGD as torch.optim.SGD does it; weight decay on everything, as MoCo has it. `velocity` is by name."""
    with torch.no_grad():
        for name, weight in network.named_parameters():
            velocity[name] = settings.momentum * velocity[name] + weight.grad + settings.weight_decay * weight
            weight -= settings.rate * velocity[name]


def enqueue(queue, ids, pointer, rows, row_ids):
    places = (pointer + torch.arange(len(rows))) % len(queue)
    queue, ids = queue.clone(), ids.clone()
    queue[places], ids[places] = rows, row_ids
    return queue, ids


def train_step(query, key, velocity, views, orders, queues, queue_ids, ids, pointer, settings, shared=None):
    """One whole step. `views` holds the query's and then the keys' images [B, 3, H, W]; changes networks and velocity.

    As in MoCo's code the key encoder moves first, then the keys are encoded, then the queries learn.
    """
    for network in (query, key):
        for module in network.modules():
            if isinstance(module, SplitNorm):
                module.groups = settings.groups
    move_key_encoder(query, key, settings)
    keys = encode_keys(key, views[1:], orders)
    queries = query(views[0])
    losses = space_losses(queries, keys, queues, queue_ids, ids, settings, shared)
    query.zero_grad()
    losses.mean().backward()
    update(query, velocity, settings)
    filled = [enqueue(q, old, pointer, keys[i][i], ids) for i, (q, old) in enumerate(zip(queues, queue_ids))]
    return {"losses": losses.detach(), "queries": [q.detach() for q in queries], "keys": keys, "queues": filled}
