// SPDX-License-Identifier: Apache-2.0

extension Updates {
    /// Every move of an update. A station that restarts in the midst may begin again from `downloading`.
    static let table: [JobTransition] = [
        JobTransition("offered", "accepted", "accepted"),
        JobTransition("offered", "deferred", "deferred"),
        JobTransition("offered", "refused", "refused"),
        JobTransition("offered", "unsupported", "refused"),
        JobTransition("offered", "downloading", "downloading"),
        JobTransition("offered", "deadline", "expired"),
        JobTransition("offered", "cancel", "cancelled"),

        JobTransition("deferred", "accepted", "accepted"),
        JobTransition("deferred", "deferred", "deferred"),
        JobTransition("deferred", "refused", "refused"),
        JobTransition("deferred", "downloading", "downloading"),
        JobTransition("deferred", "deadline", "expired"),
        JobTransition("deferred", "cancel", "cancelled"),

        JobTransition("accepted", "deferred", "deferred"),
        JobTransition("accepted", "refused", "refused"),
        JobTransition("accepted", "downloading", "downloading"),
        JobTransition("accepted", "failed", "failed"),
        JobTransition("accepted", "deadline", "expired"),
        JobTransition("accepted", "cancel", "cancelled"),

        JobTransition("downloading", "installing", "installing"),
        JobTransition("downloading", "failed", "failed"),
        JobTransition("downloading", "deadline", "failed"),
        JobTransition("downloading", "cancel", "cancelled"),

        JobTransition("installing", "restarting", "restarting"),
        JobTransition("installing", "downloading", "downloading"),
        JobTransition("installing", "failed", "failed"),
        JobTransition("installing", "rolledBack", "rolledBack"),
        JobTransition("installing", "deadline", "failed"),
        JobTransition("installing", "cancel", "cancelled"),

        JobTransition("restarting", "completed", "completed"),
        JobTransition("restarting", "downloading", "downloading"),
        JobTransition("restarting", "failed", "failed"),
        JobTransition("restarting", "rolledBack", "rolledBack"),
        JobTransition("restarting", "deadline", "failed"),
        JobTransition("restarting", "cancel", "cancelled"),
    ]
}
