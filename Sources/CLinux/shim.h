// SPDX-License-Identifier: Apache-2.0
// Linux system interfaces that Swift's Glibc module leaves out.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
// <sys/socket.h> declares it for _GNU_SOURCE only, which Swift's importer does not define.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
