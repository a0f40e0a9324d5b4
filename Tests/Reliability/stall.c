// SPDX-License-Identifier: Apache-2.0
// A disk and a decoder that stop and go on: while the files FACET_STALL/disk and FACET_STALL/picture exist, syncs and the
// reading of PNG headers wait.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void wait_for(const char *what) {
    const char *folder = getenv("FACET_STALL");
    char path[4096];
    if (!folder) return;
    snprintf(path, sizeof path, "%s/%s", folder, what);
    while (access(path, F_OK) == 0) usleep(10000);
}
int fdatasync(int file) {
    wait_for("disk");
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}
void png_read_info(void *reader, void *info) {
    wait_for("picture");
    ((void (*)(void *, void *))dlsym(RTLD_NEXT, "png_read_info"))(reader, info);
}
