// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOPosix
import StationDigest
import Synchronization
import Testing

@testable import StationAgent

/// A web server that knows one file, and ranges of it.
private final class FileServer: Sendable {
    struct State {
        var requests: [String] = []
        var status = 200
        /// Sends so many bytes of the body, then hangs up.
        var cutAfter: Int?
        var ignoresRange = false
    }

    let state = Mutex(State())
    private let channel: any Channel

    final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        let server: FileServer
        let content: [UInt8]
        var text = ""

        init(_ server: FileServer, _ content: [UInt8]) {
            self.server = server
            self.content = content
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard text.contains("\r\n\r\n") else { return }
            let (status, cut, ignoresRange) = server.state.withLock { state in
                state.requests.append(text)
                return (state.status, state.cutAfter, state.ignoresRange)
            }
            var offset = 0
            if !ignoresRange, let range = text.split(separator: "\r\n").first(where: { $0.lowercased().hasPrefix("range: bytes=") }) {
                offset = Int(range.dropFirst("range: bytes=".count).dropLast()) ?? 0
            }
            let body = Array(content.dropFirst(offset))
            let code = status == 200 && offset > 0 ? 206 : status
            let head = "HTTP/1.1 \(code) X\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            context.write(NIOAny(ByteBuffer(string: head)), promise: nil)
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: body.prefix(cut ?? body.count)))).whenComplete { [channel = context.channel] _ in
                channel.close(promise: nil)
            }
        }
    }

    private init(_ channel: any Channel) { self.channel = channel }

    static func start(_ content: [UInt8]) async throws -> FileServer {
        let holder = Mutex<FileServer?>(nil)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                guard let server = holder.withLock({ $0 }) else { return child.eventLoop.makeSucceededVoidFuture() }
                return child.pipeline.addHandler(Handler(server, content))
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = FileServer(channel)
        holder.withLock { $0 = server }
        return server
    }

    var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/artifact" }
    var requests: [String] { state.withLock { $0.requests } }
    func stop() async { try? await channel.close() }
}

@Suite struct ArtifactDownloadTests {
    private let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * 7) }

    private func description(_ addresses: [String], size: Int? = nil) -> ArtifactDescription {
        ArtifactDescription(
            size: Int64(size ?? content.count), sha256: Hex.encode(Digest.sha256(content)), addresses: addresses)
    }

    private func reason(_ body: () async throws -> Void) async -> UpdateRefusal.Reason? {
        do {
            try await body()
            return nil
        } catch { return (error as? UpdateRefusal)?.reason }
    }

    @Test func `over HTTP the file arrives whole, under the name of its hash`() async throws {
        let folder = TemporaryFolder()
        let server = try await FileServer.start(content)
        let path = try await ArtifactDownload(folder: folder.path + "/u").fetch(description([server.address]))
        #expect(FileManager.default.contents(atPath: path).map { Array($0) } == content)
        #expect(folder.names("u") == [Hex.encode(Digest.sha256(content)) + ".artifact"])
        // Once more needs no server.
        await server.stop()
        _ = try await ArtifactDownload(folder: folder.path + "/u").fetch(description([server.address]))
        #expect(server.requests.count == 1)
    }

    @Test func `a download that was cut goes on where it stopped`() async throws {
        let folder = TemporaryFolder()
        let server = try await FileServer.start(content)
        server.state.withLock { $0.cutAfter = 70_000 }
        let download = ArtifactDownload(folder: folder.path)
        #expect(await reason { _ = try await download.fetch(description([server.address])) } == .artifactUnreachable)
        server.state.withLock { $0.cutAfter = nil }
        _ = try await download.fetch(description([server.address]))
        #expect(server.requests.last?.lowercased().contains("range: bytes=70000-") == true)
        await server.stop()
    }

    @Test func `a server that does not know ranges is taken from the beginning`() async throws {
        let folder = TemporaryFolder()
        let server = try await FileServer.start(content)
        server.state.withLock { state in
            state.cutAfter = 70_000
            state.ignoresRange = true
        }
        let download = ArtifactDownload(folder: folder.path)
        #expect(await reason { _ = try await download.fetch(description([server.address])) } == .artifactUnreachable)
        server.state.withLock { $0.cutAfter = nil }
        _ = try await download.fetch(description([server.address]))
        await server.stop()
    }

    @Test func `too long, too short and another hash are told apart, and nothing is left`() async throws {
        let folder = TemporaryFolder()
        let server = try await FileServer.start(content)
        let download = ArtifactDownload(folder: folder.path)
        #expect(
            await reason { _ = try await download.fetch(description([server.address], size: content.count - 1)) }
                == .artifactTooLong)
        #expect(
            await reason { _ = try await download.fetch(description([server.address], size: content.count + 1)) }
                == .artifactTooShort)
        var other = description([server.address])
        other.sha256 = String(repeating: "0", count: 64)
        #expect(await reason { _ = try await download.fetch(other) } == .artifactOtherHash)
        #expect(folder.names() == [])
        await server.stop()
    }

    @Test func `the next address is tried when one fails`() async throws {
        let folder = TemporaryFolder()
        let server = try await FileServer.start(content)
        folder.write("bad", [1, 2, 3])
        let addresses = ["file://\(folder.path)/none", "file://\(folder.path)/bad", server.address]
        _ = try await ArtifactDownload(folder: folder.path + "/u").fetch(description(addresses))
        await server.stop()
    }

    @Test func `a server's error is no artifact, and files can be forbidden`() async throws {
        let folder = TemporaryFolder()
        let server = try await FileServer.start(content)
        server.state.withLock { $0.status = 404 }
        let download = ArtifactDownload(folder: folder.path, allowsFiles: false)
        #expect(await reason { _ = try await download.fetch(description([server.address])) } == .artifactUnreachable)
        #expect(await reason { _ = try await download.fetch(description(["file:///etc/passwd"])) } == .noArtifact)
        #expect(await reason { _ = try await download.fetch(description(["ftp://x/y", "nonsense"])) } == .noArtifact)
        await server.stop()
    }

    @Test func `a finished file that has changed on the disk is not trusted`() async throws {
        let folder = TemporaryFolder()
        folder.write("source", content)
        let download = ArtifactDownload(folder: folder.path + "/u")
        let artifact = description(["file://\(folder.path)/source"])
        let path = try await download.fetch(artifact)
        folder.write("u/" + (path.split(separator: "/").last.map(String.init) ?? ""), [UInt8](repeating: 0, count: content.count))
        let again = await reason { _ = try await download.fetch(artifact) }
        #expect(again == nil || again == .artifactOtherHash)
        if again != nil { _ = try await download.fetch(artifact) }
        #expect(FileManager.default.contents(atPath: path).map { Array($0) } == content)
    }
}
