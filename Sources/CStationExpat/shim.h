/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSTATIONEXPAT_SHIM_H
#define CSTATIONEXPAT_SHIM_H
/* Without XML_DTD the amplification limits are not declared. */
#define XML_DTD 1
#include <expat.h>
#include <string.h>

/* The macro is not visible to Swift. */
static inline void station_expat_no_reparse_deferral(XML_Parser parser) { XML_SetReparseDeferralEnabled(parser, XML_FALSE); }

/* The names that expat hands out are C strings, as are the keys of our tables. */
static inline long station_strlen(const XML_Char *text) { return (long)strlen(text); }
static inline int station_strequal(const XML_Char *a, const XML_Char *b) { return strcmp(a, b) == 0; }
static inline int station_bytes_equal(const void *a, const void *b, long count) { return memcmp(a, b, (size_t)count) == 0; }
#endif
