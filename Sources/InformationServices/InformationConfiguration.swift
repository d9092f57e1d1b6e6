// SPDX-License-Identifier: Apache-2.0

/// Limits and intervals of information services, in one place.
public struct InformationConfiguration: Sendable {
    /// Seconds between two presences of a twin whose state has not changed.
    public var twinInterval: Duration = .seconds(10)
    /// How long stations may leave probes unanswered after a start before their twins are shown as unknown.
    public var twinSettling: Duration = .seconds(30)
    /// How many twins are shown in one step after a start.
    public var twinsPerStep = 100
    /// Seconds between two writings of the publishers' progress, and two summaries of a station.
    public var progressInterval: Duration = .seconds(10)
    /// How many publishers' progress is written in one step.
    public var progressPerStep = 500
    /// A station that owes a refused report is trusted again this long after the last refusal.
    public var refusalMemory: Duration = .seconds(60)
    /// How long reports are kept at least; nil for ever. The log gives up whole segments.
    public var retention: Duration?
    /// How many bytes the log may have before its oldest segments are given up; nil for any number.
    public var retentionBytes: Int64?
    /// Time between two looks at the age and size of the log.
    public var retentionInterval: Duration = .seconds(60)
    /// How many rows of the log one step of a feed reads at most.
    public var feedPage = 64
    /// How many rows one step reads when few of them match.
    public var scanPage = 512
    /// For a consumer with no more grants than this the log is asked for its stations; for others it is gone through.
    public var stationsMerged = 512
    /// For a consumer with no more grants than this pending items are counted, for others estimated.
    public var stationsCounted = 16
    /// How many items a request for items returns when it does not say.
    public var itemsDefault = 20
    /// How many items, nodes, subscriptions or grants one answer holds at most.
    public var pageLimit = 100
    /// How many bytes the items of one answer have at most, as they are written: a stanza stays below 256 KiB.
    public var itemsBytes = 200 * 1024
    /// How many subscriptions one consumer may have.
    public var subscriptionsPerConsumer = 1000
    /// How far the pending items of a feed are counted.
    public var pendingCount = 10_000

    /// How many bytes of reports wait for a congested link to be delivered to live subscribers, beside what waits in the
    /// link's own queue; beyond it the oldest are dropped.
    public var liveBufferBytes = 64 * 1024 * 1024
    /// An item with which so many links were lost is set aside.
    public var poisonLosses = 3
    /// What was sent longer than this before a loss had no part in it; and a connection that was cut after a longer life
    /// was not cut because of what was sent.
    public var poisonLife: Duration = .seconds(10)
    /// What is suspected is sent alone, and cleared when a ping behind it has come back; so often it is looked whether the
    /// next one may go.
    public var poisonPace: Duration = .milliseconds(250)
    /// How long a link has to live before a connection that is cut says something about what was sent alone.
    public var poisonCalm: Duration = .seconds(1)
    /// How long suspicions last: longer than the link takes to come back (60 s at most), and than consumers pause that ask
    /// now and then.
    public var poisonMemory: Duration = .seconds(3600)
    /// A station of which so many items were set aside within ``poisonMemory`` is suspended, and what else is stored of it
    /// from the first of them on is set aside.
    public var poisonItems = 2

    public init() {}
}
