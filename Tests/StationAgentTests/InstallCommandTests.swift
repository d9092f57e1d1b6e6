// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StationAgent

@Suite struct InstallCommandTests {
    @Test func `words go to the program as they stand, without a shell`() async throws {
        let output = try await InstallCommand(["/bin/echo", "$HOME;id", "a{artifact}b", "*"]).run(artifact: "/x y")
        #expect(output == "$HOME;id a/x yb *\n")
    }

    @Test func `a failing command, a missing one and a relative one are told apart`() async throws {
        let failed = await #expect(throws: AgentError.self) { try await InstallCommand(["/bin/sh", "-c", "echo no; exit 3"]).run() }
        #expect(failed?.text.contains("exit code 3") == true)
        #expect(failed?.text.contains("no") == true)
        let missing = await #expect(throws: AgentError.self) { try await InstallCommand(["/no/such/program"]).run() }
        #expect(missing?.code == .installation)
        await #expect(throws: AgentError.self) { try await InstallCommand(["echo"]).run() }
        await #expect(throws: AgentError.self) { try await InstallCommand([]).run() }
    }

    @Test func `a command that takes too long is ended with all that it began`() async throws {
        let clock = ContinuousClock()
        let begun = clock.now
        let error = await #expect(throws: AgentError.self) {
            try await InstallCommand(["/bin/sh", "-c", "sleep 30 & sleep 30"], timeout: .milliseconds(200)).run()
        }
        #expect(error?.text.contains("longer") == true)
        #expect(clock.now - begun < .seconds(25), "the child would have slept for 30")
    }

    @Test func `much output does no harm`() async throws {
        let output = try await InstallCommand(["/usr/bin/head", "-c", "3000000", "/dev/zero"]).run()
        #expect(output.utf8.count == InstallCommand.outputBytes)
    }
}
