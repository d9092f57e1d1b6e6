// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import XMPPCore

extension CoreContext {
    /// Writes an alarm to the log and the station's timeline, also when the request that it is about is refused.
    func alarm(_ serial: Serial, _ text: String, from: JID) {
        raise { context in
            try context.audit(
                actor: from.description, action: "alarm", subject: serial.description,
                detail: .object([.init("text", .string(text))]))
            context.journal(serial, .identity, "alarm: \(text)", detail: from.description)
            context.emit(.finding(serial: serial, text: text))
        }
    }
}
