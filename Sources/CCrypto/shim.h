// SPDX-License-Identifier: Apache-2.0
// libcrypto's one-shot and streaming digests; its SHA-256 uses the SHA extensions where the CPU has them.
#pragma once
#include <openssl/evp.h>
