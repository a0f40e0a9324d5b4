// SPDX-License-Identifier: Apache-2.0
//
// Preloaded by Tests/Sanitizers/run: tells ThreadSanitizer where Swift's own libraries order memory. They are not
// instrumented, so without this it sees races where there are none (Swift 6.3.1 on Linux):
//
// 1. A Mutex that is contended. The fast paths are inlined into our code and seen as the atomics they are; the slow ones lie in
//    libswiftSynchronization.so, and a lock taken there, after waiting, seems to be taken by nobody.
// 2. Tasks and continuations. libswiftCore has a hook that ThreadSanitizer calls at its start, and libswift_Concurrency then
//    says itself what happens before what. But a program on Linux finds ThreadSanitizer's own empty hook first.
// 3. Reference counts. Who drops a reference to an object hands over what was done with it; who finds that the only
//    reference is left, or drops the last, takes it. Copy on write rests on that.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Not there in a program that a test starts and that is not instrumented.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

static void acquire(void *address) {
    if (__tsan_acquire != NULL) __tsan_acquire(address);
}

static void release(void *address) {
    if (__tsan_release != NULL) __tsan_release(address);
}

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void (*Lock)(uint32_t thread, SELF void *mutex);
typedef SWIFT bool (*Try)(SELF void *mutex);
typedef SWIFT void (*Unlock)(SELF void *mutex);
typedef bool (*Question)(const void *object);
typedef void (*Release)(void *object);

static Lock lock;
static Try try_lock;
static Unlock unlock;
static Question is_unique_native, is_unique_native_or_null, is_unique_bridge;
static Release release_object;

// Other libraries' constructors may come first and release something.
__attribute__((constructor)) static void find(void) {
    if (release_object != NULL) return;
    lock = (Lock)dlsym(RTLD_NEXT, LOCK);
    try_lock = (Try)dlsym(RTLD_NEXT, TRY);
    unlock = (Unlock)dlsym(RTLD_NEXT, UNLOCK);
    is_unique_native = (Question)dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_native");
    is_unique_native_or_null = (Question)dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_native");
    is_unique_bridge = (Question)dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_bridgeObject");
    void (*begin)(void) = (void (*)(void))dlsym(RTLD_NEXT, "__tsan_on_initialize");
    if (begin != NULL && __tsan_acquire != NULL) begin();
    release_object = (Release)dlsym(RTLD_NEXT, "swift_release");
}

SWIFT void facet_lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void facet_lock(uint32_t thread, SELF void *mutex) {
    find();
    lock(thread, mutex);
    acquire(mutex);
}

SWIFT bool facet_try(SELF void *mutex) __asm__(TRY);
SWIFT bool facet_try(SELF void *mutex) {
    find();
    bool taken = try_lock(mutex);
    if (taken) acquire(mutex);
    return taken;
}

SWIFT void facet_unlock(SELF void *mutex) __asm__(UNLOCK);
SWIFT void facet_unlock(SELF void *mutex) {
    find();
    release(mutex);
    unlock(mutex);
}

// Where an object is, without the bits that a reference may have beside it.
static void *place_of(const void *object) { return (void *)((uintptr_t)object & 0x00FFFFFFFFFFFFF8); }

static bool ask(Question *question, const void *object) {
    find();
    bool alone = (*question)(object);
    if (alone) acquire(place_of(object));
    return alone;
}

bool swift_isUniquelyReferenced_nonNull_native(const void *object) { return ask(&is_unique_native, object); }
bool swift_isUniquelyReferenced_native(const void *object) { return ask(&is_unique_native_or_null, object); }
bool swift_isUniquelyReferenced_nonNull_bridgeObject(const void *object) { return ask(&is_unique_bridge, object); }

void swift_release(void *object) {
    find();
    // What is no object has the highest bit, or is none.
    if ((intptr_t)object > 0) {
        acquire(place_of(object));
        release(place_of(object));
    }
    release_object(object);
}
