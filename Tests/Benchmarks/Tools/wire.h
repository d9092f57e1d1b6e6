// SPDX-License-Identifier: Apache-2.0
// What the benchmark programs share: a buffer that grows, a socket that does not block, clocks, the handshake's hash.
#ifndef WIRE_H
#define WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *why) {
    fprintf(stderr, "%s%s%s\n", why, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static inline uint64_t clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint64_t wall_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

// Bytes that wait to be read or written: data[start..<end].
typedef struct {
    char *data;
    size_t start, end, capacity;
} Buffer;

// Room for `count` more bytes at the end.
static inline char *buffer_room(Buffer *buffer, size_t count) {
    if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
    if (buffer->end + count > buffer->capacity && buffer->start > 0) {
        memmove(buffer->data, buffer->data + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    if (buffer->end + count > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 65536;
        while (capacity < buffer->end + count) capacity *= 2;
        buffer->data = realloc(buffer->data, capacity);
        if (!buffer->data) fail("no memory");
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->end;
}

static inline void put(Buffer *buffer, const char *bytes, size_t count) {
    memcpy(buffer_room(buffer, count), bytes, count);
    buffer->end += count;
}

static inline void put_text(Buffer *buffer, const char *text) { put(buffer, text, strlen(text)); }

static inline void put_number(Buffer *buffer, uint64_t number) {
    char digits[20];
    size_t count = 0;
    do digits[19 - count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(buffer, digits + 20 - count, count);
}

static inline size_t waiting(const Buffer *buffer) { return buffer->end - buffer->start; }

// Writes what the socket takes now; false if the other side has gone.
static inline bool flush_to(int descriptor, Buffer *buffer) {
    while (waiting(buffer) > 0) {
        ssize_t written = send(descriptor, buffer->data + buffer->start, waiting(buffer), MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno == EAGAIN;
        buffer->start += (size_t)written;
    }
    return true;
}

// Reads what is there, up to `count`; 0: nothing now, -1: the other side has gone.
static inline ssize_t fill_from(int descriptor, Buffer *buffer, size_t count) {
    ssize_t got = recv(descriptor, buffer_room(buffer, count), count, 0);
    if (got > 0) buffer->end += (size_t)got;
    if (got == 0) return -1;
    if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return got;
}

static inline void tune(int descriptor) {
    int one = 1;
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static inline int connect_to(int port) {
    struct sockaddr_in address = loopback(port);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    return descriptor;
}

// XEP-0114 §3: the lower-case hexadecimal SHA-1 of stream id and secret.
static inline void handshake_token(const char *identifier, const char *secret, char token[41]) {
    char text[1024];
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    int count = snprintf(text, sizeof text, "%s%s", identifier, secret);
    EVP_Digest(text, (size_t)count, hash, &length, EVP_sha1(), NULL);
    for (unsigned int index = 0; index < 20; index++) sprintf(token + 2 * index, "%02x", hash[index]);
}

#endif
