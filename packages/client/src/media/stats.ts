/**
 * Figures for people out of WebRTC statistics: pure over plain records, two reports apart in time.
 * Source: W3C "Identifiers for WebRTC's Statistics API" (webrtc-stats).
 */
import type { ConnectionInfo, MediaStats, TrackStats } from '../api.ts'

/** One entry of an RTCStatsReport; which fields it has depends on `type`. */
export type StatsRecord = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

/** Statistics at one moment: of one or several peer connections, with ids made unique. */
export interface StatsSample {
  /** Milliseconds, any monotonic clock. */
  readonly atMs: number
  readonly records: ReadonlyMap<string, StatsRecord>
}

/** Whom a stream belongs to, by the id of its record or of its browser track. */
export interface StreamOwner {
  readonly trackId: string
  readonly participantId?: string
}

/** A muted stream still sends a packet of silence now and then: below this it doesn't count as flowing. */
export const IDLE_BPS = 1_000

/** Nothing flows. */
export const NO_STATS: MediaStats = {
  uploadBps: 0,
  downloadBps: 0,
  uploadedStreams: 0,
  downloadedStreams: 0,
  tracks: [],
}

/** Copies a browser's report; `prefix` keeps ids of several connections apart. */
export function sampleOf(
  reports: readonly { readonly prefix: string; readonly report: Iterable<readonly [string, unknown]> }[],
  atMs: number,
): StatsSample {
  const records = new Map<string, StatsRecord>()
  for (const { prefix, report } of reports) {
    for (const [id, record] of report) {
      const fields = record as StatsRecord
      records.set(prefix + id, { ...fields, id: prefix + id, connection: prefix })
    }
  }
  return { atMs, records }
}

/**
 * What flowed between two samples. Totals are those of the transports, headers and retransmissions included; each
 * track's rate is its own payload and headers. The first sample of a pair may be missing: then all rates are 0.
 */
export function summarizeStats(
  previous: StatsSample | undefined,
  current: StatsSample,
  ownerOf: (record: StatsRecord) => StreamOwner | undefined,
): MediaStats {
  const rate = (record: StatsRecord, field: string): number => bitrateBps(previous, current, record, field)
  let [uploadBps, downloadBps, uploadedStreams, downloadedStreams] = [0, 0, 0, 0]
  let rttMs: number | undefined
  for (const pair of selectedPairs(current)) {
    uploadBps += rate(pair, 'bytesSent')
    downloadBps += rate(pair, 'bytesReceived')
    const pairRttMs = millisecondsOf(pair, 'currentRoundTripTime')
    if (pairRttMs !== undefined) rttMs = Math.max(rttMs ?? 0, pairRttMs)
  }
  const tracks: TrackStats[] = []
  for (const record of current.records.values()) {
    const upload = record.type === 'outbound-rtp'
    if (!upload && record.type !== 'inbound-rtp') continue
    const bitrate = rate(record, upload ? 'bytesSent' : 'bytesReceived')
    if (bitrate > IDLE_BPS && upload) uploadedStreams += 1
    if (bitrate > IDLE_BPS && !upload) downloadedStreams += 1
    const owner = ownerOf(record)
    if (owner) tracks.push(trackStats(record, owner, upload, bitrate))
  }
  return {
    uploadBps,
    downloadBps,
    uploadedStreams,
    downloadedStreams,
    tracks,
    ...(rttMs === undefined ? {} : { rttMs }),
  }
}

/** The selected candidate pair of each connection in the sample (RFC 8445 section 8.1.1). */
function selectedPairs(sample: StatsSample): readonly StatsRecord[] {
  const pairs = new Map<string, StatsRecord>()
  for (const record of sample.records.values()) {
    if (record.type !== 'transport') continue
    const pairId = stringOf(record, 'selectedCandidatePairId')
    const pair = pairId && sample.records.get(`${stringOf(record, 'connection') ?? ''}${pairId}`)
    if (pair) pairs.set(pair.id, pair)
  }
  if (pairs.size > 0) return [...pairs.values()]
  // Older Firefox has no transport statistics and marks the pair itself.
  return [...sample.records.values()].filter(
    (record) =>
      record.type === 'candidate-pair' &&
      (record.selected === true || record.nominated === true) &&
      record.state === 'succeeded',
  )
}

