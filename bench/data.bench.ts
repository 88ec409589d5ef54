/**
 * What data channels carry. On a lossy link: one association on a virtual clock, beside a TCP connection (RFC 6582) on the same
 * link; and two engines with a relay between them that delays and loses, beside the same TCP. And two Chromium windows, one
 * channel through the engine, beside the same bytes over a channel straight from window to window.
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createWorker, type types } from '@sangam/sfu'
import { Bottleneck, SeededRandom, TcpFlow, VirtualTime } from '@sangam/testkit/network'
import { RELIABLE, VirtualLink } from '../packages/sfu/test/worker/sctp/virtual-link.ts'
import { TestBrowser } from '../test/harness/chromium.ts'
import { DataPeer } from '../test/harness/data-peer.ts'
import { DelayRelay } from './delay-relay.ts'

export const description =
  'MB/s of a data channel through the engine, beside one from window to window; under delay and loss beside TCP'

// Below the range that Linux takes ports of outgoing connections from.
const PORT = 19_200
const MEGABYTE = 1_000_000
const POLL_MS = 50
// Room for all that a row sends: an engine forwards, and can't make a sender wait for a slower receiver.
const SCTP = { enableSctp: true, sctpSendBufferSize: 256_000_000, sctpPerStreamSendQueueLimit: 256_000_000 }
const LIMIT_MS = 60_000

interface ChromiumRow {
  readonly messageBytes: number
  readonly engineMBps: number
  readonly directMBps: number
  /** Engine through direct: above 1 the engine is faster. */
  readonly ratio: number
  /** CPU of the worker process. */
  readonly workerMsPerMB: number
}

interface LossRow {
  readonly roundTripMs: number
  readonly lossShare: number
  readonly messageBytes: number
  readonly MBps: number
  /** A TCP connection on the same link. */
  readonly tcpMBps: number
  /** Above 1 the association is faster. */
  readonly ratio: number
  readonly cpuMsPerMB: number
}

/** From engine to engine through a relay in real time. */
type RelayRow = Omit<LossRow, 'cpuMsPerMB'>

/** Runs everything. `--megabytes 20` says how much each row sends, `--skip-chromium` leaves the windows out. */
export async function run(
  args: readonly string[],
): Promise<{ chromium: ChromiumRow[]; loss: LossRow[]; relay: RelayRow[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      megabytes: { type: 'string', default: '20' },
      'skip-chromium': { type: 'boolean', default: false },
    },
  })
  const bytes = Number(values.megabytes) * MEGABYTE
  const loss = [
    [2, 0],
    [20, 0],
    [20, 0.01],
    [40, 0.01],
    [100, 0],
    [100, 0.01],
  ].map(([roundTripMs = 0, lossShare = 0]) => lossRow(roundTripMs, lossShare, 16_384, bytes))
  console.log('One association on a virtual clock:')
  console.table(
    loss.map((row) => ({
      ...row,
      MBps: row.MBps.toFixed(2),
      tcpMBps: row.tcpMBps.toFixed(2),
      ratio: row.ratio.toFixed(1),
      cpuMsPerMB: row.cpuMsPerMB.toFixed(1),
    })),
  )
  const relay: RelayRow[] = []
  for (const roundTripMs of [20, 40]) relay.push(await relayRow(roundTripMs, 0.01, 16_384, bytes / 2))
  console.log('From engine to engine through a relay:')
  console.table(
    relay.map((row) => ({
      ...row,
      MBps: row.MBps.toFixed(2),
      tcpMBps: row.tcpMBps.toFixed(2),
      ratio: row.ratio.toFixed(1),
    })),
  )
  const chromium = values['skip-chromium'] ? [] : await chromiumRows(bytes)
  console.table(
    chromium.map((row) => ({
      'message bytes': row.messageBytes,
      'engine MB/s': row.engineMBps.toFixed(1),
      'window to window MB/s': row.directMBps.toFixed(1),
      'engine / direct': row.ratio.toFixed(2),
      'worker CPU ms/MB': row.workerMsPerMB.toFixed(1),
    })),
  )
  return { chromium, loss, relay }
}

async function chromiumRows(bytes: number): Promise<ChromiumRow[]> {
  const worker = await createWorker()
  const browser = await TestBrowser.launch()
  try {
    const router = await worker.createRouter()
    const options = {
      listenInfos: [
        {
          protocol: 'udp' as const,
          ip: '127.0.0.1',
          port: PORT,
          sendBufferSize: 4_000_000,
          recvBufferSize: 4_000_000,
        },
      ],
    }
    const webRtcServer = await worker.createWebRtcServer(options)
    const [sender, receiver] = [
      await DataPeer.start(browser, router, { webRtcServer, ...SCTP }),
      await DataPeer.start(browser, router, { webRtcServer, ...SCTP }),
    ]
    const producer = await sender.produce('bench')
    const consumer = await receiver.consume(producer)
    await connectDirectly(sender, receiver)
    const rows: ChromiumRow[] = []
    for (const messageBytes of [1024, 16_384, 262_144]) {
      const count = Math.ceil(bytes / messageBytes)
      const cpuBefore = await cpuMs(worker)
      const engine = await timed(receiver, consumer.id, count, () =>
        sender.page.evaluate(([id, size, n]) => window.dataPage.flood(id, size, n), [
          producer.id,
          messageBytes,
          count,
        ] as const),
      )
      const workerMs = (await cpuMs(worker)) - cpuBefore
      const direct = await timed(receiver, 'direct', count, () =>
        sender.page.evaluate(([size, n]) => window.dataPage.floodDirect(size, n), [
          messageBytes,
          count,
        ] as const),
      )
      rows.push({
        messageBytes,
        engineMBps: engine,
        directMBps: direct,
        ratio: engine / direct,
        workerMsPerMB: workerMs / ((count * messageBytes) / MEGABYTE),
      })
    }
    return rows
  } finally {
    await browser.close()
    worker.close()
    if (!worker.subprocessClosed) await once(worker, 'subprocessclose')
  }
}

