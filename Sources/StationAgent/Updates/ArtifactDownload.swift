// SPDX-License-Identifier: Apache-2.0
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Fetches artifacts from `file:`, `http:` and `https:` addresses into a folder.
///
/// The address need not be trusted: length and hash come from the signed manifest. What has been fetched is kept when the
/// link breaks, and the next attempt asks for the rest (RFC 9110 §14).
public struct ArtifactDownload: Sendable {
    /// The folder.
    public let folder: String
    /// Whether `file:` addresses are read.
    public let allowsFiles: Bool
    /// Seconds without a byte after which an attempt is given up.
    public let idleTimeout: Double

    /// Makes a download.
    public init(folder: String, allowsFiles: Bool = true, idleTimeout: Double = 60) {
        self.folder = folder
        self.allowsFiles = allowsFiles
        self.idleTimeout = idleTimeout
    }

    /// Where a finished artifact stands: named by its hash, never by anything its address says.
    public func path(of artifact: ArtifactDescription) -> String { "\(folder)/\(artifact.sha256.lowercased()).artifact" }

    /// Whether an address is of a kind that can be fetched.
    public func canFetch(_ address: String) -> Bool {
        guard let url = URL(string: address), let scheme = url.scheme?.lowercased() else { return false }
        return scheme == "http" || scheme == "https" || (scheme == "file" && allowsFiles)
    }

    /// Fetches the artifact, from the first of its addresses that has it whole.
    /// - Returns: the path of the checked file.
    /// - Throws: ``UpdateRefusal``: what was wrong with the bytes if any came, else `artifact-unreachable`;
    ///   ``AgentError`` if the disk fails.
    public func fetch(_ artifact: ArtifactDescription) async throws -> String {
        try makeFolder(folder)
        let final = path(of: artifact)
        let partial = final + ".part"
        if fileExists(final) {
            // A file from before a restart is checked again: the disk may have other ideas by now.
            guard rename(final, partial) == 0 else { throw systemError("rename", final) }
        }
        var refusal: UpdateRefusal?
        for address in artifact.addresses where canFetch(address) {
            do {
                try await fetch(artifact, from: address, partial: partial)
                try ArtifactFile(path: partial, artifact: artifact).finish(as: final)
                return final
            } catch let error as UpdateRefusal {
                // What was refused is not a beginning to go on from; what was merely cut short is.
                if error.reason != .artifactUnreachable { try removeFile(partial) }
                if refusal == nil || refusal?.reason == .artifactUnreachable { refusal = error }
            }
        }
        throw refusal ?? UpdateRefusal(.noArtifact, "no address can be fetched")
    }

    private func fetch(_ artifact: ArtifactDescription, from address: String, partial: String) async throws {
        guard let url = URL(string: address) else { throw UpdateRefusal(.artifactUnreachable, "not an address") }
        let file = try ArtifactFile(path: partial, artifact: artifact)
        if file.written == artifact.size { return }
        if url.isFileURL {
            try Self.copy(url.path, to: file)
            return
        }
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: idleTimeout)
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if file.written > 0 { request.setValue("bytes=\(file.written)-", forHTTPHeaderField: "Range") }
        let transfer = HTTPTransfer(file: file)
        try await transfer.run(request, idleTimeout: idleTimeout)
    }

    private static func copy(_ source: String, to file: ArtifactFile) throws {
        let input: FileDescriptor
        do throws(AgentError) { input = try FileDescriptor(source, O_RDONLY) } catch {
            throw UpdateRefusal(.artifactUnreachable, error.text)
        }
        try file.restart()
        var offset = 0
        while true {
            let bytes = try input.read(at: offset, count: 1 << 16)
            if bytes.isEmpty { return }
            try bytes.withUnsafeBytes { try file.write($0) }
            offset += bytes.count
        }
    }
}

/// One HTTP request whose body goes to an ``ArtifactFile``. URLSession calls it on one queue, one call at a time.
private final class HTTPTransfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let file: ArtifactFile
    private let lock = NSLock()
    private var continuation: CheckedContinuation<Void, any Error>?
    private var failure: (any Error)?

    init(file: ArtifactFile) { self.file = file }

    func run(_ request: URLRequest, idleTimeout: Double) async throws {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = idleTimeout
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let task = session.dataTask(with: request)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                lock.withLock { self.continuation = continuation }
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        do {
            guard let response = response as? HTTPURLResponse else { throw UpdateRefusal(.artifactUnreachable) }
            switch response.statusCode {
            case 206: break
            case 200: try file.restart()
            default: throw UpdateRefusal(.artifactUnreachable, "the server answered \(response.statusCode)")
            }
            completionHandler(.allow)
        } catch {
            failure = error
            completionHandler(.cancel)
        }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard failure == nil else { return }
        do { try data.withUnsafeBytes { try file.write($0) } } catch {
            failure = error
            dataTask.cancel()
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let waiting = lock.withLock {
            defer { continuation = nil }
            return continuation
        }
        if let failure {
            waiting?.resume(throwing: failure)
        } else if let error {
            waiting?.resume(throwing: UpdateRefusal(.artifactUnreachable, error.localizedDescription))
        } else {
            waiting?.resume()
        }
    }
}
