// SPDX-License-Identifier: Apache-2.0
// Threads that give way: on Linux a thread has a niceness of its own, and keeps it, so a pool's threads are not for this.
#define _GNU_SOURCE
#include "CVectorScan.h"
#include <pthread.h>
#include <sys/resource.h>

enum { MOST_THREADS = 64, NICENESS = 10, STACK = 1 << 20 };

typedef struct {
    void (*body)(void *);
    void *context;
} work;

static void *run(void *argument) {
    const work *mine = argument;
    // Of the calling thread only; when it is refused, the work is done all the same.
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICENESS);
    mine->body(mine->context);
    return 0;
}

int facet_background(int threads, void (*body)(void *context), void *context) {
    work work = {body, context};
    pthread_t started[MOST_THREADS];
    pthread_attr_t attributes;
    int count = 0;
    if (pthread_attr_init(&attributes)) return 0;
    pthread_attr_setstacksize(&attributes, STACK);
    for (int i = 0; i < threads && i < MOST_THREADS; i++)
        if (!pthread_create(&started[count], &attributes, run, &work)) count++;
    pthread_attr_destroy(&attributes);
    for (int i = 0; i < count; i++) pthread_join(started[i], 0);
    return count;
}
