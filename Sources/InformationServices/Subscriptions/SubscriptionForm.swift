// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// The form of subscription options (XEP-0060 §6.3), both ways.
extension SubscriptionOptions {
    static let deliver = "pubsub#deliver"
    static let modeName = "stationmaster#mode"
    static let windowName = "stationmaster#window"

    /// The form to be filled in, with what holds now.
    var form: DataForm {
        DataForm(
            .form, formType: Namespaces.pubsubSubscribeOptions, title: "Subscription options",
            fields: [
                DataForm.Field(
                    Self.deliver, .boolean, label: "Deliver anything at all", values: [delivers ? "1" : "0"]),
                DataForm.Field(
                    Self.modeName, .listSingle, label: "How items are delivered", values: [mode.rawValue],
                    options: [
                        DataForm.Field.Option("live", label: "Headlines, at most once"),
                        DataForm.Field.Option("feed", label: "A feed with acknowledgements, at least once"),
                    ]),
                DataForm.Field(
                    Self.windowName, .textSingle, label: "Unacknowledged items of a feed, 1 to 1000",
                    values: [String(window)]),
            ])
    }

    /// These options with what a filled-in form says; fields that it leaves out stay as they are.
    ///
    /// - Throws: `bad-request` with `invalid-options` (XEP-0060 §6.3.7).
    func changed(by form: DataForm) throws(StanzaError) -> SubscriptionOptions {
        guard form.kind == .submit else { throw Self.invalid("the form is not filled in") }
        if let type = form.formType, type != Namespaces.pubsubSubscribeOptions {
            throw Self.invalid("FORM_TYPE is not \(Namespaces.pubsubSubscribeOptions)")
        }
        var options = self
        for field in form.fields {
            guard let variable = field.variable, variable != "FORM_TYPE" else { continue }
            try options.set(variable, to: field, in: form)
        }
        return options
    }

    private mutating func set(_ variable: String, to field: DataForm.Field, in form: DataForm) throws(StanzaError) {
        guard field.values.count == 1, let value = field.values.first else {
            throw Self.invalid("an option has exactly one value")
        }
        switch variable {
        case Self.deliver:
            guard let delivers = form.bool(variable) else { throw Self.invalid("\(variable) is 0 or 1") }
            self.delivers = delivers
        case Self.modeName:
            guard let mode = DeliveryMode(rawValue: value) else { throw Self.invalid("\(variable) is live or feed") }
            self.mode = mode
        case Self.windowName:
            guard let window = Int(value), Self.windows.contains(window) else {
                throw Self.invalid("\(variable) is a number from 1 to 1000")
            }
            self.window = window
        default:
            throw Self.invalid("an option that the service does not know")
        }
    }

    private static func invalid(_ text: String) -> StanzaError {
        PubSub.error(.badRequest, text, "invalid-options")
    }
}
