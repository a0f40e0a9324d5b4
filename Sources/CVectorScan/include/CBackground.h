// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Runs `body(context)` on `threads` new threads, which give way to all others (nice 10), and returns when all have ended.
///
/// Where a thread cannot be made, the others do its work: `body` takes its share from a common counter. Returns how many
/// threads there were; with none, nothing was done.
int facet_background(int threads, void (*body)(void *context), void *context);
