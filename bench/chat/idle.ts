import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ConnectOrder } from './idle-clients.ts'
import { MeasuredServer } from './measured-server.ts'
import { type Kind, kinds, openTeam, send } from './measuring.ts'

interface Share {
  readonly liveKiB: number
  readonly residentKiB: number
}

/** Messages that are stored, each by itself, before anything is measured. */
const storedBefore = 2000

/**
 * Has a server do all that it does but idle, once: threads that start when they are first needed, such as the one that
 * copies SQLite's log, are there before it is measured.
 */
async function warmUp(server: MeasuredServer): Promise<void> {
  const [client] = await server.connect(1)
  if (client === undefined) throw new Error('no client is connected')
  await openTeam(client)
  for (let sent = 0; sent < storedBefore; sent += 1) await send(client)
  client.disconnect()
}

/** Processes that hold the clients: one alone would run out of what a process may have open. */
const clientProcesses = 5

/** Client processes that connect an equal number each. */
class IdleClients implements Disposable {
  readonly #children: readonly ChildProcess[] = Array.from({ length: clientProcesses }, () =>
    fork(new URL('./idle-clients.ts', import.meta.url), [], { execArgv: [] }),
  )

  /** One process after another: how fast connections come is not what is measured. */
  async connect(server: MeasuredServer, count: number): Promise<void> {
    for (const child of this.#children) {
      const order: ConnectOrder = { url: server.url, kind: server.kind, count: count / clientProcesses }
      child.send(order)
      const [answer] = (await once(child, 'message')) as [{ connected: number } | { failed: string }]
      if ('failed' in answer) throw new Error(`the clients could not connect: ${answer.failed}`)
    }
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}

/**
 * Memory of a server per idle connection, beside bare Socket.IO: what is in use after a collection of garbage, and what the
 * process holds resident, of a server that has worked. It is the growth from a fifth of the connections to all of them, so that what a server has once,
 * and what the first connections leave behind, falls out.
 */
export async function compareIdle(connections: number): Promise<unknown> {
  const first = Math.max(1, Math.round(connections / 5 / clientProcesses)) * clientProcesses
  const shares: Partial<Record<Kind, Share>> = {}
  for (const kind of kinds) {
    await using server = await MeasuredServer.start(kind, { exposeGc: true })
    await warmUp(server)
    using clients = new IdleClients()
    await clients.connect(server, first)
    const before = await server.memory()
    await clients.connect(server, connections - first)
    const after = await server.memory()
    const kiBEach = (bytes: number): number => bytes / (connections - first) / 1024
    const share: Share = {
      liveKiB: kiBEach(after.liveBytes - before.liveBytes),
      residentKiB: kiBEach(after.residentBytes - before.residentBytes),
    }
    shares[kind] = share
    console.log(
      `${kind.padEnd(8)} ${share.liveKiB.toFixed(1)} KiB in use, ${share.residentKiB.toFixed(1)} KiB resident per idle connection`,
    )
  }
  const ratioOf = (part: keyof Share): number =>
    (shares.sangam?.[part] ?? Number.NaN) / (shares.bare?.[part] ?? Number.NaN)
  const ratios = { live: ratioOf('liveKiB'), resident: ratioOf('residentKiB') }
  console.log(
    `Sangam ÷ bare: ${ratios.live.toFixed(2)} in use, ${ratios.resident.toFixed(2)} resident  (from ${first} to ${connections} idle connections, bound 1.3)`,
  )
  return { connections, first, shares, ratios }
}
