// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Whose quantity a SenML name names.
///
/// A name is local (`temperature`), or it begins with the station's own name and a colon: the serial (`wx-1:`), or the
/// URN of RFC 9039 §4.3 that ends with it (`urn:dev:ops:32473-Model-wx-1:`). Anything else with a colon is taken for
/// another station's, which only a gateway may speak for.
enum StationNames {
    private static let scheme = "urn:dev:ops:"

    /// The local part of a name of this station; nil for a name of another one.
    static func local(_ name: String, of serial: Serial) -> Substring? {
        guard let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")) else { return name[...] }
        let owner = name[..<colon].lowercased()
        guard owner == serial.folded || isOwnURN(owner, serial) else { return nil }
        return name[name.utf8.index(after: colon)...]
    }

    private static func isOwnURN(_ owner: String, _ serial: Serial) -> Bool {
        guard owner.hasPrefix(scheme) else { return false }
        let body = owner.dropFirst(scheme.count)
        return !body.contains(":") && body.hasSuffix("-" + serial.folded)
    }
}