/** How media flows, in a sentence: over the first selected pair of the sample. */
export function connectionInfoOf(sample: StatsSample, peerName: string): ConnectionInfo {
  const pair = selectedPairs(sample)[0]
  if (pair === undefined) return { path: 'unknown', description: 'Not connected yet.' }
  const candidateOf = (field: string): StatsRecord | undefined =>
    sample.records.get(`${stringOf(pair, 'connection') ?? ''}${stringOf(pair, field) ?? ''}`)
  const [local, remote] = [candidateOf('localCandidateId'), candidateOf('remoteCandidateId')]
  const relayed = local?.candidateType === 'relay' || remote?.candidateType === 'relay'
  const rttMs = millisecondsOf(pair, 'currentRoundTripTime')
  const protocol = local?.protocol
  return {
    path: relayed ? 'relayed' : 'direct',
    description: relayed
      ? `Relayed: a relay server passes the encrypted media on between you and ${peerName}.`
      : `Direct: media flows between you and ${peerName}, nothing passes the server.`,
    ...(protocol === 'udp' || protocol === 'tcp' ? { protocol } : {}),
    ...(local ? { local: candidateInfo(local) } : {}),
    ...(remote ? { remote: candidateInfo(remote) } : {}),
    ...(rttMs === undefined ? {} : { rttMs }),
  }
}

function candidateInfo(record: StatsRecord): NonNullable<ConnectionInfo['local']> {
  const type = record.candidateType
  const address = stringOf(record, 'address')
  const port = numberOf(record, 'port')
  return {
    type: type === 'srflx' || type === 'prflx' || type === 'relay' ? type : 'host',
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
  }
}

function trackStats(record: StatsRecord, owner: StreamOwner, upload: boolean, bitrate: number): TrackStats {
  const optional = {
    framesDecoded: numberOf(record, 'framesDecoded'),
    framesPerSecond: numberOf(record, 'framesPerSecond'),
    width: numberOf(record, 'frameWidth'),
    height: numberOf(record, 'frameHeight'),
    packetsLost: numberOf(record, 'packetsLost'),
    jitterMs: millisecondsOf(record, 'jitter'),
  }
  const known = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return {
    trackId: owner.trackId,
    ...(owner.participantId === undefined ? {} : { participantId: owner.participantId }),
    kind: record.kind === 'video' ? 'video' : 'audio',
    direction: upload ? 'upload' : 'download',
    bitrateBps: bitrate,
    ...known,
  }
}

function bitrateBps(
  previous: StatsSample | undefined,
  current: StatsSample,
  record: StatsRecord,
  field: string,
): number {
  const before = previous?.records.get(record.id)
  const elapsedMs = previous === undefined ? 0 : current.atMs - previous.atMs
  if (before === undefined || elapsedMs <= 0) return 0
  // A counter that went back belongs to a new stream under an old id.
  const bytes = Math.max(0, (numberOf(record, field) ?? 0) - (numberOf(before, field) ?? 0))
  return Math.round((bytes * 8 * 1000) / elapsedMs)
}

function numberOf(record: StatsRecord, field: string): number | undefined {
  const value = record[field]
  return typeof value === 'number' ? value : undefined
}

function stringOf(record: StatsRecord, field: string): string | undefined {
  const value = record[field]
  return typeof value === 'string' ? value : undefined
}

function millisecondsOf(record: StatsRecord, field: string): number | undefined {
  const seconds = numberOf(record, field)
  return seconds === undefined ? undefined : seconds * 1000
}
