#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden checkpoints, images and vectors from the reference frameworks (PyTorch, Pillow).

    pip install torch numpy pillow safetensors
    python make_golden.py golden

Writes checkpoints in the containers that real tools write (zip and legacy torch.save, safetensors), images in the
encodings that users upload, and for every pair the preprocessed input, every layer's output for one image, the backbone
vector and every head's vector. Deterministic: seeds are fixed. Narrow networks keep the files small; --full adds a
ResNet-50 at 224, which the side-by-side benchmark runs on.
"""
import argparse, io, json, os, struct
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image, ImageDraw, ImageOps
from safetensors.torch import save_file

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

class Basic(nn.Module):
    expansion = 1
    def __init__(self, cin, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, planes, 3, stride, 1, bias=False); self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False); self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut(cin, planes, stride)
    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))

class Bottleneck(nn.Module):
    expansion = 4
    def __init__(self, cin, planes, stride):  # v1.5: the stride sits on the 3x3
        super().__init__()
        self.conv1 = nn.Conv2d(cin, planes, 1, bias=False); self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False); self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * 4, 1, bias=False); self.bn3 = nn.BatchNorm2d(planes * 4)
        self.downsample = shortcut(cin, planes * 4, stride)
    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x))); y = F.relu(self.bn2(self.conv2(y))); y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))

def shortcut(cin, cout, stride):
    return None if stride == 1 and cin == cout else nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

def stage(block, cin, planes, n, stride):
    return nn.Sequential(*[block(cin if i == 0 else planes * block.expansion, planes, stride if i == 0 else 1) for i in range(n)])

class ResNet(nn.Module):
    def __init__(self, block, blocks, width, stages=4):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False); self.bn1 = nn.BatchNorm2d(width)
        e, cin = block.expansion, width
        for i in range(stages):
            setattr(self, f"layer{i+1}", stage(block, cin, width << i, blocks[i], 1 if i == 0 else 2)); cin = (width << i) * e
        self.stages, self.dim = stages, cin
    def features(self, x, trace=None):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        if trace is not None: trace["stem"] = x
        for i in range(self.stages):
            x = getattr(self, f"layer{i+1}")(x)
            if trace is not None: trace[f"layer{i+1}"] = x
        return x

def mlp(d, out=128): return nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, out))

def randomise(m, seed):
    g = torch.Generator().manual_seed(seed)
    for p in m.modules():
        if isinstance(p, (nn.Conv2d, nn.Linear)):
            p.weight.data.normal_(0, (2.0 / p.weight[0].numel()) ** 0.5, generator=g)
            if p.bias is not None: p.bias.data.normal_(0, 0.05, generator=g)
        if isinstance(p, nn.BatchNorm2d):
            p.weight.data.uniform_(0.5, 1.5, generator=g); p.bias.data.normal_(0, 0.1, generator=g)
            p.running_mean.normal_(0, 0.1, generator=g); p.running_var.uniform_(0.5, 1.5, generator=g)
            p.num_batches_tracked.fill_(7)
    return m.eval()

class LooC(nn.Module):
    """One backbone, n+1 MLP heads. Keys as in the public re-implementation: backbone_q.*, heads_q.{i}.{0,2}.*"""
    def __init__(self, block, blocks, width, heads):
        super().__init__()
        self.backbone_q = ResNet(block, blocks, width); self.heads_q = nn.ModuleList(mlp(self.backbone_q.dim) for _ in range(heads))
    def spaces(self, x, trace=None):
        v = self.backbone_q.features(x, trace).mean((2, 3))
        return {"backbone": v, **{f"head{i}": F.normalize(h(v), dim=1) for i, h in enumerate(self.heads_q)}}

class LooCPlusPlus(nn.Module):
    """Conv5 inside each head: backbone_q ends at layer3, heads_q.{i}.layer4.*, heads_q.{i}.fc.{0,2}.*"""
    def __init__(self, block, blocks, width, heads):
        super().__init__()
        self.backbone_q = ResNet(block, blocks, width, stages=3)
        self.heads_q = nn.ModuleList()
        for _ in range(heads):
            h = nn.Module(); h.layer4 = stage(block, self.backbone_q.dim, width * 8, blocks[3], 2); h.fc = mlp(width * 8 * block.expansion); self.heads_q.append(h)
    def spaces(self, x, trace=None):
        c4 = self.backbone_q.features(x, trace); out = {"backbone": c4.mean((2, 3))}; reps = []
        for i, h in enumerate(self.heads_q):
            r = h.layer4(c4).mean((2, 3)); reps.append(F.normalize(r, dim=1))
            out[f"head{i}"] = F.normalize(h.fc(r), dim=1); out[f"head{i}_representation"] = r
        out["concat"] = torch.cat(reps, 1)
        return out

def draw(seed, size):
    r = np.random.RandomState(seed); im = Image.new("RGBA", size, (255, 255, 255, 0)); d = ImageDraw.Draw(im)
    for _ in range(9):
        x, y = r.randint(0, size[0]), r.randint(0, size[1]); w, h = r.randint(4, max(6, size[0] // 2)), r.randint(4, max(6, size[1] // 2))
        getattr(d, ["ellipse", "rectangle"][r.randint(2)])([x, y, x + w, y + h], fill=tuple(int(v) for v in r.randint(0, 256, 3)) + (int(r.choice([128, 255, 255])),))
    return im

def images(folder):
    """The encodings users really upload; every file is made here, so all are free of rights."""
    os.makedirs(folder, exist_ok=True)
    def put(name, im, **kw): im.save(os.path.join(folder, name), **kw)
    a, b, c = draw(1, (150, 100)), draw(2, (90, 140)), draw(3, (128, 128)); rgb = lambda im: Image.alpha_composite(Image.new("RGBA", im.size, "white"), im).convert("RGB")
    put("rgba.png", a); put("rgb.png", rgb(b)); put("gray.png", rgb(c).convert("L")); put("gray_alpha.png", a.convert("LA"))
    put("palette_transparent.png", a.quantize(32)); put("palette_1bit.png", rgb(b).convert("1"))
    g16 = (np.asarray(rgb(c).convert("L")).astype(np.uint16) * 257); Image.fromarray(g16).save(os.path.join(folder, "gray16.png"))
    put("baseline.jpg", rgb(a), quality=90, subsampling=2); put("progressive.jpg", rgb(b), quality=85, progressive=True)
    put("gray.jpg", rgb(c).convert("L"), quality=90); put("cmyk.jpg", rgb(c).convert("CMYK"), quality=90)
    for o in range(1, 9):
        ex = Image.Exif(); ex[0x0112] = o; put(f"exif{o}.jpg", rgb(a), quality=92, exif=ex)
    put("lossy.webp", rgb(b), quality=85); put("lossless_alpha.webp", a, lossless=True)
    put("one_pixel.png", Image.new("RGB", (1, 1), (200, 30, 60))); put("wide.png", rgb(draw(4, (400, 13))))

def load_rgb(path):
    """EXIF orientation applied, alpha composited on white, 8-bit RGB."""
    im = Image.open(path); im = ImageOps.exif_transpose(im)
    if im.mode.startswith("I;16"): im = Image.fromarray((np.asarray(im) >> 8).astype(np.uint8))
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:
        im = im.convert("RGBA"); im = Image.alpha_composite(Image.new("RGBA", im.size, "white"), im)
    return im.convert("RGB")

def prepare(im, size, how):
    """'crop': shorter side to round(size*256/224), centre crop. 'letterbox': fit inside size x size, white bars."""
    if how == "crop":
        s = round(size * 256 / 224); k = s / min(im.size); im = im.resize((max(s, round(im.width * k)), max(s, round(im.height * k))), Image.BILINEAR)
        l, t = (im.width - size) // 2, (im.height - size) // 2; im = im.crop((l, t, l + size, t + size))
    else:
        k = size / max(im.size); w, h = max(1, round(im.width * k)), max(1, round(im.height * k)); w, h = min(w, size), min(h, size)
        bg = Image.new("RGB", (size, size), "white"); bg.paste(im.resize((w, h), Image.BILINEAR), ((size - w) // 2, (size - h) // 2)); im = bg
    x = torch.from_numpy(np.asarray(im).copy()).permute(2, 0, 1).float() / 255
    return (x - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)

def main():
    ap = argparse.ArgumentParser(); ap.add_argument("out"); ap.add_argument("--full", action="store_true"); a = ap.parse_args()
    torch.set_num_threads(1); out = a.out; img = os.path.join(out, "images"); images(img)
    models = {"looc-r50w8": (randomise(LooC(Bottleneck, [3, 4, 6, 3], 8, 3), 11), 64, "crop"),
              "loocpp-r18w8": (randomise(LooCPlusPlus(Basic, [2, 2, 2, 2], 8, 4), 12), 64, "letterbox")}
    if a.full: models["looc-r50"] = (randomise(LooC(Bottleneck, [3, 4, 6, 3], 64, 4), 13), 224, "crop")
    for name, (m, size, how) in models.items():
        d = os.path.join(out, name); os.makedirs(d, exist_ok=True); sd = m.state_dict()
        save_file({k: v.contiguous() for k, v in sd.items()}, os.path.join(d, "model.safetensors"))
        if name == "loocpp-r18w8": torch.save({"epoch": 1, "arch": name, "state_dict": sd, "optimizer": {"param_groups": [{"lr": 0.03}]}}, os.path.join(d, "checkpoint.pth.tar"))
        gold = {}
        with torch.inference_mode():
            for f in sorted(os.listdir(img)):
                x = prepare(load_rgb(os.path.join(img, f)), size, how); gold[f"{f}/input"] = x.numpy()
                trace = {} if f == "rgba.png" else None
                for k, v in m.spaces(x[None], trace).items(): gold[f"{f}/{k}"] = v[0].numpy()
                for k, v in (trace or {}).items(): gold[f"{f}/trace/{k}"] = v[0].numpy()
        save_file({k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in gold.items()}, os.path.join(d, "golden.safetensors"))
        json.dump({"size": size, "resize": how, "mean": MEAN, "std": STD}, open(os.path.join(d, "preprocessing.json"), "w"))
    # a MoCo v2 file as the official code writes it: DDP prefix, fc.0/fc.2 head, key encoder, queue; zip and legacy containers
    net = randomise(LooC(Basic, [2, 2, 2, 2], 8, 1), 14); sd = {}
    for enc in ("q", "k"):
        for k, v in net.backbone_q.state_dict().items(): sd[f"module.encoder_{enc}.{k}"] = v
        for k, v in net.heads_q[0].state_dict().items(): sd[f"module.encoder_{enc}.fc.{k}"] = v
    sd["module.queue"] = F.normalize(torch.randn(128, 256, generator=torch.Generator().manual_seed(1)), dim=0); sd["module.queue_ptr"] = torch.zeros(1, dtype=torch.long)
    d = os.path.join(out, "moco-v2-r18w8"); os.makedirs(d, exist_ok=True); full = {"epoch": 200, "arch": "resnet18", "state_dict": sd, "optimizer": {"state": {}, "param_groups": []}}
    torch.save(full, os.path.join(d, "zip.pth.tar")); torch.save(full, os.path.join(d, "legacy.pth.tar"), _use_new_zipfile_serialization=False)
    x = prepare(load_rgb(os.path.join(img, "rgba.png")), 64, "crop")
    with torch.inference_mode(): save_file({"input": x.contiguous(), **{k: v[0].contiguous() for k, v in net.spaces(x[None]).items()}}, os.path.join(d, "golden.safetensors"))

main()
