// SPDX-License-Identifier: Apache-2.0

extension Transcript {
    /// What has happened to a station that is engraved when a play begins: UC007-1 without its refusals.
    static func engraving(of serial: String) throws -> Transcript {
        try Transcript(
            name: "engraving of \(serial)",
            text: """
                # A station is engraved
                [Unit] \(serial.lowercased())@factory.localhost/unit
                ---------
                The operator: batch.open {"name":"batch of \(serial)","serials":["\(serial)"],"model":"WX1","hours":8}
                Unit sends:
                    \(request("engrave", #"{"serial":"\#(serial)","model":"WX1","hardware":"rev-b","publicKey":"{key of \#(serial)}"}"#))
                Unit receives exactly:
                    \(result("challenge", #"{"message":"{first}","expires":"…"}"#))
                Unit sends:
                    \(request("prove", #"{"message":"{first}","signature":"{sign(first) by \#(serial)}"}"#))
                Unit receives exactly:
                    \(result("engraved", #"{"serial":"\#(serial)","certificates":["{certificate}","{maker}"],"receipt":"…"}"#))
                Unit sends:
                    \(request("release", #"{"serial":"\#(serial)","certificate":"{sha256(certificate)}"}"#))
                Unit receives exactly:
                    \(result("released", #"{"serial":"\#(serial)"}"#))
                """)
    }

    /// The same of one that is installed: UC007-2 without its refusals.
    static func installation(of serial: String, as member: Member) throws -> Transcript {
        try Transcript(
            name: "installation of \(serial)",
            text: """
                # A station is introduced and logs in
                [Newcomer] \(serial.lowercased())@onboarding.localhost/agent   [Station] \(member.address)
                ---------
                The operator: station.announce {"serials":["\(serial)"]}
                Newcomer sends:
                    \(request("introduce", #"{"serial":"\#(serial)","firmware":{"version":"1.0","sequence":1},"certificates":["{certificate of \#(serial)}","{certificate of the maker}"]}"#))
                Newcomer receives exactly:
                    \(result("challenge", #"{"message":"{second}","expires":"…"}"#))
                Newcomer sends:
                    \(request("prove", #"{"message":"{second}","signature":"{sign(second) by \#(serial)}","csr":"{csr of \#(serial)}"}"#))
                Newcomer receives exactly:
                    \(result("online", #"{"serial":"\#(serial)","…":"…"}"#))
                Station sends:
                    <presence to='devices.localhost'/>
                Station sends:
                    \(request("introduce", #"{"serial":"\#(serial)","firmware":{"version":"1.0","sequence":1},"certificates":[]}"#))
                Station receives:
                    \(result("online", #"{"serial":"\#(serial)","…":"…"}"#))
                Station receives:
                    <presence type='subscribe' from='devices.localhost' to='\(member.bare)'/>
                Station sends:
                    <presence type='subscribed' from='\(member.bare)' to='devices.localhost'/>
                """)
    }

    private static func request(_ kind: String, _ json: String) -> String {
        "<iq type='set' id='\(kind)' to='devices.localhost'>\(payload(kind, json))</iq>"
    }

    private static func result(_ kind: String, _ json: String) -> String {
        "<iq type='result' id='…' from='devices.localhost' to='…'>\(payload(kind, json))</iq>"
    }

    private static func payload(_ kind: String, _ json: String) -> String {
        "<\(kind) xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>\(json)</json></\(kind)>"
    }
}
