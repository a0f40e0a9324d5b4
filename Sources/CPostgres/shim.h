// SPDX-License-Identifier: Apache-2.0
// libpq: the client's side of PostgreSQL's protocol.
#pragma once
#include <libpq-fe.h>
