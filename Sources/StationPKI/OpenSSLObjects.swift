// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// One object of OpenSSL, freed with its last reference.
///
/// It is filled before it is wrapped and never changed afterwards, so threads may share it: what OpenSSL caches inside
/// a key or certificate it guards by locks of its own.
final class Owned: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let release: (OpaquePointer?) -> Void

    init(_ pointer: OpaquePointer, release: @escaping (OpaquePointer?) -> Void) {
        self.pointer = pointer
        self.release = release
    }

    deinit { release(pointer) }

    /// The pointer is good inside `body` only.
    func use<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }
}

/// The DER form of an object, by one of OpenSSL's `i2d_` functions.
func derBytes(
    _ object: OpaquePointer,
    _ encode: (OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) -> [UInt8]? {
    var start: UnsafeMutablePointer<UInt8>?
    let count = encode(object, &start)
    guard count > 0, let start else { return nil }
    defer { station_openssl_free(start) }
    return Array(UnsafeBufferPointer(start: start, count: Int(count)))
}

/// Reads an object by one of OpenSSL's `d2i_` functions. Octets left over at the end are an error.
func parseDER(
    _ der: [UInt8],
    _ decode: (UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, Int) -> OpaquePointer?,
    release: @escaping (OpaquePointer?) -> Void
) -> Owned? {
    der.withUnsafeBufferPointer { bytes in
        var position = bytes.baseAddress
        guard !bytes.isEmpty, let object = decode(nil, &position, bytes.count) else { return nil }
        let owned = Owned(object, release: release)
        return position == bytes.baseAddress?.advanced(by: bytes.count) ? owned : nil
    }
}

/// The contents of an ASN.1 string, which may hold NULs.
func contents(of string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
    let count = ASN1_STRING_length(string)
    guard count > 0, let start = ASN1_STRING_get0_data(string) else { return [] }
    return Array(UnsafeBufferPointer(start: start, count: Int(count)))
}

/// An object identifier in dotted decimals; nil if it is absurdly long.
func dottedDecimals(_ object: OpaquePointer?) -> String? {
    guard let object else { return nil }
    var buffer = [CChar](repeating: 0, count: 128)
    let length = OBJ_obj2txt(&buffer, 128, object, 1)
    guard length > 0, length < 128 else { return nil }
    return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Seconds since 1970 of an ASN.1 time; nil if it is none.
func seconds(of time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    guard let time, let epoch = ASN1_TIME_set(nil, 0) else { return nil }
    defer { ASN1_TIME_free(epoch) }
    var days: Int32 = 0
    var rest: Int32 = 0
    guard ASN1_TIME_diff(&days, &rest, epoch, time) == 1 else { return nil }
    return Int64(days) * 86_400 + Int64(rest)
}

/// An ASN.1 time as RFC 5280 §4.1.2.5 writes it; free it. Nil outside 1970…9999.
func makeTime(_ seconds: Int64) -> UnsafeMutablePointer<ASN1_TIME>? {
    guard (0...PKILimits.latestTime).contains(seconds), let time = time_t(exactly: seconds) else { return nil }
    return ASN1_TIME_set(nil, time)
}

/// A distinguished name as RFC 2253 writes it: octets that could mislead a reader are escaped.
func text(of name: OpaquePointer?) -> String {
    guard let name, let bio = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(bio) }
    guard X509_NAME_print_ex(bio, name, 0, station_rfc2253) >= 0 else {
        ERR_clear_error()
        return ""
    }
    var start: UnsafeMutablePointer<CChar>?
    let count = station_bio_data(bio, &start)
    guard count > 0, let start else { return "" }
    return UnsafeBufferPointer(start: start, count: count).withMemoryRebound(to: UInt8.self) {
        String(decoding: $0, as: UTF8.self)
    }
}

/// True for text that cannot break a line, end a C string or hide.
func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
}
