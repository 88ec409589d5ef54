/**
 * What data channels carry: two Chromium windows, one channel through the engine, beside the same bytes over a channel
 * straight from window to window in the same run. And what one association carries on a lossy link, on a virtual clock.
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createWorker, type types } from '@sangam/sfu'
import { RELIABLE, VirtualLink } from '../packages/sfu/test/worker/sctp/virtual-link.ts'
import { TestBrowser } from '../test/harness/chromium.ts'
import { DataPeer } from '../test/harness/data-peer.ts'

export const description =
  'MB/s of a data channel through the engine, beside one from window to window, and under loss'

const PORT = 48_600
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
  readonly cpuMsPerMB: number
}

/** Runs everything. `--megabytes 20` says how much each row sends, `--skip-chromium` leaves the windows out. */
export async function run(args: readonly string[]): Promise<{ chromium: ChromiumRow[]; loss: LossRow[] }> {
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
    [100, 0],
    [100, 0.01],
  ].map(([roundTripMs = 0, lossShare = 0]) => lossRow(roundTripMs, lossShare, 16_384, bytes))
  console.log('One association on a virtual clock:')
  console.table(
    loss.map((row) => ({ ...row, MBps: row.MBps.toFixed(2), cpuMsPerMB: row.cpuMsPerMB.toFixed(1) })),
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
  return { chromium, loss }
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
  return {
    roundTripMs,
    lossShare,
    messageBytes,
    MBps: megabytes / ((link.nowMs - startMs) / 1000),
    cpuMsPerMB: (user + system) / 1000 / megabytes,
  }
}
