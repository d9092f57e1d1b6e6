// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import XMPPCore

extension CoreContext {
    /// Writes an alarm to the log and the station's timeline, also when the request that it is about is refused.
    ///
    /// The log is for ever and anybody can be refused a thousand times a second, so the same alarm is written once, and
    /// then once a minute with how often it was raised.
    func alarm(_ serial: Serial, _ text: String, from: JID) {
        raise { context in
            let key = AlarmSilence.Key(serial: serial, text: text)
            guard context.silence.begins(key) else { return }
            try context.write(key, from: from, text)
        }
    }

    private func write(_ key: AlarmSilence.Key, from: JID, _ text: String) throws {
        try audit(
            actor: from.description, action: "alarm", subject: key.serial.description,
            detail: .object([.init("text", .string(text))]))
        journal(key.serial, .identity, "alarm: \(text)", detail: from.description)
        emit(.finding(serial: key.serial, text: text))
        later(milliseconds: AlarmSilence.milliseconds) { context in
            let others = context.silence.takeOthers()
            if others > 0 {
                try context.audit(
                    actor: from.domain, action: "alarm", subject: "",
                    detail: .object([.init("text", .string("\(others) alarms of other kinds were only counted"))]))
            }
            let count = context.silence.takeCount(key)
            if count > 0 { try context.write(key, from: from, "\(key.text) (\(count) more within a minute)") }
        }
    }
}
