/* For `guest`: lets the user-mode kernel 6.1 run on processors with more registers than it knows of (AMX).
 *
 * That kernel saves and restores the first 2696 octets of a process's extended state, everything up to AVX-512 and
 * PKRU. The kernel below takes nothing but the whole of it: what is missing is put in as it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { XSTATE = 0x202, MOST = 1 << 16, BITS = 512, KNOWN_BITS = 0x2ff };

long ptrace(enum __ptrace_request request, ...)
{
    static long (*next)(int, pid_t, void *, void *);
    static char whole[MOST];
    va_list arguments;
    va_start(arguments, request);
    pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
    va_end(arguments);
    if (!next)
        next = dlsym(RTLD_NEXT, "ptrace");
    struct iovec *given = data;
    if (request != PTRACE_SETREGSET || address != (void *)XSTATE)
        return next(request, pid, address, data);
    struct iovec all = { whole, sizeof whole };
    if (next(PTRACE_GETREGSET, pid, address, &all) < 0)
        return -1;
    if (given->iov_len < BITS + sizeof(uint64_t) || given->iov_len >= all.iov_len)
        return next(request, pid, address, data);
    uint64_t before, now;
    memcpy(&before, whole + BITS, sizeof before);
    memcpy(whole, given->iov_base, given->iov_len);
    memcpy(&now, whole + BITS, sizeof now);
    now = (now & KNOWN_BITS) | (before & ~(uint64_t)KNOWN_BITS);
    memcpy(whole + BITS, &now, sizeof now);
    return next(request, pid, address, &all);
}
