// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream
import XMPPCore

/// All kinds of payload of version 1.
public enum Payload {
    /// One line a kind, in the order of a station's life.
    public static let registry: [any PayloadKind.Type] = [
        Engrave.self,
        ChallengePayload.self,
        Prove.self,
        Engraved.self,
        Release.self,
        Released.self,
        Introduce.self,
        Online.self,
        Report.self,
        Update.self,
        UpdateAnswer.self,
        UpdateStatus.self,
        Resume.self,
        Resumed.self,
        Ack.self,
        EnvelopeDocument.self,
        Manifest.self,
        Assignment.self,
    ]

    /// The kind of that name, or nil.
    public static func kind(_ name: String) -> (any PayloadKind.Type)? { registry.first { $0.name == name } }

    /// An element of a kind around a JSON text that is already written, with its signature if it has one.
    public static func element(_ name: XMLName, text: String, signature: PayloadSignature? = nil) -> Element {
        var element = Element(name, elements: [JSONContainer.element(text)])
        if let signature { element.append(signature.element) }
        return element
    }

    /// The JSON Schemas of all kinds, by file name in `Schemas/payloads/`.
    public static func schemaFiles() -> [String: String] {
        var files: [String: String] = [:]
        for kind in registry {
            let schema = kind.shape.schema(
                title: kind.name, id: "\(Namespaces.stationmaster):\(kind.name)", description: kind.summary)
            files["\(kind.name).json"] = schema.prettyPrinted()
        }
        return files
    }
}
