// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import XMPPTransport

@Suite("The name in a server's certificate")
struct ServerIdentityTests {
    @Test(
        "Names match label by label; a star is one whole first label",
        arguments: [
            ("example.org", "example.org", true), ("EXAMPLE.org", "example.ORG", true),
            ("*.example.org", "a.example.org", true),
            ("*.example.org", "example.org", false), ("*.example.org", "a.b.example.org", false),
            ("*", "localhost", false),
            ("a*.example.org", "ab.example.org", false), ("b.*.org", "b.example.org", false),
            ("*.example.org", ".example.org", false),
            ("", "", false), ("example.org", "example.org.", false), ("127.0.0.1", "127.0.0.2", false),
        ])
    func matches(pattern: String, name: String, isMatch: Bool) {
        #expect(ServerIdentity.matches(Array(pattern.utf8), name: Array(name.utf8)) == isMatch)
    }
}
