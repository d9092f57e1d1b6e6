// SPDX-License-Identifier: Apache-2.0
import XMPPCore
import XMPPTransport

/// What in a ``ComponentConfiguration`` cannot work, and why.
public struct ComponentConfigurationFault: Error, Hashable, Sendable {
    /// What has to be changed.
    public enum Part: Hashable, Sendable {
        case domain, secret, host, port, socket, trustRoots, serverName
    }

    /// What has to be changed.
    public let part: Part
    /// As ``ComponentLink/run()`` throws it.
    public let error: ComponentError
}

extension ComponentConfiguration {
    /// Throws what can be known to be wrong before connecting.
    public func check() throws(ComponentConfigurationFault) {
        func fault(_ part: ComponentConfigurationFault.Part, _ sentence: String) -> ComponentConfigurationFault {
            ComponentConfigurationFault(part: part, error: ComponentError(.configuration, sentence))
        }
        guard let jid = try? JID(domain), jid.isDomain else {
            throw fault(.domain, "\(LogText.safe(domain)) is no domain")
        }
        guard !secret.isEmpty else { throw fault(.secret, "the secret for \(domain) is empty") }
        switch address {
        case .host(let host, let port):
            guard (1...65_535).contains(port) else { throw fault(.port, "\(port) is no port") }
            if needsLoopback, Loopback.contains(literal: host) == false {
                throw ComponentConfigurationFault(part: .host, error: loopbackOnly)
            }
        case .unixSocket(let path):
            guard path.hasPrefix("/"), path.utf8.count <= ComponentServerAddress.longestPath, !path.utf8.contains(0)
            else {
                throw fault(
                    .socket,
                    "\(LogText.safe(path)) is no absolute path of at most \(ComponentServerAddress.longestPath) bytes")
            }
            if case .tls(_, nil) = security {
                throw fault(.serverName, "TLS over \(address) needs the name of the server")
            }
        }
        guard case .tls(let trustRoots, _) = security else { return }
        do throws(TLSError) { _ = try TLSContexts.shared.context(for: TLSPlan(trustRoots: trustRoots)) } catch {
            throw fault(.trustRoots, error.sentence)
        }
    }
}
