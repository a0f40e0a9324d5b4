#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small checkpoints with element types and layouts that the golden networks lack; run in this folder with PyTorch."""
import collections, os, torch
from safetensors.torch import save_file

base = torch.arange(24, dtype=torch.float32).reshape(4, 6) - 7.5
special = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 3e-5, float("inf"), float("-inf"), float("nan")])
odd = collections.OrderedDict(
    a_half=special.half(), b_bfloat=special.bfloat16(), c_double=special.double(), d_long=torch.tensor([[-3, 4], [5, 2**40]]),
    e_bool=torch.tensor([True, False, True]), f_byte=torch.tensor([0, 255], dtype=torch.uint8),
    g_short=torch.tensor([-7, 9], dtype=torch.int16), h_transposed=base.t(), i_column=base[:, 2], j_scalar=torch.tensor(3.25),
    k_empty=torch.zeros(0, 5))
plain = {k: v.float().contiguous().clone() for k, v in odd.items()}
save_file(plain, "odd.safetensors")
save_file({k: v.contiguous().clone() for k, v in odd.items()}, "odd-typed.safetensors")
full = {"state_dict": odd, "epoch": 3, "args": {"lr": 0.1}, "note": torch.Size([2, 3])}
torch.save(full, "odd.zip.pt")
torch.save(full, "odd.legacy.pt", _use_new_zipfile_serialization=False)

class Evil:
    def __reduce__(self):
        return (os.system, ("touch executed-by-a-pickle",))

torch.save({"state_dict": {"conv1.weight": torch.ones(2, 2)}, "evil": Evil()}, "evil.zip.pt")
torch.save({"state_dict": {"conv1.weight": torch.ones(2, 2)}, "evil": Evil()}, "evil.legacy.pt", _use_new_zipfile_serialization=False)

# What training programs put beside the weights, none of which may hinder reading them.
import argparse, numpy
torch.manual_seed(3)
wide = torch.nn.Parameter(torch.randn(4, 3, 3, 3).contiguous(memory_format=torch.channels_last))
tagged = torch.arange(6.0).reshape(2, 3)
tagged.note = "an attribute, so it is rebuilt through _rebuild_from_type_v2"
shared = torch.arange(10.0)
weights = {
    "backbone": collections.OrderedDict({"conv1.weight": wide, "bn1.weight": tagged}),
    "projector": {"0.weight": shared[2:8:2], "0.bias": torch.tensor(1.5).expand(4, 2), "2.weight": shared[-3:]}}
optimizer = torch.optim.Adam([wide])
wide.sum().backward(); optimizer.step()
rich = {
    **weights, "epoch": 7, "arch": "resnet50", "best": numpy.float64(0.5), "args": argparse.Namespace(lr=0.1, names=["a"]),
    "optimizer": optimizer.state_dict(), "counts": collections.defaultdict(int, {"a": 1}), "set": {1, 2}, "raw": b"bytes",
    "complex": torch.zeros(2, dtype=torch.complex64), "odd": torch.zeros(2, dtype=torch.complex128), "big": 2**70,
    "scale": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "device": torch.device("cpu"), "type": torch.half}
named = {f"{part}.{k}": v.detach().contiguous().clone() for part, entries in weights.items() for k, v in entries.items()}
save_file(named, "rich.safetensors")
torch.save(rich, "rich.zip.pt")
torch.save(rich, "rich4.zip.pt", pickle_protocol=4)
rich.pop("odd")
torch.save(rich, "rich.legacy.pt", _use_new_zipfile_serialization=False)
torch.save(rich, "rich4.legacy.pt", pickle_protocol=4, _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 2), "module.zip.pt")
save_file({"b.steps": torch.tensor(12), "a.weight": base, "half": special[:4].half(), "a.ids": torch.tensor([[1], [-2]])},
          "reference.safetensors", metadata={"format": "pt"})
