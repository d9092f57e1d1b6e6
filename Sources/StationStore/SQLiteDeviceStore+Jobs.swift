// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import GRDB
import StationModel

extension SQLiteDeviceStore {
    func insert(_ job: JobRecord) throws {
        try change(
            "INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                job.id, job.kind, job.serial.folded, job.state, job.payload, job.detail, job.created.milliseconds,
                job.updated.milliseconds, job.deadline.milliseconds, job.isEnded,
            ])
    }

    func update(_ job: JobRecord) throws {
        try change(
            "UPDATE job SET state = ?, detail = ?, updated_ms = ?, is_ended = ? WHERE id = ?",
            [job.state, job.detail, job.updated.milliseconds, job.isEnded, job.id])
    }

    func job(_ id: String) throws -> JobRecord? {
        try jobs("WHERE id = ?", [id]).first
    }

    func openJobs(of serial: Serial) throws -> [JobRecord] {
        try jobs("WHERE serial = ? AND is_ended = 0 ORDER BY created_ms, id", [serial.folded])
    }

    func jobs(of serial: Serial?, kind: String, behind job: JobRecord?, limit: Int) throws -> [JobRecord] {
        // With a serial, the index of serials is the one to begin at: a plus keeps the other column out of it.
        var conditions = [serial == nil ? "kind = ?" : "+kind = ?"]
        var arguments: StatementArguments = [kind]
        if let serial {
            conditions.append("serial = ?")
            arguments += [serial.folded]
        }
        if let job {
            let created = job.created.milliseconds
            // The first of the two is what the index can begin at.
            conditions.append("created_ms <= ? AND (created_ms < ? OR id > ?)")
            arguments += [created, created, job.id]
        }
        arguments += [limit]
        return try jobs(
            "WHERE \(conditions.joined(separator: " AND ")) ORDER BY created_ms DESC, id LIMIT ?", arguments)
    }

    private func jobs(_ clause: String, _ arguments: StatementArguments) throws -> [JobRecord] {
        try rows(
            """
            SELECT job.*, coalesce((SELECT spelling FROM station s WHERE s.serial = job.serial), job.serial) AS spelling
            FROM job \(clause)
            """, arguments
        ).map { row in
            JobRecord(
                id: try row.value("id"), kind: try row.value("kind"), serial: try Self.serial(try row.value("spelling")),
                state: try row.value("state"), payload: try row.value("payload"), detail: try row.value("detail"), created: Timestamp(milliseconds: try row.value("created_ms")),
                updated: Timestamp(milliseconds: try row.value("updated_ms")),
                deadline: Timestamp(milliseconds: try row.value("deadline_ms")), isEnded: try row.value("is_ended"))
        }
    }
}
