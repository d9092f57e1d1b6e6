// SPDX-License-Identifier: Apache-2.0

/// With which identity a station logs in next. A value; what happened is told to it.
///
/// The owner's as a rule. The factory's, which brings a new one of the owner's, when that is not there, will soon have
/// expired, or is refused again and again. The station's clock may be wrong, so an expiry alone is acted upon once a day
/// at most; what has really expired is refused.
struct LoginChoice: Hashable, Sendable {
    /// An owner's certificate with less left than this is renewed at the next login.
    static let renewalSeconds: Int64 = 30 * 86_400
    /// So many refused logins in a row are answered by one introduction.
    static let patience = 3
    private static let day: Int64 = 86_400

    private var refusals = 0
    private var lastRenewal: Int64?

    /// - Parameters:
    ///   - notAfter: when the owner's certificate expires, in UTC seconds; nil if there is none that can be used.
    ///   - now: UTC seconds by the station's clock.
    ///   - uptime: seconds of a steady clock.
    mutating func next(notAfter: Int64?, now: Int64, uptime: Int64) -> StationIdentity.Kind {
        guard let notAfter else { return .idevid }
        if refusals >= Self.patience {
            refusals = 0
            return .idevid
        }
        let (left, overflow) = notAfter.subtractingReportingOverflow(now)
        guard !overflow, left < Self.renewalSeconds else { return .ldevid }
        if let lastRenewal, uptime - lastRenewal < Self.day { return .ldevid }
        lastRenewal = uptime
        return .idevid
    }

    /// The host of stations did not let us in.
    mutating func refused() { refusals += 1 }
    /// It did.
    mutating func admitted() { refusals = 0 }
}
