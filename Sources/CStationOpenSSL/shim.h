/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSTATIONOPENSSL_SHIM_H
#define CSTATIONOPENSSL_SHIM_H

/* The SHA states are wanted as plain values: they cannot fail, allocate nothing and copy like an integer.
   OpenSSL 3 marks them as deprecated in favour of EVP, which does none of the three. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/opensslv.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* What follows are macros or variadic functions, which Swift cannot import. */

static inline EVP_PKEY *station_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline void station_openssl_free(void *memory) { OPENSSL_free(memory); }
static inline long station_bio_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

/* OpenSSL keeps the pointer to a parameter's name; that of a Swift string is gone by then. */
static inline OSSL_PARAM station_p256_group(void) {
    return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)SN_X9_62_prime256v1, 0);
}
static inline OSSL_PARAM station_p256_point(void *point, size_t count) {
    return OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, count);
}

static const int station_public_key = EVP_PKEY_PUBLIC_KEY;
static const unsigned long station_rfc2253 = XN_FLAG_RFC2253;

static inline int station_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *station_general_name(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}
static inline int station_objects_count(const STACK_OF(ASN1_OBJECT) *objects) { return sk_ASN1_OBJECT_num(objects); }
static inline ASN1_OBJECT *station_object(const STACK_OF(ASN1_OBJECT) *objects, int index) {
    return sk_ASN1_OBJECT_value(objects, index);
}
static inline STACK_OF(X509) *station_x509s_new(void) { return sk_X509_new_null(); }
static inline int station_x509s_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
static inline int station_x509s_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *station_x509(const STACK_OF(X509) *stack, int index) { return sk_X509_value(stack, index); }
/* Frees the stack, not the certificates in it. */
static inline void station_x509s_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

#endif
