// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a command without a shell: its words go to the program as they stand.
///
/// It gets a process group of its own, nothing on standard input, and a time limit; when that is over the group is asked
/// to end, and killed five seconds later.
public struct InstallCommand: Hashable, Sendable {
    /// The program and its words; `{artifact}` stands for the artifact's path.
    public let words: [String]
    /// The time limit.
    public let timeout: Duration
    /// Bytes of output that are kept.
    public static let outputBytes = 4096

    /// Makes a command.
    public init(_ words: [String], timeout: Duration = .seconds(600)) {
        self.words = words
        self.timeout = timeout
    }

    /// Runs it to its end.
    /// - Parameter artifact: replaces `{artifact}` in every word.
    /// - Returns: the beginning of what it printed.
    public func run(artifact: String = "") async throws(AgentError) -> String {
        let words = words.map { $0.replacing("{artifact}", with: artifact) }
        guard let program = words.first, program.hasPrefix("/") else {
            throw AgentError(.installation, "the command must begin with an absolute path")
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw systemError("pipe for", program, .installation) }
        defer { close(ends[0]) }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let child: pid_t
        do throws(AgentError) {
            child = try Self.spawn(program, words, output: ends[1])
        } catch {
            close(ends[1])
            throw error
        }
        close(ends[1])
        return try await wait(for: child, output: ends[0], program: program)
    }

    private static func spawn(_ program: String, _ words: [String], output: Int32) throws(AgentError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Sockets and key files of the agent are none of the command's business.
        closeOnExec()
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, program, &actions, &attributes, arguments, environ)
        guard status == 0 else {
            throw AgentError(.installation, "\(program): \(String(cString: strerror(status)))")
        }
        return child
    }

    private func wait(for child: pid_t, output: Int32, program: String) async throws(AgentError) -> String {
        let clock = ContinuousClock()
        let start = clock.now
        var askedAt: ContinuousClock.Instant?
        var printed: [UInt8] = []
        while true {
            Self.drain(output, into: &printed)
            var status: Int32 = 0
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child || (ended < 0 && errno != EINTR) {
                Self.drain(output, into: &printed)
                let text = String(decoding: printed, as: UTF8.self)
                if askedAt != nil { throw AgentError(.installation, "\(program) took longer than \(timeout)") }
                guard ended == child, status == 0 else {
                    throw AgentError(.installation, "\(program) ended with \(Self.words(for: status)): \(text.prefix(200))")
                }
                return text
            }
            let now = clock.now
            if let asked = askedAt {
                if now - asked > .seconds(5) { kill(-child, SIGKILL) }
            } else if now - start > timeout || Task.isCancelled {
                kill(-child, SIGTERM)
                askedAt = now
            }
            // A cancelled task does not sleep; the child still has to be waited for, so the wait is a short poll.
            if (try? await clock.sleep(for: .milliseconds(20))) == nil { usleep(20_000) }
        }
    }

    private static func drain(_ descriptor: Int32, into printed: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { return }
            printed.append(contentsOf: buffer.prefix(min(count, max(0, outputBytes - printed.count))))
        }
    }

    private static func words(for status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit code \((status >> 8) & 0xFF)" : "signal \(signal)"
    }
}
