// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationProtocol

extension Updates {
    /// The job's payload as it stands in the store.
    struct Payload {
        let manifest: EnvelopeDocument
        let nonce: [UInt8]
        let notBefore: Double
        let deadline: Double

        init(manifest: EnvelopeDocument, nonce: [UInt8], notBefore: Double, deadline: Double) {
            self.manifest = manifest
            self.nonce = nonce
            self.notBefore = notBefore
            self.deadline = deadline
        }

        init(text: String) throws {
            let root = try JSONDocument(text).root
            manifest = try EnvelopeDocument(json: root.require("manifest"))
            nonce = Base64URL.decode(try root.require("nonce").requireString()) ?? []
            notBefore = try root.require("notBefore").requireDouble()
            deadline = try root.require("deadline").requireDouble()
        }

        var json: JSON {
            .object([
                .init("manifest", manifest.json), .init("nonce", .string(Base64URL.encode(nonce))),
                .init("notBefore", .number(notBefore)), .init("deadline", .number(deadline)),
            ])
        }
    }
}