async function connectDirectly(from: DataPeer, to: DataPeer): Promise<void> {
  const offer = await from.page.evaluate(() => window.dataPage.offerDirect())
  const answer = await to.page.evaluate((sdp) => window.dataPage.answerDirect(sdp), offer)
  await from.page.evaluate((sdp) => window.dataPage.acceptDirect(sdp), answer)
}

/** @returns MB/s between the first and the last of `count` messages; throws if they don't all come */
async function timed(
  receiver: DataPeer,
  id: string,
  count: number,
  send: () => Promise<void>,
): Promise<number> {
  await receiver.page.evaluate((inbox) => window.dataPage.forget(inbox), id)
  await send()
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += POLL_MS) {
    const got = await receiver.page
      .evaluate((inbox) => window.dataPage.received(inbox), id)
      .catch(() => undefined)
    if (got !== undefined && got.count >= count) return got.bytes / MEGABYTE / (got.ms / 1000)
    await wait(POLL_MS)
  }
  throw new Error(`not all of ${count} messages arrived`)
}

async function cpuMs(worker: types.Worker): Promise<number> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage()
  return ru_utime + ru_stime
}

function lossRow(roundTripMs: number, lossShare: number, messageBytes: number, bytes: number): LossRow {
  const link = new VirtualLink({ delayMs: roundTripMs / 2, lossShare }, 42)
  link.connect()
  const [from, to] = link.ends
  const message = new Uint8Array(messageBytes).fill(0x55)
  const count = Math.ceil(bytes / messageBytes)
  let sent = 0
  const startMs = link.nowMs
  const cpuBefore = process.cpuUsage()
  const done = (): boolean => {
    while (sent < count && from.association.bufferedBytes < MEGABYTE) {
      from.association.send(1, 53, message, RELIABLE, link.nowMs)
      sent++
    }
    const { received } = to
    return received.length === count
  }
  if (!link.run(done, 3_600_000)) throw new Error('the messages did not arrive within an hour')
  const { user, system } = process.cpuUsage(cpuBefore)
  const megabytes = (count * messageBytes) / MEGABYTE
  const MBps = megabytes / ((link.nowMs - startMs) / 1000)
  const tcpMBps = tcpMBpsOn(roundTripMs, lossShare, bytes)
  return {
    roundTripMs,
    lossShare,
    messageBytes,
    MBps,
    tcpMBps,
    ratio: MBps / tcpMBps,
    cpuMsPerMB: (user + system) / 1000 / megabytes,
  }
}

/** A TCP connection alone on a link with this round trip and loss, and more capacity than it can use. */
function tcpMBpsOn(roundTripMs: number, lossShare: number, bytes: number): number {
  const time = new VirtualTime()
  const rates = [{ fromSeconds: 0, bps: 1e9 }]
  const link = new Bottleneck(time, new SeededRandom(42), { rates, queueMs: 100, jitterMs: 0, lossShare })
  let doneUs = 0
  new TcpFlow(time, link, roundTripMs / 2, bytes, () => {
    doneUs = time.nowUs
  }).start()
  while (doneUs === 0) time.runUntil(time.nowUs + 1e6)
  return bytes / MEGABYTE / (doneUs / 1e6)
}

async function relayRow(
  roundTripMs: number,
  lossShare: number,
  messageBytes: number,
  bytes: number,
): Promise<RelayRow> {
  const workers = [await createWorker(), await createWorker()] as const
  const relay = await DelayRelay.open(roundTripMs / 2, lossShare)
  try {
    const [from, to] = [await workers[0].createRouter(), await workers[1].createRouter()]
    const options = { listenInfo: { protocol: 'udp', ip: '127.0.0.1' }, ...SCTP } as const
    const [near, far] = [await from.createPlainTransport(options), await to.createPlainTransport(options)]
    relay.join(near.tuple.localPort, far.tuple.localPort)
    const connected = new Promise<void>((resolve) => {
      near.observer.on('sctpstatechange', (state) => {
        if (state === 'connected') resolve()
      })
    })
    await near.connect({ ip: '127.0.0.1', port: relay.ports[0] })
    await far.connect({ ip: '127.0.0.1', port: relay.ports[1] })
    await connected
    const source = await (await from.createDirectTransport()).produceData()
    const { sctpStreamParameters } = await near.consumeData({ dataProducerId: source.id })
    if (sctpStreamParameters === undefined) throw new Error('no stream')
    const copy = await far.produceData({ sctpStreamParameters })
    const sink = await (await to.createDirectTransport()).consumeData({ dataProducerId: copy.id })
    const message = Buffer.alloc(messageBytes, 0x55)
    const count = Math.ceil(bytes / messageBytes)
    const arrived = new Promise<void>((resolve) => {
      let received = 0
      sink.on('message', () => {
        if (++received === count) resolve()
      })
    })
    const startMs = performance.now()
    for (let i = 0; i < count; i++) source.send(message)
    await arrived
    const MBps = (count * messageBytes) / MEGABYTE / ((performance.now() - startMs) / 1000)
    const tcpMBps = tcpMBpsOn(roundTripMs, lossShare, bytes)
    return { roundTripMs, lossShare, messageBytes, MBps, tcpMBps, ratio: MBps / tcpMBps }
  } finally {
    relay.close()
    for (const worker of workers) worker.close()
  }
}
