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
